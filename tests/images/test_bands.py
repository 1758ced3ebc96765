from pathlib import Path

import cv2
import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from PIL import Image

from translate.errors import DataError
from translate.images import Pixels, open_bands, open_photo, open_samples, save_bands

RGBA = np.random.default_rng(0).integers(0, 256, (6, 9, 4), dtype=np.uint8)


def noise(depth: int, *shape: int) -> Pixels:
    kind = np.uint8 if depth == 8 else np.uint16
    return np.random.default_rng(0).integers(2**depth, size=shape, dtype=kind)


@settings(max_examples=40, deadline=None)
@given(
    channels=st.integers(1, 7),
    depth=st.sampled_from([8, 16]),
    suffix=st.sampled_from([".npy", ".tif", ".TIFF"]),
    height=st.integers(1, 20),
    width=st.integers(1, 20),
)
def test_any_number_of_bands_comes_back_exactly(
    tmp_path_factory: pytest.TempPathFactory,
    channels: int,
    depth: int,
    suffix: str,
    height: int,
    width: int,
) -> None:
    file = tmp_path_factory.getbasetemp() / f"bands{suffix}"
    pixels = noise(depth, height, width, channels)

    save_bands(pixels, file)

    back = open_bands(file)
    assert back.dtype == pixels.dtype
    assert np.array_equal(back, pixels)


def test_what_is_saved_has_smooth_bands_compressed(tmp_path: Path) -> None:
    save_bands(np.zeros((100, 100, 7), np.uint16), tmp_path / "new" / "bands.tif")

    assert (tmp_path / "new" / "bands.tif").stat().st_size < 2000
    assert [entry.name for entry in (tmp_path / "new").iterdir()] == ["bands.tif"]


def test_bands_laid_out_otherwise_are_saved_alike(tmp_path: Path) -> None:
    pixels = np.asfortranarray(noise(16, 6, 9, 5))

    for name in ("bands.npy", "bands.tif"):
        save_bands(pixels, tmp_path / name)
        assert np.array_equal(open_bands(tmp_path / name), pixels)


def test_formats_without_bands_are_refused_with_those_that_have_them(tmp_path: Path) -> None:
    with pytest.raises(
        DataError, match=r"b\.png: 5 bands cannot be .* '\.png'. Choose one of \.npy, \.tif, \.tiff"
    ):
        save_bands(noise(8, 4, 4, 5), tmp_path / "b.png")


@pytest.mark.parametrize("name", ["bands.npy", "bands.tif"])
def test_failing_at_the_last_step_leaves_no_temporary_file(tmp_path: Path, name: str) -> None:
    (tmp_path / name).mkdir()

    with pytest.raises(DataError, match=rf"{name}: could not be written \(Is a directory\)"):
        save_bands(noise(8, 3, 4, 5), tmp_path / name)

    assert [entry.name for entry in tmp_path.iterdir()] == [name]


@pytest.mark.parametrize("mode", ["L", "LA", "RGB", "RGBA"])
def test_other_images_give_their_channels_alpha_among_them(tmp_path: Path, mode: str) -> None:
    image = Image.fromarray(RGBA).convert(mode)
    image.save(tmp_path / "image.png")

    pixels = open_bands(tmp_path / "image.png")

    assert pixels.shape == (6, 9, len(mode))
    assert np.array_equal(pixels, np.asarray(image).reshape(6, 9, -1))


@pytest.mark.parametrize("channels", [1, 3, 4])
def test_sixteen_bits_and_the_order_of_colours_are_kept(tmp_path: Path, channels: int) -> None:
    stored = noise(16, 6, 9, channels)
    cv2.imwrite(str(tmp_path / "deep.png"), stored)  # which takes them for BGR

    order = [2, 1, 0, 3][:channels] if channels > 1 else [0]
    assert np.array_equal(open_bands(tmp_path / "deep.png"), stored[..., order])


def test_a_palette_is_not_looked_up_and_one_bit_is_black_and_white(tmp_path: Path) -> None:
    palette = Image.fromarray(RGBA[..., :3]).quantize(7)
    palette.save(tmp_path / "palette.png")
    Image.fromarray(RGBA[..., 0] > 99).save(tmp_path / "bit.png")

    assert np.array_equal(open_bands(tmp_path / "palette.png")[..., 0], np.asarray(palette))
    assert np.array_equal(
        open_bands(tmp_path / "bit.png")[..., 0], np.where(RGBA[..., 0] > 99, 255, 0)
    )


@pytest.mark.parametrize("deep", [False, True])
def test_other_images_are_turned_upright(tmp_path: Path, deep: bool) -> None:
    exif = Image.Exif()
    exif[0x0112] = 6
    stored = RGBA[..., 0].astype(np.uint16 if deep else np.uint8)
    Image.fromarray(stored).save(tmp_path / "turned.png", exif=exif)

    assert np.array_equal(open_bands(tmp_path / "turned.png")[..., 0], np.rot90(stored, -1))


def test_the_content_counts_not_the_suffix(tmp_path: Path) -> None:
    pixels = noise(8, 6, 9, 5)
    save_bands(pixels, tmp_path / "bands.tif")
    (tmp_path / "bands.tif").rename(tmp_path / "bands.png")

    assert np.array_equal(open_bands(tmp_path / "bands.png"), pixels)


@pytest.mark.parametrize(
    ("content", "reason"),
    [(b"", "is empty (0 bytes)"), (b"just words", "is not an image"), (b"II*\0", "is ")],
)
def test_foreign_and_empty_files_are_named_with_the_reason(
    tmp_path: Path, content: bytes, reason: str
) -> None:
    file = tmp_path / "bands.tif"
    file.write_bytes(content)

    with pytest.raises(DataError) as caught:
        open_bands(file)

    assert str(caught.value).startswith(f"{file}: {reason}")
    assert str(caught.value).endswith("Mend the file or remove it.")


def test_missing_files_and_folders_are_named(tmp_path: Path) -> None:
    with pytest.raises(DataError, match=r"nowhere\.npy: there is no such file"):
        open_bands(tmp_path / "nowhere.npy")
    with pytest.raises(DataError, match="is a folder, not a photo"):
        open_bands(tmp_path)


def test_samples_are_bands_for_bands_and_photos_for_the_rest(tmp_path: Path) -> None:
    file = tmp_path / "image.png"
    Image.fromarray(RGBA).save(file)
    photo = open_photo(file).pixels

    bands = open_samples(file, "bands")

    assert np.array_equal(bands, RGBA)
    assert np.array_equal(open_samples(file, "photo"), photo)
    assert np.array_equal(open_samples(file, "grey"), photo)
    assert np.array_equal(open_samples(file, "labels"), photo)
