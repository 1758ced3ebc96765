import io
from typing import Any

import numpy as np
import pytest
import tifffile
from hypothesis import given, settings
from hypothesis import strategies as st
from PIL import Image

from tests.exif_toys import NOTES, block
from translate.images import Facts
from translate.images.tiff_files import encode_tiff


def noise(channels: int, dtype: type) -> Any:
    return np.random.default_rng(0).integers(0, 256, (6, 9, channels)).astype(dtype)


@pytest.mark.parametrize("endian", ["<", ">"])
@pytest.mark.parametrize("dtype", [np.uint8, np.uint16])
def test_two_readers_find_the_tables_of_camera_and_place(endian: str, dtype: type) -> None:
    encoded = io.BytesIO(encode_tiff(noise(3, dtype), Facts(exif=block(1, endian)[6:])))

    with tifffile.TiffFile(encoded) as tiff:
        tags = tiff.pages[0].tags  # type: ignore[union-attr]
        assert tags.valueof("Make") == "Maker"
        assert tags.valueof("ExifTag")["DateTimeOriginal"] == "2020:01:02 03:04:05"
        assert tags.valueof("GPSTag")["GPSLatitude"] == (10, 1, 20, 1, 30, 1)
        assert np.array_equal(tiff.asarray(), noise(3, dtype))
    with Image.open(encoded) as image:
        details = image.getexif().get_ifd(0x8769)
        assert details[0x927C] == NOTES
        assert image.getexif().get_ifd(0xA005) == {1: "R98"}


@pytest.mark.parametrize("channels", [1, 2, 3, 4])
@pytest.mark.parametrize("dtype", [np.uint8, np.uint16])
def test_samples_are_kept_and_alpha_is_declared(channels: int, dtype: type) -> None:
    samples = noise(channels, dtype)

    with tifffile.TiffFile(io.BytesIO(encode_tiff(samples, Facts()))) as tiff:
        page: Any = tiff.pages[0]
        assert len(page.extrasamples) == (channels in (2, 4))
        if channels != 2 or dtype is np.uint8:
            assert np.array_equal(page.asarray().reshape(samples.shape), samples)
        else:
            assert np.array_equal(page.asarray(), samples[..., [0, 0, 0, 1]])


@settings(max_examples=100, deadline=None)
@given(data=st.data())
def test_damaged_exif_never_keeps_a_photo_from_being_encoded(data: st.DataObject) -> None:
    exif = bytearray(block(1)[6:])
    for _ in range(data.draw(st.integers(1, 4))):
        exif[data.draw(st.integers(0, len(exif) - 1))] = data.draw(st.integers(0, 255))

    encoded = encode_tiff(noise(3, np.uint8), Facts(exif=bytes(exif)))

    assert np.array_equal(tifffile.imread(io.BytesIO(encoded)), noise(3, np.uint8))
