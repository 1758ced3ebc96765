import pickle

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from translate.data.jitter import Jitter, Resize, center_view
from translate.images import Pixels


def gradient(height: int, width: int) -> Pixels:
    """Every pixel tells its place: red its row, green its column."""
    photo = np.zeros((height, width, 3), np.uint8)
    photo[..., 0] = np.arange(height)[:, None]
    photo[..., 1] = np.arange(width)[None]
    return photo


@pytest.mark.parametrize("resize", ["shorter_side", "square", "none"])
@pytest.mark.parametrize("dtype", [np.uint8, np.uint16])
def test_any_photo_becomes_a_square_of_the_same_depth(resize: Resize, dtype: type) -> None:
    photo = np.full((50, 70, 3), np.iinfo(dtype).max, dtype)

    view = Jitter(resize, load_px=40, crop_px=32, flip=True)(photo, (0, 1, 2))

    assert view.shape == (32, 32, 3)
    assert view.dtype == dtype
    assert view.min() == np.iinfo(dtype).max


@settings(deadline=None, max_examples=20)
@given(st.lists(st.integers(0, 2**40), min_size=1, max_size=4))
def test_equal_seeds_give_equal_views_whatever_came_before(seed: list[int]) -> None:
    photo = gradient(60, 80)
    fresh, used = (Jitter("shorter_side", 48, 32, flip=True) for _ in range(2))
    used(photo, (9, 9))

    assert np.array_equal(fresh(photo, seed), used(photo, seed))


def test_seeds_reach_every_place_and_both_sides() -> None:
    jitter = Jitter("none", load_px=8, crop_px=8, flip=True)

    views = [jitter(gradient(10, 10), (0, i)) for i in range(200)]

    corners = {(int(v[0, 0, 0]), int(v[..., 1].min())) for v in views}
    mirrored = sum(int(v[0, 0, 1]) > int(v[0, -1, 1]) for v in views)
    assert corners == {(row, column) for row in range(3) for column in range(3)}
    assert 70 < mirrored < 130


def test_a_crop_without_resizing_is_a_piece_of_the_photo() -> None:
    view = Jitter("none", load_px=1, crop_px=8, flip=False)(gradient(20, 30), (5,)).astype(int)

    assert (np.diff(view[..., 0], axis=0) == 1).all()
    assert (np.diff(view[..., 1], axis=1) == 1).all()


def test_shrinking_averages_pixels() -> None:
    checkered = np.indices((64, 64)).sum(axis=0) % 2 * 255
    photo = np.stack([checkered] * 3, axis=2).astype(np.uint8)

    view = Jitter("square", load_px=16, crop_px=16, flip=False)(photo, (0,))

    assert np.abs(view.astype(int) - 127).max() <= 1


def test_the_shorter_side_keeps_proportions() -> None:
    photo = gradient(100, 200)

    view = Jitter("shorter_side", load_px=50, crop_px=50, flip=False)(photo, (0,)).astype(int)

    steps = np.diff(view, axis=1)[..., 1], np.diff(view, axis=0)[..., 0]
    assert [np.median(step) for step in steps] == [2, 2]


def test_a_jitter_survives_the_way_to_a_worker() -> None:
    jitter = Jitter("shorter_side", 48, 32, flip=True)

    there = pickle.loads(pickle.dumps(jitter))  # noqa: S301

    assert np.array_equal(there(gradient(60, 80), (1, 2)), jitter(gradient(60, 80), (1, 2)))


@settings(deadline=None, max_examples=30)
@given(st.integers(1, 90), st.integers(1, 90), st.integers(1, 40))
def test_the_center_view_of_any_size_is_a_square(height: int, width: int, side: int) -> None:
    assert center_view(gradient(height, width), side).shape == (side, side, 3)


def test_the_center_view_of_a_fitting_photo_is_its_middle_untouched() -> None:
    view = center_view(gradient(20, 30), 20)

    assert view[0, 0].tolist() == [0, 5, 0]
    assert view[-1, -1].tolist() == [19, 24, 0]


def test_a_square_of_the_right_size_is_shown_as_it_is() -> None:
    assert np.array_equal(center_view(gradient(20, 20), 20), gradient(20, 20))
