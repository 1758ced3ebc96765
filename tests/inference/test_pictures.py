import itertools
from typing import Any

import numpy as np
import pytest
import torch
from hypothesis import given, settings
from hypothesis import strategies as st

from tests.engine_toys import samples
from tests.strip_toys import noise
from translate.errors import DataError
from translate.images import Encoding
from translate.inference.pictures import Canvas, Picture, Samples, TurnedCanvas, Values

PHOTO = Encoding()
LABELS = Encoding(kind="labels", channels=2, classes=((0, 0, 0), (255, 0, 0)))


def fill(canvas: Canvas, picture: Picture, cuts: list[int]) -> Any:
    """Write a picture's own rows, in pieces."""
    edges = [0, *sorted({cut % picture.height for cut in cuts} - {0}), picture.height]
    for top, bottom in itertools.pairwise(edges):
        canvas.write(top, picture.read(top, bottom))
    return canvas.content


@settings(max_examples=30, deadline=None)
@given(
    st.integers(1, 12),
    st.integers(1, 12),
    st.sampled_from([np.uint8, np.uint16]),
    st.lists(st.integers(0, 11), max_size=3),
)
def test_bytes_read_and_written_in_any_pieces_are_the_same(
    height: int, width: int, dtype: type, cuts: list[int]
) -> None:
    picture = samples(height, width, dtype)

    again = fill(picture.canvas(), picture, cuts)
    turned = picture.turned()
    sideways = fill(TurnedCanvas(turned.canvas()), turned, cuts)

    assert again.dtype == sideways.dtype == dtype
    assert np.array_equal(again, picture.samples)
    assert np.array_equal(sideways, picture.samples)
    assert sideways.flags.c_contiguous


@pytest.mark.parametrize("dtype", [torch.float32, torch.float64, torch.float16])
@pytest.mark.parametrize("cuts", [[], [3, 7]])
def test_floats_read_and_written_in_any_pieces_are_the_same(
    dtype: torch.dtype, cuts: list[int]
) -> None:
    picture = Values(noise(5, 9, 4).to(dtype))

    again = fill(picture.canvas(), picture, cuts)
    turned = picture.turned()
    sideways = fill(TurnedCanvas(turned.canvas()), turned, [cut % 4 for cut in cuts])

    for each in (again, sideways):
        assert each.dtype == dtype
        assert torch.allclose(each, picture.values, atol=1e-7)  # float32 on the way
        assert each.is_contiguous()


def test_what_is_read_may_be_changed_and_the_picture_stays() -> None:
    floats, whole = Values(noise(3, 5, 4)), samples(5, 4)

    floats.read(0, 5).zero_()
    whole.read(0, 5).zero_()

    assert torch.equal(floats.values, noise(3, 5, 4))
    assert np.array_equal(whole.samples, samples(5, 4).samples)


def test_rows_come_in_minus_one_to_one_worked_out_by_hand() -> None:
    pixels = np.array([[[0, 51, 255]], [[255, 255, 255]]], np.uint8)

    rows = Samples(pixels, PHOTO, PHOTO, 8, "it").read(0, 1)

    assert rows.shape == (3, 1, 1)
    assert rows.flatten().tolist() == pytest.approx([-1.0, -0.6, 1.0])


def test_height_and_width_change_places_when_a_picture_is_turned() -> None:
    for picture in (samples(5, 9), Values(noise(3, 5, 9))):
        turned = picture.turned()
        assert (picture.height, picture.width) == (5, 9)
        assert (turned.height, turned.width) == (9, 5)
        assert turned.is_fine == picture.is_fine
        assert torch.equal(turned.read(2, 3)[:, 0], picture.read(0, 5)[:, :, 2])


@pytest.mark.parametrize(
    ("dtype", "depth", "target", "is_fine"),
    [
        (np.uint8, 8, PHOTO, False),
        (np.uint16, 16, PHOTO, True),
        (np.uint8, 16, PHOTO, True),
        (np.uint16, 8, PHOTO, True),
        (np.uint8, 8, Encoding(kind="bands", channels=3, depth=16), True),
        (np.uint8, 8, Encoding(kind="labels", channels=2, classes=((0, 0, 0), (1, 1, 1))), True),
    ],
)
def test_a_picture_is_fine_if_it_has_or_is_to_give_more_than_eight_bits_or_labels(
    dtype: type, depth: Any, target: Encoding, is_fine: bool
) -> None:
    picture = Samples(np.zeros((2, 2, 3), dtype), PHOTO, target, depth, "it")

    assert picture.is_fine == is_fine


def test_floats_are_fine_whatever_their_own_depth() -> None:
    assert Values(noise(3, 2, 2).half()).is_fine


def test_a_translation_has_the_depth_that_was_asked_for() -> None:
    picture = Samples(np.full((2, 2, 3), 128, np.uint8), PHOTO, PHOTO, 16, "it")

    content = fill(picture.canvas(), picture, [])

    assert content.dtype == np.uint16
    assert content[0, 0, 0] == 128 * 257


def test_what_the_domain_has_not_got_is_told_with_the_picture_it_is_in() -> None:
    pixels = np.full((4, 4, 1), 7, np.uint8)  # classes are 0 and 1
    picture = Samples(pixels, LABELS, PHOTO, 8, "maps/one.png:")

    with pytest.raises(DataError, match=r"^maps/one\.png: .*Give it what the bundle was trained"):
        picture.read(0, 4)


def test_results_of_floats_are_made_for_gradients_though_computed_without() -> None:
    canvas = Values(noise(3, 4, 4)).canvas()

    with torch.inference_mode():
        canvas.write(0, noise(3, 4, 4))

    assert not canvas.content.is_inference()


def test_a_translation_may_have_other_channels_than_its_picture() -> None:
    canvas = Values(noise(5, 4, 4)).canvas()

    canvas.write(0, noise(2, 4, 4))

    assert canvas.content.shape == (2, 4, 4)
