import struct
import zlib
from pathlib import Path

import cv2
import numpy as np
import pytest
from PIL import Image

from translate.errors import DataError
from translate.images import IMAGE_SUFFIXES, depth_of, open_photo, save_bands, size_of

OBLONG = np.zeros((6, 9, 3), np.uint8)
ROTATED = 0x0112  # the EXIF tag
TURNABLE = [suffix for suffix in IMAGE_SUFFIXES if suffix not in (".bmp", ".gif")]


def exif(orientation: int) -> Image.Exif:
    result = Image.Exif()
    result[ROTATED] = orientation
    return result


def behind_the_pixels(png: bytes, name: bytes, content: bytes) -> bytes:
    check = struct.pack(">I", zlib.crc32(name + content))
    chunk = struct.pack(">I", len(content)) + name + content + check
    return png[:-12] + chunk + png[-12:]


@pytest.mark.parametrize("suffix", TURNABLE)
@pytest.mark.parametrize("orientation", range(1, 9))
def test_the_size_is_that_of_the_opened_photo(
    tmp_path: Path, suffix: str, orientation: int
) -> None:
    file = tmp_path / f"photo{suffix}"
    Image.fromarray(OBLONG).save(file, exif=exif(orientation).tobytes())

    assert size_of(file) == ((9, 6) if orientation < 5 else (6, 9))
    assert open_photo(file).pixels.shape[1::-1] == size_of(file)


@pytest.mark.parametrize("suffix", [".png", ".tif"])
def test_deep_photos_have_their_size_too(tmp_path: Path, suffix: str) -> None:
    file = tmp_path / f"deep{suffix}"
    Image.fromarray(OBLONG[..., 0].astype(np.uint16)).save(file, exif=exif(6))

    assert size_of(file) == (6, 9)
    assert open_photo(file).pixels.shape == (9, 6, 3)


@pytest.mark.parametrize("suffix", IMAGE_SUFFIXES)
@pytest.mark.parametrize("channels", [1, 3, 4])
@pytest.mark.parametrize("dtype", [np.uint8, np.uint16])
def test_the_depth_is_that_of_the_opened_photo(
    tmp_path: Path, suffix: str, channels: int, dtype: type
) -> None:
    file, pixels = tmp_path / f"photo{suffix}", np.zeros((6, 9, channels), dtype)
    if suffix in (".png", ".tif", ".tiff"):
        cv2.imwrite(str(file), pixels)
    else:
        Image.fromarray(OBLONG).save(file)

    assert depth_of(file) == 8 * open_photo(file).pixels.itemsize


def test_the_depth_of_what_is_no_photo_is_an_error_with_its_name(tmp_path: Path) -> None:
    (tmp_path / "x.png").write_bytes(b"no image")

    with pytest.raises(DataError, match=r"x\.png: is not an image.* Mend the file or remove it"):
        depth_of(tmp_path / "x.png")


def test_without_notes_the_size_is_that_of_the_file(tmp_path: Path) -> None:
    for suffix in IMAGE_SUFFIXES:
        Image.fromarray(OBLONG).save(tmp_path / f"photo{suffix}")
        assert size_of(tmp_path / f"photo{suffix}", "labels") == (9, 6)


@pytest.mark.parametrize(
    ("name", "content"),
    [
        (b"eXIf", exif(6).tobytes()[6:]),
        (
            b"iTXt",
            b"XML:com.adobe.xmp\0\0\0\0\0<x:xmpmeta><tiff:Orientation>6</tiff:Orientation>",
        ),
    ],
)
def test_notes_behind_the_pixels_of_a_png_are_found(
    tmp_path: Path, name: bytes, content: bytes
) -> None:
    file = tmp_path / "photo.png"
    Image.fromarray(OBLONG).save(file)
    file.write_bytes(behind_the_pixels(file.read_bytes(), name, content))

    assert size_of(file) == (6, 9)
    assert open_photo(file).pixels.shape == (9, 6, 3)


def test_only_the_head_is_read(tmp_path: Path) -> None:
    noise = np.random.default_rng(0).integers(0, 256, (96, 64, 3), dtype=np.uint8)
    for suffix in (".jpg", ".png", ".bmp"):
        file = tmp_path / f"photo{suffix}"
        Image.fromarray(noise).save(file)
        file.write_bytes(file.read_bytes()[:1000])
        assert size_of(file) == (64, 96)


@pytest.mark.parametrize("name", ["bands.npy", "bands.tif"])
def test_bands_have_a_width_and_a_height(tmp_path: Path, name: str) -> None:
    save_bands(np.zeros((6, 9, 5), np.uint16), tmp_path / name)

    assert size_of(tmp_path / name, "bands") == (9, 6)


def test_other_images_taken_for_bands_have_the_same_size(tmp_path: Path) -> None:
    cv2.imwrite(str(tmp_path / "grey.png"), OBLONG[..., 0])

    assert size_of(tmp_path / "grey.png", "bands") == (9, 6)


def test_what_has_no_size_is_named_with_the_reason(tmp_path: Path) -> None:
    (tmp_path / "words.png").write_text("not a photo")

    with pytest.raises(DataError, match=r"words\.png: is not an image.*Mend the file or remove"):
        size_of(tmp_path / "words.png")
    with pytest.raises(DataError, match=r"gone\.npy: there is no such file"):
        size_of(tmp_path / "gone.npy", "bands")
