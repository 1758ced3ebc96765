from pathlib import Path

import cv2
import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from tests.pair_toys import noise_image, write_image
from translate.data.seams import FEWEST_TELLING, look_side_by_side, measure_seam
from translate.images import Pixels, find_photos


def smooth_image(seed: int, height: int = 64, width: int = 96) -> Pixels:
    """Blurred colours, as photos have them."""
    coarse = noise_image(6, 8, seed=seed)
    image: Pixels = cv2.resize(coarse, (width, height), interpolation=cv2.INTER_CUBIC)
    return image


def side_by_side(seed: int) -> Pixels:
    image: Pixels = np.concatenate([smooth_image(seed), smooth_image(seed + 1000)], axis=1)
    return image


def write_all(folder: Path, images: list[Pixels], suffix: str = ".png") -> list[Path]:
    return [write_image(folder / f"{i}{suffix}", image) for i, image in enumerate(images)]


def test_single_photos_are_told_from_two_side_by_side(tmp_path: Path) -> None:
    single = write_all(tmp_path / "single", [smooth_image(i) for i in range(9)])
    double = write_all(tmp_path / "double", [side_by_side(i) for i in range(9)])

    assert look_side_by_side(single, "photo") is False
    assert look_side_by_side(double, "photo") is True


def test_bands_are_looked_at_too(tmp_path: Path) -> None:
    double = [np.repeat(side_by_side(i), 2, axis=2).astype(np.uint16) * 257 for i in range(9)]

    assert look_side_by_side(write_all(tmp_path, double, ".npy"), "bands") is True


def test_a_seam_is_measured_against_the_columns_beside_it() -> None:
    # Columns rise by 3 levels each; in the middle by 30, ten times as much.
    columns = np.arange(64) * 3 + 27 * (np.arange(64) >= 32)
    image = np.broadcast_to(columns.astype(np.uint8)[None, :, None], (8, 64, 3))

    assert measure_seam(image) == pytest.approx((10, 10))


def test_the_greatest_edge_elsewhere_is_told_too() -> None:
    columns = np.arange(64) * 2 + 18 * (np.arange(64) >= 32) + 38 * (np.arange(64) >= 50)
    image = np.broadcast_to(columns.astype(np.uint8)[None, :, None], (8, 64, 3))

    assert measure_seam(image) == pytest.approx((10, 0.5))


def tiles(seed: int, width: int = 96) -> Pixels:
    """Pixels enlarged 16 times, as sprites and coarse maps are: an edge lies in the middle."""
    coarse = noise_image(4, width // 16, seed=seed)
    image: Pixels = np.repeat(np.repeat(coarse, 16, axis=0), 16, axis=1)
    return image


def test_edges_all_over_an_image_are_no_seam(tmp_path: Path) -> None:
    assert look_side_by_side(write_all(tmp_path, [tiles(i) for i in range(9)]), "photo") is None


@settings(deadline=None, max_examples=20)
@given(st.integers(0, 2**31), st.sampled_from([8, 16]), st.integers(1, 5))
def test_noise_tells_nothing_however_deep(seed: int, depth: int, channels: int) -> None:
    # Two noisy images side by side, such as radar's, must not be taken for one.
    assert measure_seam(noise_image(64, 96, channels, depth, seed)) is None


@pytest.mark.parametrize("image", [np.full((64, 64, 3), 255, np.uint8), noise_image(9, 16)])
def test_plain_and_tiny_images_tell_nothing(image: Pixels) -> None:
    assert measure_seam(image) is None


def test_drawings_with_white_borders_tell_nothing() -> None:
    image = smooth_image(0, width=128).copy()
    image[:, 60:68] = 255

    assert measure_seam(image) is None


def test_of_few_files_nothing_is_concluded(tmp_path: Path) -> None:
    files = write_all(tmp_path, [side_by_side(i) for i in range(FEWEST_TELLING)])

    assert look_side_by_side(files, "photo") is True
    assert look_side_by_side(files[1:], "photo") is None


def test_broken_files_are_passed_over(tmp_path: Path) -> None:
    files = write_all(tmp_path, [side_by_side(i) for i in range(6)])
    files[0].write_bytes(b"")

    assert look_side_by_side(files, "photo") is True


@pytest.mark.real_data
@pytest.mark.parametrize(
    ("name", "expected"),
    [
        ("facades/train", True),
        ("earth_day2night/train", True),
        ("earth_summer2winter/train", True),
        ("frankfurt_day2night/train", True),
        ("edges2shoes_100/train", None),
        ("day2night/trainA", False),
        ("day2night/trainB", False),
        ("summer2winter/trainA", False),
        ("summer2winter/trainB", False),
    ],
)
def test_real_sets_are_never_mistaken(real_data: Path, name: str, expected: bool | None) -> None:
    assert look_side_by_side(find_photos(real_data / name).photos, "photo") is expected
