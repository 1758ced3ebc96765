"""From a photo to a file."""

from pathlib import Path
from typing import Literal

from translate.errors import DataError
from translate.images.bands import BAND_SUFFIXES
from translate.images.encoders import KEEPS_16_BITS, encode_photo
from translate.images.encoding import Encoding
from translate.images.photo import ARRAY_SUFFIX, IMAGE_SUFFIXES, WRITABLE_SUFFIXES, Photo
from translate.images.writing import write_whole

KEEPS_EVERY_BIT = (*KEEPS_16_BITS, ".bmp")
ONLY_READ = tuple(suffix for suffix in IMAGE_SUFFIXES if suffix not in WRITABLE_SUFFIXES)


def save_photo(photo: Photo, file: Path, quality: int | None = None) -> None:
    """Write a photo in the format its suffix names, whole or not at all. Missing folders are made.

    Args:
        quality: As `encode_photo`, which also says what is kept.

    Raises:
        DataError: As `encode_photo`, or the disk refuses.
    """
    try:
        content = encode_photo(photo, file.suffix, quality)
    except DataError as error:
        raise DataError(f"{file}: {error}") from error
    write_whole(content, file)


def fitting_suffix(suffix: str, encoding: Encoding, depth: Literal[8, 16] = 8) -> str:
    """Choose the suffix of a translation: that of its source, if the format can hold it.

    A GIF becomes a PNG, because a translation has more than its 256 colours.

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
    return ".png" if suffix.lower() in (ARRAY_SUFFIX, *ONLY_READ) else suffix
