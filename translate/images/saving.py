"""From a photo to a file."""

import io
from pathlib import Path
from typing import Any, Literal

import cv2
import numpy as np
import numpy.typing as npt
from PIL import Image

from translate.errors import DataError
from translate.images.bands import BAND_SUFFIXES, save_bands
from translate.images.encoding import Encoding
from translate.images.photo import ARRAY_SUFFIX, IMAGE_SUFFIXES, Photo
from translate.images.writing import write_image

KEEPS_ALPHA = (".png", ".tif", ".tiff", ".webp")
KEEPS_16_BITS = (".png", ".tif", ".tiff")
KEEPS_EVERY_BIT = (*KEEPS_16_BITS, ".bmp")
OPTIONS: dict[str, dict[str, Any]] = {
    ".jpg": {"format": "JPEG", "quality": 95, "subsampling": 0},  # 0: colours at full resolution
    ".png": {"format": "PNG", "compress_level": 1},  # a fifth of the time for a tenth more bytes
    ".webp": {"format": "WEBP", "quality": 95},
    ".tif": {"format": "TIFF", "compression": "tiff_adobe_deflate"},
    ".bmp": {"format": "BMP"},
}
OPTIONS |= {".jpeg": OPTIONS[".jpg"], ".tiff": OPTIONS[".tif"]}
# One format's alone: of those it does not know OpenCV complains, on standard error, for every file.
DEEP_OPTIONS = {
    ".png": [cv2.IMWRITE_PNG_COMPRESSION, 1],
    ".tif": [cv2.IMWRITE_TIFF_COMPRESSION, 8],  # deflate
}
DEEP_OPTIONS |= {".tiff": DEEP_OPTIONS[".tif"]}
OPENCV_ORDER = {1: [0], 2: [0, 0, 0, 1], 3: [2, 1, 0], 4: [2, 1, 0, 3]}
"""Channels -> the same for OpenCV, which wants blue first and knows no grey with alpha."""


def save_photo(photo: Photo, file: Path) -> None:
    """Write a photo in the format its suffix names, whole or not at all.

    16 bits and transparency are kept where the format can hold them. Missing folders are made.
    What is neither grey nor RGB is written as bands, and so is every NumPy file: without alpha.

    Raises:
        DataError: The suffix is of no format that can be written or holds so many channels, the
            photo is too large for the format, or the disk refuses.
    """
    suffix = file.suffix.lower()
    if suffix not in (*IMAGE_SUFFIXES, ARRAY_SUFFIX):
        raise DataError(
            f"{file}: photos cannot be written as '{file.suffix}'. "
            f"Choose one of {', '.join((*IMAGE_SUFFIXES, ARRAY_SUFFIX))}."
        )
    if suffix == ARRAY_SUFFIX or photo.pixels.shape[2] not in (1, 3):
        save_bands(photo.pixels, file)
    else:
        write_image(photo.pixels, file, lambda: _encode(photo, suffix))


def fitting_suffix(suffix: str, encoding: Encoding, depth: Literal[8, 16] = 8) -> str:
    """Choose the suffix of a translation: that of its source, if the format can hold it.

    Args:
        suffix: Of the source.
        encoding: What the translation is made of. Labels are never written with loss, and what was
            learned from 16 bits keeps them.
        depth: Bits per channel of the source.
    """
    if encoding.kind == "bands":
        return suffix if suffix.lower() in BAND_SUFFIXES else ".tif"
    if encoding.kind == "labels":
        lossless = KEEPS_16_BITS if max(depth, encoding.least_depth) == 16 else KEEPS_EVERY_BIT
        return suffix if suffix.lower() in lossless else ".png"
    if encoding.least_depth == 16:
        return suffix if suffix.lower() in KEEPS_16_BITS else ".png"
    return ".png" if suffix.lower() == ARRAY_SUFFIX else suffix


def _encode(photo: Photo, suffix: str) -> bytes:
    samples: npt.NDArray[Any] = photo.pixels
    if photo.alpha is not None and suffix in KEEPS_ALPHA:
        samples = np.dstack([photo.pixels, photo.alpha])
    if samples.dtype == np.uint16:
        if suffix in KEEPS_16_BITS:
            return _encode_deep(samples, suffix)
        samples = np.round(samples / 257).astype(np.uint8)  # 65535 = 257 x 255
    encoded = io.BytesIO()
    image = Image.fromarray(samples[..., 0] if samples.shape[2] == 1 else samples)
    image.save(encoded, **OPTIONS[suffix])
    return encoded.getvalue()


def _encode_deep(samples: npt.NDArray[Any], suffix: str) -> bytes:
    ordered = np.ascontiguousarray(samples[..., OPENCV_ORDER[samples.shape[2]]])
    encoded = cv2.imencode(suffix, ordered, DEEP_OPTIONS[suffix])[1]
    return encoded.tobytes()
