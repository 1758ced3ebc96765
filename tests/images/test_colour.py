"""Profiles are made here from their definition, so that no file of unknown origin is needed."""

import io
import struct
from pathlib import Path

import cv2
import numpy as np
import pytest
import tifffile
from PIL import Image, ImageCms

from translate.images import open_photo, open_samples, save_photo
from translate.images.colour import deep_to_srgb, srgb_profile

# Display P3 primaries adapted to D50, as in its published profile, columns red, green, blue.
P3 = ((0.5151, 0.2412, -0.0011), (0.2920, 0.6922, 0.0419), (0.1571, 0.0666, 0.7841))
WHITE_D50 = (0.9642, 1.0, 0.8249)


def fixed(value: float) -> bytes:
    return struct.pack(">i", round(value * 65536))


def xyz(values: tuple[float, ...]) -> bytes:
    return b"XYZ \0\0\0\0" + b"".join(map(fixed, values))


def curve(gamma: float) -> bytes:
    return b"para\0\0\0\0" + struct.pack(">HH", 0, 0) + fixed(gamma)


def text(words: str) -> bytes:
    encoded = words.encode("utf-16-be")
    return b"mluc\0\0\0\0" + struct.pack(">II4sII", 1, 12, b"enUS", len(encoded), 28) + encoded


def profile(colours: bytes, tags: dict[bytes, bytes]) -> bytes:
    """Assemble an ICC profile, version 4: header, table of tags, tags."""
    tags = {b"desc": text("made for a test"), b"cprt": text("none"), b"wtpt": xyz(WHITE_D50)} | tags
    start = 128 + 4 + 12 * len(tags)
    table, body = struct.pack(">I", len(tags)), b""
    for name, content in tags.items():
        padded = content + b"\0" * (-len(content) % 4)
        table += struct.pack(">4sII", name, start + len(body), len(content))
        body += padded
    head = struct.pack(
        ">I4sI4s4s4s", start + len(body), b"\0" * 4, 0x04000000, b"mntr", colours, b"XYZ "
    )
    head += b"\0" * 12 + b"acsp" + b"\0" * 28 + b"".join(map(fixed, WHITE_D50))
    return head.ljust(128, b"\0") + table + body


def rgb_profile(gamma: float = 2.2) -> bytes:
    curves = dict.fromkeys((b"rTRC", b"gTRC", b"bTRC"), curve(gamma))
    names = (b"rXYZ", b"gXYZ", b"bXYZ")
    return profile(b"RGB ", curves | {n: xyz(c) for n, c in zip(names, P3, strict=True)})


def test_a_wide_gamut_photo_is_converted_to_srgb(tmp_path: Path) -> None:
    file = tmp_path / "p3.png"
    Image.new("RGB", (4, 4), (200, 100, 100)).save(file, icc_profile=rgb_profile())

    red, green, blue = open_photo(file).pixels[0, 0].astype(int)

    # The same numbers mean a stronger red in Display P3: (213, 93, 96) by its matrix.
    assert (red, green, blue) == pytest.approx((213, 93, 96), abs=3)


def test_greys_stay_grey_under_a_wide_gamut(tmp_path: Path) -> None:
    file = tmp_path / "p3.jpg"
    Image.new("RGB", (8, 8), (128, 128, 128)).save(file, quality=100, icc_profile=rgb_profile())

    pixel = open_photo(file).pixels[0, 0].astype(int)

    assert pixel == pytest.approx([128] * 3, abs=2)


def test_a_grey_profile_is_honoured(tmp_path: Path) -> None:
    file = tmp_path / "linear.png"
    linear = profile(b"GRAY", {b"kTRC": curve(1.0)})
    Image.new("L", (4, 4), 128).save(file, icc_profile=linear)

    # Half of the light is 188 in sRGB: 255 x (1.055 x 0.502 ** (1 / 2.4) - 0.055).
    assert open_photo(file).pixels[0, 0].astype(int) == pytest.approx([188] * 3, abs=2)


def test_alpha_survives_conversion(tmp_path: Path) -> None:
    file = tmp_path / "p3.png"
    Image.new("RGBA", (4, 4), (200, 100, 100, 50)).save(file, icc_profile=rgb_profile())

    photo = open_photo(file)

    assert photo.alpha is not None
    assert photo.alpha.max() == 50
    assert photo.pixels[0, 0, 0] > 205


def test_deep_and_shallow_photos_get_the_same_colours(tmp_path: Path) -> None:
    shallow = np.random.default_rng(0).integers(0, 256, (16, 16, 3), dtype=np.uint8)
    file = tmp_path / "p3.png"
    Image.fromarray(shallow).save(file, icc_profile=rgb_profile())

    deep = deep_to_srgb(shallow.astype(np.uint16) * 257, rgb_profile())

    assert deep.dtype == np.uint16
    difference = np.abs(deep / 257 - open_photo(file).pixels)
    assert difference.mean() < 0.5
    assert np.quantile(difference, 0.98) < 2


def test_a_deep_gradient_stays_smooth() -> None:
    ramp = np.arange(20000, 24000, dtype=np.uint16).reshape(1, -1, 1).repeat(3, axis=2)

    converted = deep_to_srgb(ramp, rgb_profile())[0, :, 0].astype(int)

    assert (np.diff(converted) >= 0).all()
    assert len(np.unique(converted)) > 2000


def test_a_deep_file_with_a_profile_is_converted(tmp_path: Path) -> None:
    file = tmp_path / "p3.png"
    cv2.imwrite(str(file), np.full((4, 4, 3), (100, 100, 200), dtype=np.uint16) * 257)
    content = file.read_bytes()
    with Image.open(file) as image:
        image.save(tmp_path / "shallow.png", icc_profile=rgb_profile())
    shallow = (tmp_path / "shallow.png").read_bytes()
    start = shallow.index(b"iCCP") - 4
    chunk = shallow[start : start + 12 + struct.unpack(">I", shallow[start : start + 4])[0]]
    file.write_bytes(content[:33] + chunk + content[33:])

    pixel = open_photo(file).pixels[0, 0] / 257

    assert pixel == pytest.approx([213, 93, 96], abs=3)


@pytest.mark.parametrize("suffix", [".png", ".tif"])
@pytest.mark.parametrize("depth", [np.uint8, np.uint16])
def test_labels_keep_their_numbers_whatever_profile_the_file_has(
    tmp_path: Path, suffix: str, depth: type
) -> None:
    file = tmp_path / f"labels{suffix}"
    linear = profile(b"GRAY", {b"kTRC": curve(1.0)})
    classes = np.arange(64, dtype=depth).reshape(8, 8)
    Image.fromarray(classes).save(file, icc_profile=linear)

    labels = open_samples(file, "labels")

    assert np.array_equal(labels, np.stack([classes] * 3, axis=2))
    assert not np.array_equal(open_samples(file, "photo"), labels)


def test_a_grey_profile_is_honoured_with_sixteen_bits_too(tmp_path: Path) -> None:
    file = tmp_path / "linear.tif"
    linear = profile(b"GRAY", {b"kTRC": curve(1.0)})
    Image.fromarray(np.full((4, 4), 128 * 257, np.uint16)).save(file, icc_profile=linear)

    assert open_photo(file).pixels[0, 0] / 257 == pytest.approx([188] * 3, abs=2)


def test_a_grey_profile_says_nothing_of_colours() -> None:
    colours = np.array([[[1, 2, 3]]], np.uint16)

    assert np.array_equal(deep_to_srgb(colours, profile(b"GRAY", {b"kTRC": curve(1.0)})), colours)


@pytest.mark.parametrize("suffix", [".jpg", ".png", ".webp", ".tif", ".avif", ".heic"])
@pytest.mark.parametrize("depth", [8, 16])
def test_what_had_a_profile_is_written_with_that_of_srgb(
    tmp_path: Path, suffix: str, depth: int
) -> None:
    file = tmp_path / "p3.tif"
    colours = np.full((16, 16, 3), (200, 100, 100), np.uint8)
    scale = 1 if depth == 8 else np.uint16(257)
    tifffile.imwrite(file, colours * scale, photometric="rgb", iccprofile=rgb_profile())

    save_photo(open_photo(file), tmp_path / f"out{suffix}")

    with Image.open(tmp_path / f"out{suffix}") as image:
        written = image.info["icc_profile"]
    assert written == srgb_profile()
    pixels = open_photo(tmp_path / f"out{suffix}").pixels
    assert pixels[8, 8] * (255 / np.iinfo(pixels.dtype).max) == pytest.approx([213, 93, 96], abs=5)


def test_what_had_no_profile_is_written_with_none(tmp_path: Path) -> None:
    Image.new("RGB", (4, 4)).save(tmp_path / "in.png")

    save_photo(open_photo(tmp_path / "in.png"), tmp_path / "out.png")

    with Image.open(tmp_path / "out.png") as image:
        assert "icc_profile" not in image.info


def test_the_profile_of_srgb_names_it_and_is_the_same_at_any_time() -> None:
    written = ImageCms.ImageCmsProfile(io.BytesIO(srgb_profile()))

    assert "sRGB" in ImageCms.getProfileDescription(written)
    assert srgb_profile()[24:36] == struct.pack(">6H", 2000, 1, 1, 0, 0, 0)
