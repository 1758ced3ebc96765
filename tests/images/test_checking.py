from pathlib import Path

import numpy as np
import pytest
from PIL import Image

from translate.images import IMAGE_SUFFIXES, find_fault

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
