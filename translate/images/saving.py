"""From a photo to a file."""

import io
import uuid
from pathlib import Path
from typing import Any

import cv2
import numpy as np
import numpy.typing as npt
from PIL import Image

from translate.errors import DataError
from translate.images.photo import IMAGE_SUFFIXES, Photo

KEEPS_ALPHA = (".png", ".tif", ".tiff", ".webp")
KEEPS_16_BITS = (".png", ".tif", ".tiff")
OPTIONS: dict[str, dict[str, Any]] = {
    ".jpg": {"format": "JPEG", "quality": 95, "subsampling": 0},  # 0: colours at full resolution
    ".png": {"format": "PNG", "compress_level": 1},  # a fifth of the time for a tenth more bytes
    ".webp": {"format": "WEBP", "quality": 95},
    ".tif": {"format": "TIFF", "compression": "tiff_adobe_deflate"},
    ".bmp": {"format": "BMP"},
}
OPTIONS |= {".jpeg": OPTIONS[".jpg"], ".tiff": OPTIONS[".tif"]}
DEEP_OPTIONS = [cv2.IMWRITE_PNG_COMPRESSION, 1, cv2.IMWRITE_TIFF_COMPRESSION, 8]  # 8: deflate


def save_photo(photo: Photo, file: Path) -> None:
    """Write a photo in the format its suffix names, whole or not at all.

    16 bits and transparency are kept where the format can hold them. Missing folders are made.

    Raises:
        DataError: The suffix is none of `IMAGE_SUFFIXES`, the photo is too large for the format,
            or the disk refuses.
    """
    suffix = file.suffix.lower()
    if suffix not in IMAGE_SUFFIXES:
        raise DataError(
            f"{file}: photos cannot be written as '{file.suffix}'. "
            f"Choose one of {', '.join(IMAGE_SUFFIXES)}."
        )
    try:
        _write_whole(_encode(photo, suffix), file)
    except (OSError, ValueError, cv2.error) as error:
        height, width = photo.pixels.shape[:2]
        raise DataError(
            f"{file}: {width} x {height} px could not be written: {error}. Look at the folder's "
            "permissions and free space, and at the largest size the format can hold."
        ) from error


def _encode(photo: Photo, suffix: str) -> bytes:
    samples: npt.NDArray[Any] = photo.pixels
    if photo.alpha is not None and suffix in KEEPS_ALPHA:
        samples = np.dstack([photo.pixels, photo.alpha])
    if samples.dtype == np.uint16:
        if suffix in KEEPS_16_BITS:
            return _encode_deep(samples, suffix)
        samples = np.round(samples / 257).astype(np.uint8)  # 65535 = 257 x 255
    encoded = io.BytesIO()
    Image.fromarray(samples).save(encoded, **OPTIONS[suffix])
    return encoded.getvalue()


def _encode_deep(samples: npt.NDArray[Any], suffix: str) -> bytes:
    order = [2, 1, 0, 3][: samples.shape[2]]  # OpenCV wants blue first
    encoded = cv2.imencode(suffix, np.ascontiguousarray(samples[..., order]), DEEP_OPTIONS)[1]
    return encoded.tobytes()


def _write_whole(content: bytes, file: Path) -> None:
    """Nobody ever sees half a file under its name: write beside it, then rename."""
    file.parent.mkdir(parents=True, exist_ok=True)
    unfinished = file.with_name(f".{uuid.uuid4().hex}.part")
    try:
        unfinished.write_bytes(content)
        unfinished.replace(file)
    finally:
        unfinished.unlink(missing_ok=True)
