from pathlib import Path

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from PIL import Image

from tests.exif_toys import block
from translate.errors import DataError
from translate.images import (
    WRITABLE_SUFFIXES,
    Facts,
    Photo,
    Pixels,
    encode_photo,
    open_photo,
    save_photo,
    what_is_lost,
)
from translate.images.encoders import _shallow

EXIF = block(1)[6:]
XMP = b'<x:xmpmeta><rdf:Description xmp:Rating="5"/></x:xmpmeta>'
IPTC = b"\x1c\x02\x78\x00\x03Sea"  # a data set of record 2: the caption
FACTS = Facts(EXIF, XMP, (300.0, 150.0), had_profile=True)
SMOOTH = np.linspace(40, 210, 48 * 64).reshape(48, 64, 1).repeat(3, axis=2)
HOLDS_FACTS = [suffix for suffix in WRITABLE_SUFFIXES if suffix != ".bmp"]


def pixels(depth: int, channels: int = 3) -> Pixels:
    rgb = SMOOTH.astype(np.uint8) if depth == 8 else (SMOOTH * 257 + 100).astype(np.uint16)
    return rgb[..., :channels]


@pytest.mark.parametrize("suffix", HOLDS_FACTS)
@pytest.mark.parametrize("depth", [8, 16])
@pytest.mark.parametrize("channels", [1, 3])
@pytest.mark.parametrize("has_alpha", [False, True])
def test_facts_are_kept_at_any_depth_in_grey_and_in_colour(
    tmp_path: Path, suffix: str, depth: int, channels: int, has_alpha: bool
) -> None:
    file = tmp_path / f"photo{suffix}"
    alpha = pixels(depth)[..., 0] if has_alpha else None

    save_photo(Photo(pixels(depth, channels), alpha, FACTS), file)

    facts = open_photo(file).facts
    assert facts is not None
    assert facts.had_profile
    assert facts.xmp == XMP
    assert facts.exif is not None
    exif = Image.Exif()
    exif.load(facts.exif)
    assert (exif[0x010F], exif[0x0110]) == ("Maker", "Model X")
    assert exif.get_ifd(0x8769)[0x9003] == "2020:01:02 03:04:05"
    assert exif.get_ifd(0x8769)[0x829A] == pytest.approx(0.01)
    assert exif.get_ifd(0x8825)[2] == (10.0, 20.0, 30.0)
    if suffix in (".jpg", ".jpeg", ".png", ".tif", ".tiff"):
        assert facts.dpi == pytest.approx((300, 150), abs=0.02)


@pytest.mark.parametrize("suffix", [".jpg", ".webp", ".avif", ".heic"])
def test_lower_quality_takes_fewer_bytes(suffix: str) -> None:
    noise = np.random.default_rng(0).integers(0, 256, (64, 64, 3), dtype=np.uint8)

    sizes = [len(encode_photo(Photo(noise), suffix, quality)) for quality in (1, 50, None, 100)]

    assert sizes == sorted(set(sizes))


@pytest.mark.parametrize("suffix", [".png", ".tif", ".bmp", ".npy"])
def test_formats_without_loss_take_no_notice_of_quality(suffix: str) -> None:
    photo = Photo(pixels(8))

    assert encode_photo(photo, suffix, 1) == encode_photo(photo, suffix)


@pytest.mark.parametrize("quality", [0, 101, -1])
def test_a_quality_that_does_not_exist_is_refused(quality: int) -> None:
    with pytest.raises(DataError, match=f"in quality {quality}. Choose one from 1 to 100"):
        encode_photo(Photo(pixels(8)), ".jpg", quality)


@pytest.mark.parametrize(
    ("suffix", "lost"),
    [
        (".png", []),
        (".TIF", []),
        (".webp", ["8 of 16 bits a channel"]),
        (".heic", ["8 of 16 bits a channel"]),
        (".jpg", ["transparency", "8 of 16 bits a channel"]),
        (
            ".bmp",
            [
                "transparency",
                "8 of 16 bits a channel",
                "camera data (EXIF)",
                "captions and ratings (XMP)",
            ],
        ),
        (".npy", ["transparency", "camera data (EXIF)", "captions and ratings (XMP)"]),
    ],
)
def test_what_a_format_cannot_hold_is_said(suffix: str, lost: list[str]) -> None:
    photo = Photo(pixels(16), pixels(16)[..., 0], FACTS)

    assert what_is_lost(photo, suffix) == lost
    assert what_is_lost(Photo(pixels(8)), suffix) == []


@pytest.mark.parametrize(
    ("facts", "lost"),
    [
        (Facts(exif=EXIF.ljust(65_528, b"\0")), ["camera data (EXIF)"]),
        (Facts(exif=EXIF.ljust(65_527, b"\0")), []),
        (Facts(xmp=XMP.ljust(65_505)), ["captions and ratings (XMP)"]),
        (Facts(xmp=XMP.ljust(65_504)), []),
        (Facts(iptc=IPTC.ljust(65_507)), ["captions and credits (IPTC)"]),
        (Facts(iptc=IPTC.ljust(65_506)), []),
    ],
)
def test_what_is_too_long_for_a_jpeg_is_lost_and_said_but_the_photo_is_written(
    tmp_path: Path, facts: Facts, lost: list[str]
) -> None:
    photo = Photo(pixels(8), None, facts)

    save_photo(photo, tmp_path / "photo.jpg")

    assert what_is_lost(photo, ".jpg") == lost
    back = open_photo(tmp_path / "photo.jpg").facts
    assert back is not None
    assert (back.exif is None) == (facts.exif is None or lost != [])
    assert (back.xmp is None) == (facts.xmp is None or lost != [])


@settings(max_examples=100, deadline=None)
@given(st.integers(0, 65535))
def test_eight_bits_are_the_nearest(value: int) -> None:
    assert _shallow(np.array([value], np.uint16))[0] == round(value / 257)


def test_the_same_photo_gives_the_same_bytes() -> None:
    for suffix in WRITABLE_SUFFIXES:
        photo = Photo(pixels(16), None, FACTS)
        assert encode_photo(photo, suffix) == encode_photo(photo, suffix)
