from pathlib import Path

import numpy as np
import pytest
import tifffile
from hypothesis import given, settings
from hypothesis import strategies as st
from PIL import Image

from translate.errors import DataError
from translate.images import (
    IMAGE_SUFFIXES,
    WRITABLE_SUFFIXES,
    Photo,
    find_fault,
    open_photo,
    save_bands,
    save_photo,
    set_pixel_limit,
)

NOISE = np.random.default_rng(0).integers(0, 256, (48, 64, 3), dtype=np.uint8)


def write(file: Path, **options: object) -> bytes:
    Image.fromarray(NOISE).save(file, **options)
    return file.read_bytes()


@pytest.mark.parametrize("suffix", IMAGE_SUFFIXES)
def test_whole_photos_have_no_fault(tmp_path: Path, suffix: str) -> None:
    write(tmp_path / f"photo{suffix}")

    assert find_fault(tmp_path / f"photo{suffix}", least_px=48) is None


@pytest.mark.parametrize("suffix", IMAGE_SUFFIXES)
@pytest.mark.parametrize("share", [0.98, 0.5, 0.0])
def test_shortened_photos_are_noticed(tmp_path: Path, suffix: str, share: float) -> None:
    file = tmp_path / f"photo{suffix}"
    content = write(file)

    file.write_bytes(content[: int(len(content) * share)])

    assert find_fault(file) is not None


def test_shortened_jpeg_and_png_are_called_so(tmp_path: Path) -> None:
    for name, kind in (("photo.jpg", "JPEG"), ("photo.png", "PNG")):
        content = write(tmp_path / name)
        (tmp_path / name).write_bytes(content[:-1])
        assert find_fault(tmp_path / name) == f"is cut short (a {kind} without its end mark)"


@pytest.mark.parametrize("extra", [10, 10_000])
@pytest.mark.parametrize("name", ["photo.jpg", "photo.png"])
def test_bytes_after_the_end_do_no_harm(tmp_path: Path, name: str, extra: int) -> None:
    content = write(tmp_path / name)
    (tmp_path / name).write_bytes(content + b"film" * extra)

    assert find_fault(tmp_path / name) is None


def test_the_end_of_a_thumbnail_is_not_taken_for_the_end_of_the_photo(tmp_path: Path) -> None:
    file = tmp_path / "photo.jpg"
    thumbnail = b"Exif\0\0" + b"\xff\xd8 a thumbnail \xff\xd9"
    content = write(file, exif=thumbnail)

    file.write_bytes(content[:-100])

    assert find_fault(file) == "is cut short (a JPEG without its end mark)"


def test_a_small_side_is_named_with_the_size_needed(tmp_path: Path) -> None:
    write(tmp_path / "photo.jpg")

    fault = find_fault(tmp_path / "photo.jpg", least_px=50)

    assert fault == "is too small: 64 x 48 px, at least 50 px are needed"


def test_other_faults_have_plain_words(tmp_path: Path) -> None:
    (tmp_path / "empty.jpg").touch()
    (tmp_path / "words.jpg").write_text("not a photo, whatever its name says")

    assert find_fault(tmp_path / "empty.jpg") == "is empty (0 bytes)"
    assert find_fault(tmp_path / "words.jpg") == "is not an image, or its head is damaged"
    assert find_fault(tmp_path / "gone.jpg") == "there is no such file"
    assert find_fault(tmp_path) == "is a folder, not a photo"


@pytest.mark.parametrize("kind", [np.float32, np.int32])
def test_depths_that_cannot_be_opened_are_faults(tmp_path: Path, kind: type) -> None:
    file = tmp_path / "photo.tif"
    Image.fromarray(NOISE[..., 0].astype(kind)).save(file)

    fault = find_fault(file)

    assert fault == (
        f"has {kind.__name__} samples, expected 8 or 16 bits a channel (export it as such)"
    )
    with pytest.raises(DataError) as caught:
        open_photo(file)
    assert str(caught.value) == f"{file}: {fault}. Mend the file or remove it."


@pytest.mark.parametrize("suffix", [".png", ".tif"])
def test_sixteen_bits_are_no_fault(tmp_path: Path, suffix: str) -> None:
    file = tmp_path / f"photo{suffix}"
    Image.fromarray(NOISE[..., 0].astype(np.uint16) * 257).save(file)

    assert find_fault(file) is None


@pytest.fixture(scope="module")
def small_png(tmp_path_factory: pytest.TempPathFactory) -> Path:
    file = tmp_path_factory.mktemp("png") / "photo.png"
    Image.fromarray(NOISE[:8, :8]).save(file)
    return file


@settings(max_examples=60, deadline=None)
@given(place=st.integers(0, 10_000), bit=st.integers(0, 7))
def test_one_flipped_bit_of_a_png_is_always_noticed(small_png: Path, place: int, bit: int) -> None:
    content = bytearray(small_png.read_bytes())
    content[place % len(content)] ^= 1 << bit
    flipped = small_png.with_name("flipped.png")
    flipped.write_bytes(content)

    assert find_fault(small_png) is None
    assert find_fault(flipped) is not None


def test_scrambled_pixels_of_a_png_are_told_by_their_check_sum(small_png: Path) -> None:
    content = bytearray(small_png.read_bytes())
    content[-30] ^= 1  # the last 12 bytes are the end mark
    scrambled = small_png.with_name("scrambled.png")
    scrambled.write_bytes(content)

    assert find_fault(scrambled) == "is damaged (a PNG with a wrong check sum)"


@pytest.mark.parametrize("name", ["bands.npy", "bands.tif"])
def test_bands_have_no_fault_as_bands_but_are_no_photo(tmp_path: Path, name: str) -> None:
    save_bands(NOISE[..., [0, 1, 2, 0, 1]], tmp_path / name)

    assert find_fault(tmp_path / name, 48, "bands") is None
    assert find_fault(tmp_path / name, 48) == "is not an image, or its head is damaged"


@pytest.mark.parametrize("name", ["bands.npy", "bands.tif", "photo.png"])
def test_the_smallest_side_of_bands_is_measured(tmp_path: Path, name: str) -> None:
    save_photo(Photo(NOISE), tmp_path / name)

    fault = find_fault(tmp_path / name, 50, "bands")

    assert fault == "is too small: 64 x 48 px, at least 50 px are needed"


@pytest.mark.parametrize("suffix", [*WRITABLE_SUFFIXES, ".npy"])
@pytest.mark.parametrize("share", [0.98, 0.5, 0.0])
def test_shortened_files_of_bands_are_noticed(tmp_path: Path, suffix: str, share: float) -> None:
    file = tmp_path / f"bands{suffix}"
    save_photo(Photo(NOISE), file)
    assert find_fault(file, kind="bands") is None
    content = file.read_bytes()

    file.write_bytes(content[: int(len(content) * share)])

    assert find_fault(file, kind="bands") is not None


def test_pixels_without_compression_are_not_read(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    def refuse(*_: object, **__: object) -> None:
        raise AssertionError("read in full")

    save_bands(NOISE, tmp_path / "bands.npy")
    tifffile.imwrite(tmp_path / "bands.tif", NOISE)
    monkeypatch.setattr(np, "load", refuse)
    monkeypatch.setattr(tifffile.TiffPage, "asarray", refuse)

    assert find_fault(tmp_path / "bands.npy", kind="bands") is None
    assert find_fault(tmp_path / "bands.tif", kind="bands") is None


def test_too_many_pixels_are_a_fault_of_photos_and_of_bands(tmp_path: Path) -> None:
    save_photo(Photo(NOISE), tmp_path / "photo.png")
    save_photo(Photo(NOISE), tmp_path / "bands.tif")
    set_pixel_limit(64 * 48 - 1)

    for name in ("photo.png", "bands.tif"):
        fault = find_fault(tmp_path / name, kind="bands")
        assert fault is not None
        assert fault.startswith("has more than 3,071 pixels")
