import numpy as np
import pytest
import torch
from hypothesis import given, settings
from hypothesis import strategies as st
from hypothesis.extra import numpy as hnp
from torch.nn import functional as F

from translate.images import Pixels, crop_to, pad_to_multiple, to_pixels, to_tensor

SHAPES = st.tuples(st.integers(1, 9), st.integers(1, 9), st.just(3))


@settings(deadline=None, max_examples=25)
@given(hnp.arrays(np.uint8, SHAPES))
def test_eight_bits_come_back_as_they_were(pixels: Pixels) -> None:
    assert np.array_equal(to_pixels(to_tensor(pixels)), pixels)


@settings(deadline=None, max_examples=25)
@given(hnp.arrays(np.uint16, SHAPES))
def test_sixteen_bits_come_back_as_they_were(pixels: Pixels) -> None:
    back = to_pixels(to_tensor(pixels), depth=16)

    assert back.dtype == np.uint16
    assert np.array_equal(back, pixels)


def test_every_sixteen_bit_value_survives() -> None:
    every = np.arange(2**16, dtype=np.uint16).reshape(256, 256, 1).repeat(3, axis=2)

    assert np.array_equal(to_pixels(to_tensor(every), depth=16), every)


def test_black_white_and_a_third_land_where_they_should() -> None:
    tensor = to_tensor(np.array([[[0, 85, 255]]], dtype=np.uint8))

    assert tensor.shape == (3, 1, 1)
    assert tensor.dtype == torch.float32
    assert tensor.flatten().tolist() == pytest.approx([-1, -1 / 3, 1])


def test_depth_is_known_by_type_and_not_by_the_brightest_value() -> None:
    dark = np.full((2, 2, 3), 200)

    assert to_tensor(dark.astype(np.uint16)).max() < -0.99
    assert to_tensor(dark.astype(np.uint8)).max() > 0.5


def test_what_lies_outside_is_clamped_and_the_rest_rounded() -> None:
    tensor = torch.tensor([-7.0, 0.001, 7.0]).reshape(3, 1, 1)

    assert to_pixels(tensor).tolist() == [[[0, 128, 255]]]


def test_half_precision_answers_become_pixels_too() -> None:
    assert to_pixels(torch.ones(3, 2, 2, dtype=torch.bfloat16)).min() == 255


@settings(deadline=None, max_examples=60)
@given(st.integers(1, 40), st.integers(1, 40), st.integers(1, 32), st.integers(1, 64))
def test_any_size_is_padded_to_the_next_multiple_and_cropped_back(
    height: int, width: int, multiple: int, least: int
) -> None:
    images = torch.rand(1, 2, height, width)

    padded = pad_to_multiple(images, multiple, least)

    for size, before in zip(padded.shape[-2:], (height, width), strict=True):
        assert size % multiple == 0
        assert size >= max(before, least)
        assert size - multiple < max(before, least)
    assert torch.equal(crop_to(padded, height, width), images)
    assert set(padded.unique().tolist()) == set(images.unique().tolist())


def test_mirroring_equals_reflection_where_reflection_can_do_it() -> None:
    images = torch.rand(2, 3, 13, 10)

    assert torch.equal(pad_to_multiple(images, 8), F.pad(images, (0, 6, 0, 3), mode="reflect"))


def test_mirroring_goes_forth_and_back_as_often_as_it_takes() -> None:
    row = torch.tensor([[[1.0, 2.0, 3.0]]])

    assert pad_to_multiple(row, 1, least=8)[0, 0].tolist() == [1, 2, 3, 2, 1, 2, 3, 2]


def test_images_that_fit_are_not_copied() -> None:
    images = torch.rand(1, 3, 8, 16)

    assert pad_to_multiple(images, 8) is images
