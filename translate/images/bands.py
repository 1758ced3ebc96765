"""Images of any number of bands: NumPy's files, TIFF, and the channels of other images."""

import io
from collections.abc import Callable
from pathlib import Path
from typing import BinaryIO, NamedTuple

import numpy as np
import tifffile

from translate.errors import DataError
from translate.images.arrays import array_shape, is_array, read_array
from translate.images.encoding import Kind
from translate.images.faults import DECODER_ERRORS, explain
from translate.images.multiband import expect_whole_tiff, is_tiff, read_tiff, tiff_shape
from translate.images.opening import decode_stored, open_photo
from translate.images.photo import ARRAY_SUFFIX
from translate.images.shapes import Shape
from translate.images.tensors import Pixels
from translate.images.writing import write_whole

BAND_SUFFIXES = (ARRAY_SUFFIX, ".tif", ".tiff")
"""Names of files that bands are written to, in lower case."""


class Reader(NamedTuple):
    """How one of the formats of many bands is read."""

    shape: Callable[[BinaryIO], Shape]  # from the head alone
    expect_whole: Callable[[BinaryIO], Shape]  # the same, and it vouches for all bands
    read: Callable[[BinaryIO], Pixels]


ARRAY = Reader(array_shape, array_shape, read_array)
TIFF = Reader(tiff_shape, expect_whole_tiff, read_tiff)


def open_samples(file: Path, kind: Kind) -> Pixels:
    """Read of a file what an encoding of its kind can encode. Labels keep the values they have.

    Shape:
        (H, W, C), uint8 or uint16. C is the number of bands, 3 for all that is not bands.

    Raises:
        DataError: As `open_photo` and `open_bands`.
    """
    return open_bands(file) if kind == "bands" else open_photo(file, kind != "labels").pixels


def open_bands(file: Path) -> Pixels:
    """Read all bands of an image as they are stored, upright; nothing is colour-managed.

    - NumPy: (H, W) or (H, W, C);
    - TIFF: the samples of a page, then page after page;
    - any other image: its channels; a transparent one has one more, one with a palette has one.

    Shape:
        (H, W, C), uint8 or uint16.

    Raises:
        DataError: The file is missing, damaged, cut short, beyond the pixel limit, of a depth other
            than 8 and 16 bits, or has too many bands, or has them first.
    """
    try:
        with file.open("rb") as stream:
            reader = find_reader(file, stream)
            return reader.read(stream) if reader else decode_stored(file)
    except DECODER_ERRORS as error:
        raise DataError(f"{file}: {explain(error)}. Mend the file or remove it.") from error


def find_reader(file: Path, stream: BinaryIO) -> Reader | None:
    """Choose by the file's first bytes; None for images that have no more than four channels."""
    start = stream.read(8)
    stream.seek(0)
    if is_array(file, start):
        return ARRAY
    return TIFF if is_tiff(start) else None


def save_bands(pixels: Pixels, file: Path) -> None:
    """Write all bands to NumPy's or a TIFF file, whole or not at all. Missing folders are made.

    Shape:
        pixels: (H, W, C), uint8 or uint16.

    Raises:
        DataError: The suffix is none of `BAND_SUFFIXES`, or the disk refuses.
    """
    try:
        content = encode_bands(pixels, file.suffix)
    except DataError as error:
        raise DataError(f"{file}: {error}") from error
    write_whole(content, file)


def encode_bands(pixels: Pixels, suffix: str) -> bytes:
    """Encode all bands as `save_bands` writes them.

    Shape:
        pixels: (H, W, C), uint8 or uint16.

    Raises:
        DataError: The suffix is none of `BAND_SUFFIXES`; the message reads on after a file's name.
    """
    if suffix.lower() not in BAND_SUFFIXES:
        raise DataError(
            f"{pixels.shape[2]} bands cannot be written as '{suffix}'. "
            f"Choose one of {', '.join(BAND_SUFFIXES)}."
        )
    return _encode_array(pixels) if suffix.lower() == ARRAY_SUFFIX else _encode_tiff(pixels)


def _encode_array(pixels: Pixels) -> bytes:
    encoded = io.BytesIO()
    np.save(encoded, np.ascontiguousarray(pixels), allow_pickle=False)
    return encoded.getvalue()


def _encode_tiff(pixels: Pixels) -> bytes:
    """The pixels' bands lie together, and none is declared a colour or alpha."""
    encoded = io.BytesIO()
    is_single = pixels.shape[2] == 1  # then there is no telling how bands lie
    tifffile.imwrite(
        encoded,
        pixels[..., 0] if is_single else pixels,
        photometric="minisblack",
        planarconfig=None if is_single else "contig",
        compression="zlib",  # deflate, which needs no further package
        metadata=None,
    )
    return encoded.getvalue()
