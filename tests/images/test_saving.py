from pathlib import Path
from typing import Literal

import numpy as np
import pytest
import torch
from PIL import Image

from translate.errors import DataError
from translate.images import (
    WRITABLE_SUFFIXES,
    Encoding,
    Photo,
    Pixels,
    fitting_suffix,
    open_bands,
    open_photo,
    open_samples,
    save_photo,
)

SMOOTH = np.linspace(40, 210, 32 * 24).reshape(32, 24, 1).repeat(3, axis=2)
LOSSLESS = (".png", ".tif", ".tiff", ".bmp")


def pixels(depth: int) -> Pixels:
    return SMOOTH.astype(np.uint8) if depth == 8 else (SMOOTH * 257 + 100).astype(np.uint16)


@pytest.mark.parametrize("suffix", WRITABLE_SUFFIXES)
def test_every_suffix_can_be_written_and_read_back(tmp_path: Path, suffix: str) -> None:
    file = tmp_path / "new" / "folders" / f"photo{suffix.upper()}"

    save_photo(Photo(pixels(8)), file)

    back = open_photo(file).pixels.astype(int)
    assert np.abs(back - pixels(8)).max() <= (0 if suffix in LOSSLESS else 4)
    assert [entry.name for entry in file.parent.iterdir()] == [file.name]


@pytest.mark.parametrize("suffix", [".png", ".tif"])
@pytest.mark.parametrize("depth", [8, 16])
def test_depth_and_alpha_are_kept_where_the_format_can(
    tmp_path: Path, suffix: str, depth: int
) -> None:
    rgb = pixels(depth)
    rgb[..., 1] //= 2  # so that exchanged channels would show
    alpha = rgb[..., 0] // 3

    save_photo(Photo(rgb, alpha), tmp_path / f"photo{suffix}")

    back = open_photo(tmp_path / f"photo{suffix}")
    assert back.pixels.dtype == rgb.dtype
    assert np.array_equal(back.pixels, rgb)
    assert back.alpha is not None
    assert np.array_equal(back.alpha, alpha)


@pytest.mark.parametrize("suffix", WRITABLE_SUFFIXES)
@pytest.mark.parametrize("depth", [8, 16])
def test_nothing_is_printed_while_saving(
    tmp_path: Path, capfd: pytest.CaptureFixture[str], suffix: str, depth: int
) -> None:
    for channels in (1, 3):
        photo = Photo(pixels(depth)[..., :channels], pixels(depth)[..., 0])
        save_photo(photo, tmp_path / f"photo{channels}{suffix}")

    assert capfd.readouterr() == ("", "")


@pytest.mark.parametrize("suffix", [".jpg", ".bmp"])
def test_formats_that_cannot_get_eight_bits_without_alpha(tmp_path: Path, suffix: str) -> None:
    file = tmp_path / f"photo{suffix}"

    save_photo(Photo(np.full((4, 4, 3), 65535, np.uint16), np.zeros((4, 4), np.uint16)), file)

    back = open_photo(file)
    assert back.alpha is None
    assert back.pixels.dtype == np.uint8
    assert back.pixels.min() == 255


def test_jpeg_keeps_colours_at_full_resolution(tmp_path: Path) -> None:
    save_photo(Photo(pixels(8)), tmp_path / "photo.jpg")

    with Image.open(tmp_path / "photo.jpg") as image:
        assert {layer[1:3] for layer in image.layer} == {(1, 1)}  # no subsampling in any


def test_an_unknown_suffix_is_refused_with_those_known(tmp_path: Path) -> None:
    with pytest.raises(DataError, match=r"photo\.xyz: .* '\.xyz'. Choose one of \.jpg, "):
        save_photo(Photo(pixels(8)), tmp_path / "photo.xyz")


def test_a_photo_too_large_for_its_format_leaves_no_file_behind(tmp_path: Path) -> None:
    wide = Photo(np.zeros((1, 70_000, 3), np.uint8))

    with pytest.raises(DataError, match=r"photo\.jpg: 70000 x 1 px cannot be written as '\.jpg'"):
        save_photo(wide, tmp_path / "photo.jpg")

    assert list(tmp_path.iterdir()) == []


def test_failing_at_the_last_step_leaves_no_temporary_file(tmp_path: Path) -> None:
    (tmp_path / "photo.png").mkdir()

    with pytest.raises(DataError, match="could not be written"):
        save_photo(Photo(pixels(8)), tmp_path / "photo.png")

    assert [entry.name for entry in tmp_path.iterdir()] == ["photo.png"]


def test_a_file_is_replaced_not_appended_to(tmp_path: Path) -> None:
    file = tmp_path / "photo.png"
    file.write_bytes(b"x" * 100_000)

    save_photo(Photo(pixels(8)), file)

    assert np.array_equal(open_photo(file).pixels, pixels(8))


@pytest.mark.parametrize("suffix", WRITABLE_SUFFIXES)
@pytest.mark.parametrize("depth", [8, 16])
def test_grey_is_saved_as_grey_wherever_the_format_can(
    tmp_path: Path, suffix: str, depth: int
) -> None:
    file = tmp_path / f"grey{suffix}"
    grey = pixels(depth)[..., :1]

    save_photo(Photo(grey), file)

    back = open_photo(file).pixels
    keeps_depth = suffix in (".png", ".tif", ".tiff")
    assert back.dtype == (np.uint16 if depth == 16 and keeps_depth else np.uint8)
    expected = grey if back.dtype == grey.dtype else np.round(grey / 257)
    assert np.abs(back - expected.astype(float)).max() <= (0 if suffix in LOSSLESS else 4)
    if suffix not in (".webp", ".avif"):
        assert open_bands(file).shape[2] == 1


@pytest.mark.parametrize("suffix", [".png", ".tif", ".webp", ".jpg"])
@pytest.mark.parametrize("depth", [8, 16])
def test_transparent_grey_keeps_its_alpha_where_the_format_can(
    tmp_path: Path, suffix: str, depth: int
) -> None:
    grey = pixels(depth)[..., :1]
    alpha = grey[..., 0] // 3

    save_photo(Photo(grey, alpha), tmp_path / f"grey{suffix}")

    back = open_photo(tmp_path / f"grey{suffix}")
    if suffix == ".jpg":
        assert back.alpha is None
    else:
        assert back.alpha is not None
        small = alpha if back.alpha.dtype == alpha.dtype else np.round(alpha / 257)
        assert np.array_equal(back.alpha, small)
    if suffix in LOSSLESS:
        assert np.array_equal(back.pixels, grey.repeat(3, axis=2))


def test_other_numbers_of_channels_and_arrays_are_saved_as_bands(tmp_path: Path) -> None:
    five = pixels(16)[..., [0, 1, 2, 0, 1]]

    save_photo(Photo(five), tmp_path / "five.tif")
    save_photo(Photo(pixels(16), pixels(16)[..., 0]), tmp_path / "three.npy")

    assert np.array_equal(open_bands(tmp_path / "five.tif"), five)
    assert np.array_equal(open_bands(tmp_path / "three.npy"), pixels(16))
    with pytest.raises(DataError, match=r"5 bands cannot be written as '\.jpg'"):
        save_photo(Photo(five), tmp_path / "five.jpg")


def labels(highest: int) -> Encoding:
    classes = ((0, 0, 0), (highest, highest, highest))
    return Encoding(kind="labels", channels=2, classes=classes)


@pytest.mark.parametrize(
    ("encoding", "depth", "fitting"),
    [
        (Encoding(), 8, {".JPG": ".JPG", ".png": ".png", ".webp": ".webp", ".npy": ".png"}),
        (Encoding(), 8, {".gif": ".png", ".GIF": ".png", ".avif": ".avif", ".HEIC": ".HEIC"}),
        (Encoding(kind="grey", channels=1), 16, {".jpg": ".jpg", ".tif": ".tif", ".npy": ".png"}),
        (
            Encoding(kind="grey", channels=1, depth=16),
            8,
            {".jpg": ".png", ".bmp": ".png", ".TIF": ".TIF", ".png": ".png", ".npy": ".png"},
        ),
        (labels(9), 8, {".jpg": ".png", ".webp": ".png", ".npy": ".png", ".bmp": ".bmp"}),
        (labels(9), 16, {".TIF": ".TIF", ".bmp": ".png"}),
        (labels(256), 8, {".png": ".png", ".tiff": ".tiff", ".bmp": ".png", ".jpeg": ".png"}),
        (
            Encoding(kind="bands", channels=5),
            8,
            {".npy": ".npy", ".TIFF": ".TIFF", ".tif": ".tif", ".png": ".tif", ".jpg": ".tif"},
        ),
    ],
)
def test_a_translation_keeps_its_suffix_if_the_format_can_hold_it(
    tmp_path: Path, encoding: Encoding, depth: Literal[8, 16], fitting: dict[str, str]
) -> None:
    for suffix, expected in fitting.items():
        assert fitting_suffix(suffix, encoding, depth) == expected
        file = tmp_path / f"translation{expected}"
        decoded = encoding.decode(torch.zeros(encoding.channels, 4, 6), depth)
        save_photo(Photo(decoded), file)
        back = open_samples(file, encoding.kind)
        if encoding.kind in ("labels", "bands") or encoding.depth == 16:
            assert np.array_equal(back, np.broadcast_to(decoded, back.shape))
