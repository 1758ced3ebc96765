"""What a photo's file says beside its pixels, and what of it a translation may say too."""

import math
import re
from dataclasses import dataclass
from typing import Any, BinaryIO

from PIL import Image

from translate.images.exif import DETAILS, EXCHANGE, POSITION, renew_exif
from translate.images.faults import DECODER_ERRORS, FOREIGN_ERRORS
from translate.images.heads import count_frames
from translate.images.upright import ORIENTATION

IMAGE_TAGS = (0x010E, 0x010F, 0x0110, 0x0131, 0x0132, 0x013B, 0x013C, 0x8298)
"""EXIF's in the main table of a TIFF: description, make, model, software, date, artist, host
computer, copyright. The others there say how the pixels lie."""
UNTRUE_IN_XMP = re.compile(
    rb"(?s)(tiff:Orientation|tiff:Image(?:Width|Length)|exif:Pixel[XY]Dimension)"
    rb"""\s*=\s*("[^"]*"|'[^']*')"""
    rb"|<(tiff:Orientation|tiff:Image(?:Width|Length)|exif:Pixel[XY]Dimension|xmp:Thumbnails)\b"
    rb"[^>]*>.*?</\3\s*>"
)
PRESS = 0x0404  # number of the captions among the things that Photoshop puts into a file
TIFF_PRESS = 33723
MOST_DPI = 1e6  # more is nonsense


@dataclass(frozen=True)
class Facts:
    """What a file says beside its pixels, made right for the photo as it was opened.

    Attributes:
        exif: A block that begins with its byte order, without the mark `Exif`. It has no
            orientation, because the photo is upright, and no thumbnail.
        xmp: Captions, ratings and the like, without orientation, sizes and thumbnails.
        iptc: Captions, keywords and credits as the press writes them, older than XMP.
        dpi: Pixels per inch along and across.
        had_profile: Whether the file named a colour profile, so that what is made of it should name
            its own, sRGB.
        frames: How many the file has; the photo is the first.
    """

    exif: bytes | None = None
    xmp: bytes | None = None
    dpi: tuple[float, float] | None = None
    had_profile: bool = False
    frames: int = 1
    iptc: bytes | None = None


def read_facts(image: Image.Image, stream: BinaryIO, width: int, height: int) -> Facts:
    """Collect what is known of an image; what is damaged is left out.

    Args:
        image: Already loaded: in a PNG facts may lie behind the pixels.
        stream: Where it was opened from.
        width: Of the photo, upright.
        height: Likewise.
    """
    had_profile = bool(image.info.get("icc_profile"))
    exif = _read_exif(image)
    return Facts(
        renew_exif(exif, width, height, had_profile) if exif else None,
        _read_xmp(image.info),
        _read_dpi(image.info.get("dpi")),
        had_profile,
        count_frames(image, stream),
        _read_iptc(image),
    )


def _read_exif(image: Image.Image) -> bytes | None:
    try:
        if image.format == "TIFF":
            return _gather_exif(image.getexif())
        if isinstance(block := image.info.get("exif"), bytes):
            return block
        if words := image.info.get("Raw profile type exif"):  # ImageMagick's, in PNG
            return bytes.fromhex("".join(str(words).split("\n")[3:]))
    except (*DECODER_ERRORS, *FOREIGN_ERRORS):
        pass
    return None


def _gather_exif(tags: Image.Exif) -> bytes | None:
    """Make a block of what a TIFF has in its own tables."""
    gathered = Image.Exif()
    for tag in IMAGE_TAGS:
        if tag in tags:
            gathered[tag] = tags[tag]
    for tag in (DETAILS, POSITION):
        inner = {key: value for key, value in tags.get_ifd(tag).items() if key != EXCHANGE}
        if inner:
            gathered[tag] = inner
    gathered.pop(ORIENTATION, None)
    return gathered.tobytes() if gathered else None


def _read_xmp(info: dict[Any, Any]) -> bytes | None:
    xmp = info.get("xmp") or info.get("XML:com.adobe.xmp")
    xmp = xmp.encode() if isinstance(xmp, str) else xmp
    return UNTRUE_IN_XMP.sub(b"", xmp).rstrip(b"\0") or None if isinstance(xmp, bytes) else None


def _read_iptc(image: Image.Image) -> bytes | None:
    things = image.info.get("photoshop")
    found = things.get(PRESS) if isinstance(things, dict) else None
    try:
        if image.format == "TIFF":
            found = image.tag_v2.get(TIFF_PRESS)  # type: ignore[attr-defined]
    except (*DECODER_ERRORS, *FOREIGN_ERRORS):
        return None
    return found if isinstance(found, bytes) and found else None  # else: of a type it must not have


def _read_dpi(dpi: Any) -> tuple[float, float] | None:
    try:
        along, across = (float(value) for value in dpi)
    except (TypeError, ValueError, ArithmeticError):
        return None
    if all(math.isfinite(value) and 0 < value < MOST_DPI for value in (along, across)):
        return along, across
    return None
