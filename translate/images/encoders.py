"""From a photo to the bytes of a file."""

import io
import struct
from typing import Any

import cv2
import numpy as np
import numpy.typing as npt
from PIL import Image

from translate.errors import DataError
from translate.images.bands import encode_bands
from translate.images.colour import srgb_profile
from translate.images.exif import MARK
from translate.images.facts import PRESS, Facts
from translate.images.faults import UnfitError
from translate.images.photo import ARRAY_SUFFIX, WRITABLE_SUFFIXES, Photo
from translate.images.plugins import HEIF_SUFFIXES, expect_avif, expect_heif
from translate.images.png_chunks import with_facts
from translate.images.tensors import Pixels
from translate.images.tiff_files import encode_tiff

JPEG, TIFF = (".jpg", ".jpeg"), (".tif", ".tiff")
KEEPS_ALPHA = (".png", *TIFF, ".webp", ".avif", *HEIF_SUFFIXES)
KEEPS_16_BITS = (".png", *TIFF)
KEEPS_DPI = (*JPEG, ".png", *TIFF)
KEEPS_IPTC = (*JPEG, *TIFF)

OPTIONS: dict[str, dict[str, Any]] = {
    ".jpg": {"format": "JPEG", "quality": 95, "subsampling": 0},  # 0: colours at full resolution
    ".png": {"format": "PNG", "compress_level": 1},
    ".webp": {"format": "WEBP", "quality": 95},
    ".bmp": {"format": "BMP"},
    ".avif": {"format": "AVIF", "quality": 90, "subsampling": "4:4:4"},
    ".heic": {"format": "HEIF", "quality": 90, "chroma": 444},
}
OPTIONS |= {".jpeg": OPTIONS[".jpg"], ".heif": OPTIONS[".heic"]}
# Of photos half the time of Pillow's fastest, and a tenth fewer bytes.
PNG_OPTIONS = [
    *(cv2.IMWRITE_PNG_COMPRESSION, 1),
    *(cv2.IMWRITE_PNG_STRATEGY, cv2.IMWRITE_PNG_STRATEGY_RLE),
]
OPENCV_ORDER = {1: [0], 2: [0, 0, 0, 1], 3: [2, 1, 0], 4: [2, 1, 0, 3]}
"""Channels -> the same for OpenCV, which wants blue first and knows no grey with alpha."""

# A segment of a JPEG has two bytes for its length, which counts them too; XMP has a mark of 29.
MOST_JPEG_EXIF, MOST_JPEG_XMP = 65535 - 2 - len(MARK), 65535 - 2 - 29
PRESS_HEAD = b"Photoshop 3.0\0" + struct.pack(">4sHH", b"8BIM", PRESS, 0)
MOST_JPEG_IPTC = 65535 - 2 - len(PRESS_HEAD) - 4 - 1  # with its length, and made even
ENCODER_ERRORS = (OSError, ValueError, SystemError, RuntimeError, struct.error, cv2.error)


def encode_photo(photo: Photo, suffix: str, quality: int | None = None) -> bytes:
    """Encode a photo in the format that a suffix names.

    16 bits, transparency and the photo's facts are kept where the format can hold them; see
    `what_is_lost`. What is neither grey nor RGB is encoded as bands, and so is every NumPy file:
    its pixels alone.

    Args:
        quality: From 1 to 100, for JPEG, WebP, AVIF and HEIC; other formats lose nothing and take
            no notice. None: 95 for JPEG and WebP, 90 for AVIF and HEIC, which need less.

    Raises:
        DataError: The suffix is of no format that can be written or holds so many channels, the
            photo is too large for the format, or the installation lacks it. The message reads on
            after a file's name.
    """
    suffix = suffix.lower()
    if suffix not in (*WRITABLE_SUFFIXES, ARRAY_SUFFIX):
        raise DataError(
            f"photos cannot be written as '{suffix}'. "
            f"Choose one of {', '.join((*WRITABLE_SUFFIXES, ARRAY_SUFFIX))}."
        )
    if quality is not None and not 1 <= quality <= 100:
        raise DataError(f"cannot be written in quality {quality}. Choose one from 1 to 100.")
    if _is_bands(photo, suffix):
        return encode_bands(photo.pixels, suffix)
    try:
        return _encode(photo, suffix, quality)
    except ENCODER_ERRORS as error:
        height, width = photo.pixels.shape[:2]
        reason = f"it {error}" if isinstance(error, UnfitError) else str(error)
        raise DataError(
            f"{width} x {height} px cannot be written as '{suffix}' ({reason}). Look at the "
            "largest size the format can hold, or choose another."
        ) from error


def what_is_lost(photo: Photo, suffix: str) -> list[str]:
    """Say what of a photo a format cannot hold, each in words that can stand alone in a report."""
    suffix, facts, lost = suffix.lower(), photo.facts or Facts(), []
    is_bands = _is_bands(photo, suffix)
    if photo.alpha is not None and (is_bands or suffix not in KEEPS_ALPHA):
        lost.append("transparency")
    if photo.pixels.dtype == np.uint16 and not is_bands and suffix not in KEEPS_16_BITS:
        lost.append("8 of 16 bits a channel")
    kept = _fitting_facts(photo, suffix)
    if facts.exif and not kept.exif:
        lost.append("camera data (EXIF)")
    if facts.xmp and not kept.xmp:
        lost.append("captions and ratings (XMP)")
    if facts.iptc and not kept.iptc:
        lost.append("captions and credits (IPTC)")
    return lost


def _is_bands(photo: Photo, suffix: str) -> bool:
    return suffix == ARRAY_SUFFIX or photo.pixels.shape[2] not in (1, 3)


def _fitting_facts(photo: Photo, suffix: str) -> Facts:
    """Choose those of a photo's facts that a file of this format holds."""
    facts = photo.facts or Facts()
    if suffix == ".bmp" or _is_bands(photo, suffix):
        return Facts()
    exif, xmp, iptc = facts.exif, facts.xmp, facts.iptc if suffix in KEEPS_IPTC else None
    if suffix in JPEG:
        exif = exif if exif and len(exif) <= MOST_JPEG_EXIF else None
        xmp = xmp if xmp and len(xmp) <= MOST_JPEG_XMP else None
        iptc = iptc if iptc and len(iptc) <= MOST_JPEG_IPTC else None
    dpi = facts.dpi if suffix in KEEPS_DPI else None
    return Facts(exif, xmp, dpi, facts.had_profile, iptc=iptc)


def _encode(photo: Photo, suffix: str, quality: int | None) -> bytes:
    facts = _fitting_facts(photo, suffix)
    pixels, alpha = photo.pixels, photo.alpha if suffix in KEEPS_ALPHA else None
    if pixels.dtype == np.uint16 and suffix not in KEEPS_16_BITS:
        pixels, alpha = _shallow(pixels), None if alpha is None else _shallow(alpha)
    if suffix in TIFF:
        return encode_tiff(_stack(pixels, alpha), facts)
    if suffix == ".png":
        png = _encode_png(pixels, alpha)
        return png if facts == Facts() else with_facts(png, facts)
    if suffix == ".avif":
        expect_avif()
    elif suffix in HEIF_SUFFIXES:
        expect_heif()
    return _save(pixels, alpha, _options(facts, suffix, quality))


def _shallow(samples: Pixels) -> npt.NDArray[Any]:
    """Round 16 bits to 8: 65535 is 257 x 255. In whole numbers, which takes the least memory."""
    rest = samples % np.uint16(257)
    rounded = samples // np.uint16(257) + (rest > 128)
    return rounded.astype(np.uint8)


def _stack(pixels: Pixels, alpha: Pixels | None) -> npt.NDArray[Any]:
    return pixels if alpha is None else np.dstack([pixels, alpha])


def _save(pixels: Pixels, alpha: Pixels | None, options: dict[str, Any]) -> bytes:
    image = Image.fromarray(pixels[..., 0] if pixels.shape[2] == 1 else pixels)
    if alpha is not None:
        image.putalpha(Image.fromarray(alpha))
    encoded = io.BytesIO()
    image.save(encoded, **options)
    return encoded.getvalue()


def _options(facts: Facts, suffix: str, quality: int | None) -> dict[str, Any]:
    options = dict(OPTIONS[suffix])
    if quality is not None and "quality" in options:
        options["quality"] = quality
    if facts.exif is not None:
        options["exif"] = MARK + facts.exif if suffix in JPEG else facts.exif
    if facts.xmp is not None:
        options["xmp"] = facts.xmp
    if facts.iptc is not None:
        options["extra"] = _segment(facts.iptc)
    if facts.dpi is not None:
        options["dpi"] = facts.dpi
    if facts.had_profile:
        options["icc_profile"] = srgb_profile()
    return options


def _segment(iptc: bytes) -> bytes:
    """Wrap captions of the press as a JPEG has them, among the things of Photoshop's."""
    content = PRESS_HEAD + struct.pack(">I", len(iptc)) + iptc + b"\0" * (len(iptc) % 2)
    return b"\xff\xed" + struct.pack(">H", len(content) + 2) + content


def _encode_png(pixels: Pixels, alpha: Pixels | None) -> bytes:
    samples = _stack(pixels, alpha)
    if samples.dtype == np.uint8 and samples.shape[2] == 2:  # grey stays grey beside alpha
        return _save(pixels, alpha, OPTIONS[".png"])
    ordered = np.ascontiguousarray(samples[..., OPENCV_ORDER[samples.shape[2]]])
    return bytes(cv2.imencode(".png", ordered, PNG_OPTIONS)[1])
