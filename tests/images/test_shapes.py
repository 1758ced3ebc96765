import numpy as np
import pytest

from translate.images import set_pixel_limit
from translate.images.faults import UnfitError
from translate.images.shapes import Shape, expect_usable


@pytest.mark.parametrize("dtype", [np.uint8, np.uint16, ">u2"])
@pytest.mark.parametrize("bands", [1, 1024])
def test_eight_and_sixteen_bits_are_usable(dtype: str, bands: int) -> None:
    expect_usable(Shape(64, 48, bands), dtype)


@pytest.mark.parametrize(("bands", "most_px"), [(1, 100), (16, 100), (32, 50), (160, 10)])
def test_beyond_sixteen_bands_the_limit_of_pixels_shrinks(bands: int, most_px: int) -> None:
    set_pixel_limit(100)

    expect_usable(Shape(1, most_px, bands), np.uint8)
    with pytest.raises(UnfitError, match="has more than 100 pixels"):
        expect_usable(Shape(1, most_px + 1, bands), np.uint8)


def test_without_a_limit_all_sizes_are_usable() -> None:
    set_pixel_limit(None)

    expect_usable(Shape(10**6, 10**6, 1024), np.uint16)


def test_signed_numbers_are_refused() -> None:
    with pytest.raises(UnfitError, match=r"has int16 samples, expected uint8 or uint16\. Convert"):
        expect_usable(Shape(4, 4, 1), np.int16)
