"""TIFFs of 16 bits that OpenCV alone would read wrongly, and without a word."""

from pathlib import Path

import numpy as np
import pytest
import tifffile

from translate.images import open_photo

RGB = np.random.default_rng(0).integers(0, 2**16, (5, 7, 3), dtype=np.uint16)
GREY = RGB[..., 0]


@pytest.mark.parametrize("compression", [None, "zlib"])
@pytest.mark.parametrize("byteorder", ["<", ">"])
def test_colours_in_planes_of_their_own_are_read_as_others(
    tmp_path: Path, compression: str | None, byteorder: str
) -> None:
    tifffile.imwrite(
        tmp_path / "planes.tif",
        RGB.transpose(2, 0, 1),
        photometric="rgb",
        planarconfig="separate",
        compression=compression,
        byteorder=byteorder,
    )

    assert np.array_equal(open_photo(tmp_path / "planes.tif").pixels, RGB)


def test_planes_are_turned_upright_and_keep_their_transparency(tmp_path: Path) -> None:
    turned = [(274, 3, 1, 6, True)]  # EXIF's orientation 6: a quarter turn clockwise
    tifffile.imwrite(
        tmp_path / "planes.tif",
        np.dstack([RGB, GREY]).transpose(2, 0, 1),
        photometric="rgb",
        planarconfig="separate",
        extrasamples=["unassalpha"],
        extratags=turned,
    )

    photo = open_photo(tmp_path / "planes.tif")

    assert np.array_equal(photo.pixels, np.rot90(RGB, -1))
    assert photo.alpha is not None
    assert np.array_equal(photo.alpha, np.rot90(GREY, -1))


def test_where_zero_is_white_it_is_white(tmp_path: Path) -> None:
    tifffile.imwrite(tmp_path / "inverted.tif", 65535 - GREY, photometric="miniswhite")

    assert np.array_equal(open_photo(tmp_path / "inverted.tif").pixels[..., 1], GREY)
