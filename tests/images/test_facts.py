import io
import struct
import zlib
from pathlib import Path

import cv2
import numpy as np
import pytest
from PIL import Image, ImageSequence
from PIL.IptcImagePlugin import getiptcinfo
from PIL.PngImagePlugin import PngInfo

from tests.exif_toys import block, camera_exif
from translate.images import Facts, Photo, open_photo, save_photo
from translate.images.facts import read_facts
from translate.images.upright import turn_upright

FORMATS = (".jpg", ".png", ".webp", ".tif", ".avif", ".heic")
STORED = np.zeros((48, 64, 3), np.uint8)
STORED[:24, :32] = 250  # one bright corner tells where up is
XMP = (
    b'<x:xmpmeta><rdf:Description tiff:Orientation="6" xmp:Rating="5"><dc:title>Sea</dc:title>'
    b"<tiff:Orientation>6</tiff:Orientation><exif:PixelXDimension>9</exif:PixelXDimension>"
    b"<xmp:Thumbnails><rdf:Alt>old picture</rdf:Alt></xmp:Thumbnails></rdf:Description></x:xmpmeta>"
)


def exif_of(facts: Facts | None) -> Image.Exif:
    assert facts is not None
    assert facts.exif is not None
    exif = Image.Exif()
    exif.load(facts.exif)
    return exif


def facts_of(file: Path) -> Facts:
    facts = open_photo(file).facts
    assert facts is not None
    return facts


def drawn(file: Path, **options: object) -> Path:
    if file.suffix == ".tif" and isinstance(block := options.get("exif"), bytes):
        options["exif"] = (exif := Image.Exif())
        exif.load(block)
    Image.fromarray(STORED).save(file, **options)
    return file


@pytest.mark.parametrize("suffix", FORMATS)
@pytest.mark.parametrize("orientation", range(1, 9))
def test_a_photo_stands_upright_once_and_keeps_camera_date_and_place(
    tmp_path: Path, suffix: str, orientation: int
) -> None:
    file = drawn(tmp_path / f"in{suffix}", exif=block(orientation))
    upright = turn_upright(STORED, orientation)

    photo = open_photo(file)
    save_photo(photo, tmp_path / f"out{suffix}")
    again = open_photo(tmp_path / f"out{suffix}")

    for each in (photo, again):
        assert each.pixels.shape == upright.shape
        assert np.abs(each.pixels.astype(int) - upright).mean() < 5
        exif = exif_of(each.facts)
        assert 0x0112 not in exif
        assert (exif[0x010F], exif[0x0110]) == ("Maker", "Model X")
        details = exif.get_ifd(0x8769)
        assert details[0x9003] == "2020:01:02 03:04:05"
        assert (details[0xA003], details[0xA002]) == upright.shape[:2]
        assert exif.get_ifd(0x8825)[2] == (10.0, 20.0, 30.0)
    with Image.open(tmp_path / f"out{suffix}") as image:
        assert image.getexif().get(0x0112, 1) == 1


def with_chunk(png: bytes, name: bytes, content: bytes, start: int) -> bytes:
    check = struct.pack(">I", zlib.crc32(name + content))
    return png[:start] + struct.pack(">I", len(content)) + name + content + check + png[start:]


@pytest.mark.parametrize("place", [33, -12])
@pytest.mark.parametrize("depth", [np.uint8, np.uint16])
def test_exif_of_a_png_may_lie_before_or_behind_the_pixels(
    tmp_path: Path, place: int, depth: type
) -> None:
    file = tmp_path / "photo.png"
    png = cv2.imencode(".png", STORED.astype(depth))[1].tobytes()
    start = place % len(png) if place < 0 else place
    file.write_bytes(with_chunk(png, b"eXIf", block(6)[6:], start))

    photo = open_photo(file)

    assert photo.pixels.shape == (64, 48, 3)
    assert exif_of(photo.facts)[0x0110] == "Model X"


def test_exif_that_imagemagick_wrote_as_text_is_read(tmp_path: Path) -> None:
    words = PngInfo()
    exif = block(1)
    words.add_text("Raw profile type exif", f"\nexif\n{len(exif):8}\n{exif.hex()}\n")

    assert exif_of(facts_of(drawn(tmp_path / "a.png", pnginfo=words)))[0x0110] == "Model X"


@pytest.mark.filterwarnings("ignore")  # Pillow's, about the nonsense it reads
@pytest.mark.parametrize("exif", [b"Exif\0\0nonsense", block()[:40], b"Exif\0\0II*\0\xff\xff\0\0"])
@pytest.mark.parametrize("suffix", [".jpg", ".png", ".webp"])
def test_damaged_exif_is_dropped_and_the_photo_opened(
    tmp_path: Path, suffix: str, exif: bytes
) -> None:
    photo = open_photo(drawn(tmp_path / f"photo{suffix}", exif=exif))

    assert photo.pixels.shape == STORED.shape
    assert photo.facts is not None
    assert photo.facts.exif is None


@pytest.mark.parametrize("suffix", [s for s in FORMATS if s not in (".tif", ".png")])
def test_captions_and_ratings_are_kept_without_what_is_untrue_now(
    tmp_path: Path, suffix: str
) -> None:
    xmp = facts_of(drawn(tmp_path / f"photo{suffix}", xmp=XMP)).xmp

    assert xmp is not None
    assert b'xmp:Rating="5"' in xmp
    assert b"<dc:title>Sea</dc:title>" in xmp
    for gone in (b"Orientation", b"PixelXDimension", b"Thumbnails", b"old picture"):
        assert gone not in xmp


def test_captions_of_png_and_tiff_are_kept_too(tmp_path: Path) -> None:
    words = PngInfo()
    words.add_itxt("XML:com.adobe.xmp", XMP.decode())
    png = drawn(tmp_path / "photo.png", pnginfo=words)
    tiff = drawn(tmp_path / "photo.tif", tiffinfo={700: XMP})

    for file in (png, tiff):
        assert b'xmp:Rating="5"' in (facts_of(file).xmp or b"")


@pytest.mark.parametrize("suffix", [".jpg", ".png", ".tif"])
def test_resolution_is_known(tmp_path: Path, suffix: str) -> None:
    dpi = facts_of(drawn(tmp_path / f"photo{suffix}", dpi=(300, 150))).dpi

    assert dpi == pytest.approx((300, 150), abs=0.02)


@pytest.mark.parametrize("dpi", [None, (0, 72), (float("inf"), 72), (float("nan"), 72), 72, ("a",)])
def test_resolution_that_makes_no_sense_is_dropped(dpi: object) -> None:
    image = Image.new("RGB", (4, 3))
    image.info["dpi"] = dpi
    assert read_facts(image, io.BytesIO(), 4, 3) == Facts()


@pytest.mark.parametrize("suffix", [".gif", ".webp", ".png", ".avif", ".tif"])
@pytest.mark.parametrize("frames", [1, 3])
def test_frames_are_counted_and_the_first_is_taken(
    tmp_path: Path, suffix: str, frames: int
) -> None:
    file = tmp_path / f"moving{suffix}"
    images = [Image.new("RGB", (16, 16), colour) for colour in ("red", "blue", "lime")]
    images[0].save(file, save_all=True, append_images=images[1:frames])

    photo = open_photo(file)

    assert photo.facts is not None
    assert photo.facts.frames == frames
    assert photo.pixels[8, 8].astype(int) == pytest.approx([255, 0, 0], abs=8)


def test_a_map_of_brightness_behind_a_telephones_jpeg_is_no_frame(tmp_path: Path) -> None:
    file = tmp_path / "photo.jpg"
    image = Image.fromarray(STORED)
    smaller = image.convert("L").resize((image.width // 2, image.height // 2))
    image.save(file, "MPO", save_all=True, append_images=[smaller])

    photo = open_photo(file)

    assert photo.facts is not None
    assert photo.facts.frames == 1
    assert photo.pixels.shape == STORED.shape


def test_two_photos_in_one_jpeg_are_two_frames(tmp_path: Path) -> None:
    file = tmp_path / "photo.jpg"
    image = Image.fromarray(STORED)
    image.save(file, "MPO", save_all=True, append_images=[image])

    photo = open_photo(file)

    assert photo.facts is not None
    assert photo.facts.frames == 2
    assert photo.pixels.shape == STORED.shape


def test_an_animation_cut_short_still_gives_its_first_frame(tmp_path: Path) -> None:
    file = tmp_path / "moving.gif"
    images = [Image.effect_noise((64, 64), 50) for _ in range(3)]
    images[0].save(file, save_all=True, append_images=images[1:])
    file.write_bytes(file.read_bytes()[:-2000])

    with Image.open(file) as image:
        first = next(ImageSequence.Iterator(image)).convert("RGB")
    assert np.array_equal(open_photo(file).pixels, np.asarray(first))


def test_without_colour_management_no_facts_are_read(tmp_path: Path) -> None:
    file = drawn(tmp_path / "photo.jpg", exif=camera_exif())

    assert open_photo(file, is_managed=False).facts is None


@pytest.mark.parametrize("into", [".jpg", ".tif"])
@pytest.mark.parametrize("suffix", [".jpg", ".tif"])
@pytest.mark.parametrize("caption", [b"Sea", b"Lake"], ids=["odd", "even"])
def test_captions_of_the_press_come_along(
    tmp_path: Path, suffix: str, into: str, caption: bytes
) -> None:
    iptc = b"\x1c\x02\x78\x00" + bytes([len(caption)]) + caption
    photo = Photo(STORED, facts=Facts(iptc=iptc))
    save_photo(photo, tmp_path / f"first{suffix}")

    save_photo(open_photo(tmp_path / f"first{suffix}"), tmp_path / f"second{into}")

    with Image.open(tmp_path / f"second{into}") as image:
        assert getiptcinfo(image) == {(2, 120): caption}
    assert facts_of(tmp_path / f"second{into}").iptc == iptc
