import io
import struct
import zlib
from pathlib import Path

import cv2
import numpy as np
import pytest
from PIL import Image, ImageCms

from translate.errors import DataError
from translate.images import Pixels, open_photo, set_pixel_limit, to_tensor

QUARTERS = np.array([[[255, 0, 0], [0, 255, 0]], [[0, 0, 255], [255, 255, 255]]], dtype=np.uint8)
ROTATED = 0x0112  # the EXIF tag


def save(image: Image.Image, file: Path, **options: object) -> Path:
    image.save(file, **options)
    return file


def png_chunk(name: bytes, content: bytes) -> bytes:
    check = zlib.crc32(name + content)
    return struct.pack(">I", len(content)) + name + content + struct.pack(">I", check)


def with_chunk(png: bytes, name: bytes, content: bytes) -> bytes:
    head_end = 8 + 25  # signature, IHDR
    return png[:head_end] + png_chunk(name, content) + png[head_end:]


def first_pixel(file: Path) -> list[int]:
    return [int(value) for value in open_photo(file).pixels[0, 0]]


@pytest.mark.parametrize("suffix", [".png", ".bmp", ".tif", ".webp"])
def test_rgb_is_read_as_it_is(tmp_path: Path, suffix: str) -> None:
    options = {"lossless": True} if suffix == ".webp" else {}
    file = save(Image.fromarray(QUARTERS), tmp_path / f"photo{suffix}", **options)

    photo = open_photo(file)

    assert np.array_equal(photo.pixels, QUARTERS)
    assert photo.pixels.dtype == np.uint8
    assert photo.alpha is None


@pytest.mark.parametrize(("mode", "value", "expected"), [("L", 70, 70), ("1", 1, 255)])
def test_grey_and_one_bit_get_three_equal_channels(
    tmp_path: Path, mode: str, value: int, expected: int
) -> None:
    file = save(Image.new(mode, (3, 2), value), tmp_path / "grey.png")

    assert open_photo(file).pixels.shape == (2, 3, 3)
    assert first_pixel(file) == [expected] * 3


def test_a_palette_is_looked_up(tmp_path: Path) -> None:
    file = save(Image.fromarray(QUARTERS).quantize(4), tmp_path / "palette.png")

    assert np.array_equal(open_photo(file).pixels, QUARTERS)


@pytest.mark.filterwarnings("error")
@pytest.mark.parametrize("transparency", [0, b"\x00\x80"])
def test_a_transparent_palette_entry_becomes_alpha(
    tmp_path: Path, transparency: int | bytes
) -> None:
    image = Image.new("P", (2, 1))
    image.putpalette([10, 20, 30, 40, 50, 60])
    image.putpixel((1, 0), 1)
    file = save(image, tmp_path / "palette.png", transparency=transparency)

    photo = open_photo(file)

    assert photo.pixels.tolist() == [[[10, 20, 30], [40, 50, 60]]]
    assert photo.alpha is not None
    assert photo.alpha.tolist() == [[0, 255 if transparency == 0 else 128]]


@pytest.mark.parametrize(("mode", "value"), [("LA", (90, 40)), ("RGBA", (90, 90, 90, 40))])
def test_alpha_is_set_aside(tmp_path: Path, mode: str, value: tuple[int, ...]) -> None:
    photo = open_photo(save(Image.new(mode, (2, 2), value), tmp_path / "alpha.png"))

    assert photo.pixels[0, 0].tolist() == [90, 90, 90]
    assert photo.alpha is not None
    assert photo.alpha.tolist() == [[40, 40], [40, 40]]


@pytest.mark.parametrize("suffix", [".png", ".tif"])
def test_sixteen_bit_rgb_keeps_every_bit_and_its_channel_order(tmp_path: Path, suffix: str) -> None:
    rgb = np.zeros((2, 3, 3), dtype=np.uint16)
    rgb[..., 0], rgb[..., 2] = 65535, 1234
    file = tmp_path / f"deep{suffix}"
    cv2.imwrite(str(file), rgb[..., ::-1])

    photo = open_photo(file)

    assert photo.pixels.dtype == np.uint16
    assert np.array_equal(photo.pixels, rgb)


@pytest.mark.parametrize("suffix", [".png", ".tif"])
def test_sixteen_bit_half_grey_is_near_zero(tmp_path: Path, suffix: str) -> None:
    file = tmp_path / f"deep{suffix}"
    cv2.imwrite(str(file), np.full((4, 4), 32768, dtype=np.uint16))

    assert to_tensor(open_photo(file).pixels).abs().max() < 2e-5


def test_a_dark_sixteen_bit_photo_is_not_taken_for_eight_bits(tmp_path: Path) -> None:
    file = tmp_path / "night.png"
    cv2.imwrite(str(file), np.full((4, 4, 3), 200, dtype=np.uint16))

    assert to_tensor(open_photo(file).pixels).max() < -0.99


@pytest.mark.parametrize("suffix", [".png", ".tif"])
def test_sixteen_bit_alpha_is_set_aside(tmp_path: Path, suffix: str) -> None:
    bgra = np.zeros((2, 2, 4), dtype=np.uint16)
    bgra[..., 0], bgra[..., 3] = 500, 40000
    file = tmp_path / f"deep{suffix}"
    cv2.imwrite(str(file), bgra)

    photo = open_photo(file)

    assert photo.pixels[0, 0].tolist() == [0, 0, 500]
    assert photo.alpha is not None
    assert photo.alpha.dtype == np.uint16
    assert photo.alpha.tolist() == [[40000, 40000], [40000, 40000]]


def oblong() -> tuple[Pixels, Pixels]:
    """An image as a camera held on its side stores it, and as it should be seen."""
    upright = np.arange(2 * 3 * 3, dtype=np.uint8).reshape(2, 3, 3) * 10
    return np.rot90(upright).copy(), upright


@pytest.mark.parametrize("suffix", [".png", ".tif", ".webp"])
def test_orientation_six_is_turned_upright(tmp_path: Path, suffix: str) -> None:
    stored, upright = oblong()
    exif = Image.Exif()
    exif[ROTATED] = 6
    options = {"lossless": True} if suffix == ".webp" else {}
    file = tmp_path / f"turned{suffix}"

    save(Image.fromarray(stored), file, exif=exif, **options)

    assert np.array_equal(open_photo(file).pixels, upright)


@pytest.mark.parametrize("orientation", range(1, 9))
@pytest.mark.parametrize("suffix", [".png", ".tif"])
def test_deep_and_shallow_photos_turn_alike(tmp_path: Path, suffix: str, orientation: int) -> None:
    shallow, deep = tmp_path / f"shallow{suffix}", tmp_path / f"deep{suffix}"
    grey = oblong()[0][..., 0]
    exif = Image.Exif()
    exif[ROTATED] = orientation

    save(Image.fromarray(grey), shallow, exif=exif)
    save(Image.fromarray(grey.astype(np.uint16)), deep, exif=exif)

    assert open_photo(deep).pixels.dtype == np.uint16
    assert np.array_equal(open_photo(deep).pixels, open_photo(shallow).pixels)


def test_cmyk_red_is_red(tmp_path: Path) -> None:
    file = save(Image.new("CMYK", (8, 8), (0, 255, 255, 0)), tmp_path / "print.jpg", quality=100)

    red, green, blue = first_pixel(file)

    assert red > 250
    assert max(green, blue) < 5


def test_the_first_frame_of_an_animation_is_taken(tmp_path: Path) -> None:
    red, blue = (Image.new("RGB", (4, 4), colour) for colour in ("red", "blue"))
    options = {"save_all": True, "append_images": [blue], "lossless": True}

    assert first_pixel(save(red, tmp_path / "moving.webp", **options)) == [255, 0, 0]
    assert first_pixel(save(red, tmp_path / "moving.gif", **options)) == [255, 0, 0]


def test_an_srgb_profile_changes_nothing(tmp_path: Path) -> None:
    icc = ImageCms.ImageCmsProfile(ImageCms.createProfile("sRGB")).tobytes()
    file = save(Image.fromarray(QUARTERS), tmp_path / "photo.png", icc_profile=icc)

    assert np.array_equal(open_photo(file).pixels, QUARTERS)


def test_an_unreadable_profile_is_passed_over(tmp_path: Path) -> None:
    file = save(Image.fromarray(QUARTERS), tmp_path / "photo.png", icc_profile=b"nonsense")

    assert np.array_equal(open_photo(file).pixels, QUARTERS)


def jpeg() -> bytes:
    stream = io.BytesIO()
    noise = np.random.default_rng(0).integers(0, 256, (64, 64, 3), dtype=np.uint8)
    Image.fromarray(noise).save(stream, "JPEG")
    return stream.getvalue()


@pytest.mark.parametrize(
    ("content", "reason"),
    [
        (b"", "is empty (0 bytes)"),
        (b"just words", "is not an image"),
        (jpeg()[:1500], "is cut short"),
    ],
)
def test_foreign_and_short_files_are_named_with_the_reason(
    tmp_path: Path, content: bytes, reason: str
) -> None:
    file = tmp_path / "photo.jpg"
    file.write_bytes(content)

    with pytest.raises(DataError) as caught:
        open_photo(file)

    assert str(caught.value).startswith(f"{file}: {reason}")
    assert "Mend the file or remove it." in str(caught.value)


@pytest.mark.filterwarnings("ignore")  # Pillow's, about the nonsense it reads
@pytest.mark.parametrize("suffix", [".jpg", ".png", ".webp", ".tif", ".bmp"])
def test_scrambled_files_raise_nothing_but_data_errors(tmp_path: Path, suffix: str) -> None:
    file = save(Image.open(io.BytesIO(jpeg())), tmp_path / f"photo{suffix}")
    content, dice = file.read_bytes(), np.random.default_rng(0)
    refused = 0

    for _ in range(30):
        scrambled = bytearray(content[: dice.integers(1, 2 * len(content))])
        for place in dice.integers(min(300, len(scrambled)), size=3):
            scrambled[place] = dice.integers(256)
        file.write_bytes(scrambled)
        try:
            open_photo(file)
        except DataError:
            refused += 1

    assert refused > 0


def test_a_deep_file_cut_short_is_refused(tmp_path: Path) -> None:
    file = tmp_path / "deep.png"
    noise = np.random.default_rng(0).integers(0, 2**16, (32, 32, 3), dtype=np.uint16)
    cv2.imwrite(str(file), noise)
    file.write_bytes(file.read_bytes()[:3000])

    with pytest.raises(DataError, match=r"deep\.png: is (cut short|damaged)"):
        open_photo(file)


def test_a_missing_file_is_named(tmp_path: Path) -> None:
    with pytest.raises(DataError, match=r"nowhere\.jpg: there is no such file"):
        open_photo(tmp_path / "nowhere.jpg")


def test_a_folder_is_no_photo(tmp_path: Path) -> None:
    with pytest.raises(DataError, match="is a folder, not a photo"):
        open_photo(tmp_path)


@pytest.mark.parametrize("limit", [300, 150, 1])
@pytest.mark.filterwarnings("error")  # Pillow's own limit must not speak
def test_too_many_pixels_are_refused_and_the_limit_named(tmp_path: Path, limit: int) -> None:
    file = save(Image.new("L", (20, 16)), tmp_path / "bomb.png")
    set_pixel_limit(limit)

    with pytest.raises(DataError, match=rf"bomb\.png: has more than {limit} pixels"):
        open_photo(file)


def test_floating_point_samples_are_refused_with_advice(tmp_path: Path) -> None:
    file = tmp_path / "float.tif"
    cv2.imwrite(str(file), np.zeros((4, 4), dtype=np.float32))

    with pytest.raises(DataError, match="float32 samples, expected 8 or 16 bits"):
        open_photo(file)
