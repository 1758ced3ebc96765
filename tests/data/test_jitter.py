import pickle

import numpy as np
import pytest
import torch
from hypothesis import given, settings
from hypothesis import strategies as st
from torch import Tensor

from translate.data.jitter import Jitter, Resampling, Resize, center_view, vary_light
from translate.images import Pixels


def gradient(height: int, width: int) -> Pixels:
    """Every pixel tells its place: red its row, green its column."""
    photo = np.zeros((height, width, 3), np.uint8)
    photo[..., 0] = np.arange(height)[:, None]
    photo[..., 1] = np.arange(width)[None]
    return photo


def noise(height: int, width: int, channels: int, dtype: type = np.uint8) -> Pixels:
    most = np.iinfo(dtype).max
    shape = height, width, channels
    pixels: Pixels = np.random.default_rng(0).integers(0, most, shape, dtype, endpoint=True)
    return pixels


@pytest.mark.parametrize("resize", ["shorter_side", "square", "none"])
@pytest.mark.parametrize("dtype", [np.uint8, np.uint16])
def test_any_photo_becomes_a_square_of_the_same_depth(resize: Resize, dtype: type) -> None:
    photo = np.full((50, 70, 3), np.iinfo(dtype).max, dtype)

    view = Jitter(resize, load_px=40, crop_px=32, flip=True)(photo, (0, 1, 2))

    assert view.shape == (32, 32, 3)
    assert view.dtype == dtype
    assert view.min() == np.iinfo(dtype).max


RESAMPLINGS = st.sampled_from(["smooth", "nearest"])
RESIZES = st.sampled_from(["shorter_side", "square", "none"])


@settings(deadline=None, max_examples=20)
@given(
    seed=st.lists(st.integers(0, 2**40), min_size=1, max_size=4),
    channels=st.integers(1, 7),
    dtype=st.sampled_from([np.uint8, np.uint16]),
    resize=RESIZES,
    resampling=RESAMPLINGS,
)
def test_equal_seeds_give_equal_views_whatever_came_before(
    seed: list[int], channels: int, dtype: type, resize: Resize, resampling: Resampling
) -> None:
    photo = noise(60, 80, channels, dtype)
    fresh, used = (Jitter(resize, 48, 32, flip=True, resampling=resampling) for _ in range(2))
    used(photo, (9, 9))

    view = fresh(photo, seed)

    assert view.shape == (32, 32, channels)
    assert view.dtype == dtype
    assert np.array_equal(view, used(photo, seed))


@settings(deadline=None, max_examples=30)
@given(
    seed=st.integers(0, 2**40),
    channels=st.integers(1, 7),
    resize=RESIZES,
    resamplings=st.tuples(RESAMPLINGS, RESAMPLINGS),
)
def test_photos_of_one_size_are_cut_alike_whatever_they_show_and_however_resampled(
    seed: int, channels: int, resize: Resize, resamplings: tuple[Resampling, Resampling]
) -> None:
    place = gradient(60, 80)
    other = np.repeat(place[..., :1], channels, axis=2)  # knows its row alone
    first, second = (Jitter(resize, 48, 32, True, resampling) for resampling in resamplings)

    views = first(place, (seed, 1)).astype(int), second(other, (seed, 1)).astype(int)

    # Resampling blurs or rounds a row's number by one, no more: a row is 1 of 60.
    assert np.abs(views[0][..., 0] - views[1][..., 0]).max() <= 1


@settings(deadline=None, max_examples=20)
@given(seed=st.integers(0, 2**40), flip=st.booleans(), channels=st.integers(1, 7))
def test_a_map_of_places_is_cut_and_mirrored_with_its_photo(
    seed: int, flip: bool, channels: int
) -> None:
    photo = noise(40, 50, channels)
    jitter = Jitter("none", load_px=1, crop_px=16, flip=flip)

    view, places = jitter(photo, (seed,)), jitter(gradient(40, 50), (seed,))

    assert np.array_equal(view, photo[places[..., 0], places[..., 1]])


@pytest.mark.parametrize("channels", [5, 130])  # more than OpenCV takes at once
@pytest.mark.parametrize("resize", ["shorter_side", "none"])
def test_every_band_is_cut_like_the_first(channels: int, resize: Resize) -> None:
    photo = np.repeat(noise(60, 80, 1), channels, axis=2)

    views = Jitter(resize, 48, 32, flip=True)(photo, (3,)), center_view(photo, 32)

    for view in views:
        assert view.shape == (32, 32, channels)
        assert (view == view[..., :1]).all()


@pytest.mark.parametrize("resize", ["shorter_side", "square"])
@pytest.mark.parametrize(("height", "width"), [(60, 80), (20, 30)])
def test_nearest_makes_no_value_that_was_not_there(resize: Resize, height: int, width: int) -> None:
    classes = np.array([0, 7, 255], np.uint8)
    label_map = classes[np.random.default_rng(0).integers(0, 3, (height, width, 1))]

    nearest, smooth = (
        Jitter(resize, 48, 32, True, how)(label_map, (3,)) for how in ("nearest", "smooth")
    )

    assert set(nearest.flat) == {0, 7, 255}
    assert not set(smooth.flat) <= {0, 7, 255}


def test_nearest_shrinks_to_the_middle_of_what_it_replaces() -> None:
    photo = gradient(90, 90)

    view = Jitter("square", 30, 30, flip=False, resampling="nearest")(photo, (0,))

    assert view[..., 0][:, 0].tolist() == list(range(1, 90, 3))
    assert view[..., 1][0].tolist() == list(range(1, 90, 3))


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


@settings(deadline=None, max_examples=20)
@given(
    side=st.integers(1, 40),
    channels=st.integers(1, 7),
    dtype=st.sampled_from([np.uint8, np.uint16]),
    resampling=RESAMPLINGS,
)
def test_the_center_view_keeps_channels_and_depth(
    side: int, channels: int, dtype: type, resampling: Resampling
) -> None:
    view = center_view(noise(20, 30, channels, dtype), side, resampling)

    assert view.shape == (side, side, channels)
    assert view.dtype == dtype


@pytest.mark.parametrize("side", [13, 41])
def test_the_center_view_of_labels_mixes_none(side: int) -> None:
    label_map = np.array([0, 255], np.uint8)[np.indices((20, 30)).sum(axis=0) % 2][..., None]

    assert set(center_view(label_map, side, "nearest").flat) == {0, 255}
    assert len(set(center_view(label_map, side).flat)) > 2


def test_the_center_view_of_a_fitting_photo_is_its_middle_untouched() -> None:
    view = center_view(gradient(20, 30), 20)

    assert view[0, 0].tolist() == [0, 5, 0]
    assert view[-1, -1].tolist() == [19, 24, 0]


def test_a_view_that_is_not_resized_is_a_piece_of_the_photo_or_enlarged() -> None:
    piece = center_view(gradient(40, 31), 20, is_resized=False)
    enlarged = center_view(gradient(40, 10), 20, is_resized=False)

    assert (piece[0, 0].tolist(), piece[-1, -1].tolist()) == ([10, 5, 0], [29, 24, 0])
    assert enlarged.shape == (20, 20, 3)


def test_a_square_of_the_right_size_is_shown_as_it_is() -> None:
    assert np.array_equal(center_view(gradient(20, 20), 20), gradient(20, 20))


class Chosen(np.random.Generator):
    """Chance that gives these numbers in turn."""

    def __init__(self, *numbers: float) -> None:
        super().__init__(np.random.PCG64(0))
        self.numbers = list(numbers)

    def uniform(self, low: float, high: float) -> float:  # type: ignore[override]
        assert (low, high) == (-1, 1)
        return self.numbers.pop(0)


def test_brightness_scales_light_from_black() -> None:
    grey = torch.zeros(3, 4, 4)  # half way from black (-1) to white (1)

    darker = vary_light(grey, 0.5, Chosen(-1, 0, 0))
    brighter = vary_light(grey, 0.5, Chosen(1, 0, 0))

    assert torch.allclose(darker, torch.full_like(grey, -0.5))
    assert torch.allclose(brighter, torch.full_like(grey, 0.5))


def test_contrast_spreads_light_about_its_mean() -> None:
    stripes = torch.tensor([-0.2, 0.2]).expand(1, 4, 2)

    spread = vary_light(stripes, 0.5, Chosen(0, 1))

    assert torch.allclose(spread, stripes * 1.5, atol=1e-6)


def test_saturation_moves_colours_from_grey_and_leaves_grey_alone() -> None:
    red, grey = torch.tensor([0.4, -0.2, -0.2]), torch.zeros(3)
    photo = torch.stack([red, grey], dim=1).reshape(3, 1, 2)

    faded = vary_light(photo, 0.5, Chosen(0, 0, -1))

    # torchvision's weights of red, green and blue add up to 0.9999.
    assert torch.allclose(faded[:, 0, 1], grey, atol=1e-4)
    spread = faded[:, 0, 0].max() - faded[:, 0, 0].min()
    assert spread.item() == pytest.approx(0.3, abs=1e-5)  # half of what it was


def random_photo(channels: int) -> Tensor:
    return torch.rand(channels, 8, 8, generator=torch.Generator().manual_seed(0)) * 2 - 1


@settings(deadline=None, max_examples=30)
@given(st.sampled_from([1, 3]), st.floats(0, 0.9), st.integers(0, 2**40))
def test_varied_light_stays_in_range_and_follows_its_seed(
    channels: int, strength: float, seed: int
) -> None:
    photo = random_photo(channels)

    first, again = (vary_light(photo, strength, np.random.default_rng(seed)) for _ in range(2))

    assert first.shape == photo.shape
    assert first.abs().max() <= 1
    assert torch.equal(first, again)


@pytest.mark.parametrize("channels", [1, 3])
def test_no_strength_changes_nothing(channels: int) -> None:
    photo = random_photo(channels)

    same = vary_light(photo, 0.0, np.random.default_rng(0))

    torch.testing.assert_close(same, photo, atol=1e-6, rtol=0)


def test_seeds_reach_the_whole_range_of_light() -> None:
    grey = torch.zeros(1, 2, 2)

    found = [float(vary_light(grey, 0.2, np.random.default_rng(i)).mean()) for i in range(200)]

    assert -0.2 <= min(found) < -0.18
    assert 0.18 < max(found) <= 0.2
