"""Can a photo's file be used? Told without decoding it, where the format allows."""

import os
import zlib
from pathlib import Path
from typing import BinaryIO

from translate.images.bands import find_reader
from translate.images.encoding import Kind
from translate.images.faults import DECODER_ERRORS, NotWholeError, explain
from translate.images.heads import opened
from translate.images.opening import decode

JPEG_END = b"\xff\xd9"  # never within the data: there 0xff is always followed by 0 or a restart
PNG_HEAD, PNG_CHUNK_EXTRA = 8, 12  # bytes; a chunk has length, name and check sum beside its data
TAIL = 4096  # bytes read in the hope that the end is among them


def find_fault(file: Path, least_px: int = 1, kind: Kind = "photo") -> str | None:
    """Say what is wrong with a photo's file, None if nothing shows.

    JPEG and PNG, the formats of large collections, are not decoded: their size is read, whether
    they go on to their end mark and, for PNG, every check sum. JPEG has none, so scrambled pixels
    stay unnoticed there; they can be opened and look scrambled. NumPy's files and TIFF without
    compression, if they are to hold bands, are not read either: all their bytes must be there.
    Other formats are opened in full.

    Args:
        least_px: The smallest side a photo may have.
        kind: What the file is to hold.
    """
    try:
        with file.open("rb") as stream:
            if not os.fstat(stream.fileno()).st_size:
                return "is empty (0 bytes)"
            reader = find_reader(file, stream) if kind == "bands" else None
            if reader:
                shape = reader.expect_whole(stream)
                return _too_small(shape.width, shape.height, least_px)
            return _find_fault(file, stream, least_px)
    except DECODER_ERRORS as error:
        return explain(error)


def _find_fault(file: Path, stream: BinaryIO, least_px: int) -> str | None:
    with opened(stream) as image:
        if fault := _too_small(*image.size, least_px):
            return fault
        if image.format in ("JPEG", "MPO"):
            _expect_jpeg_end(stream)
        elif image.format == "PNG":
            _expect_whole_png(stream)
        else:
            decode(file, is_managed=False)
    return None


def _too_small(width: int, height: int, least_px: int) -> str | None:
    if min(width, height) >= least_px:
        return None
    return f"is too small: {width} x {height} px, at least {least_px} px are needed"


def _expect_jpeg_end(stream: BinaryIO) -> None:
    """Cameras append films and thumbnails, so the end mark need not be the file's end."""
    pixels_start = stream.tell()  # Pillow stops reading where the pixels begin
    end = stream.seek(0, os.SEEK_END)
    stream.seek(max(pixels_start, end - TAIL))
    if JPEG_END in stream.read():
        return
    stream.seek(pixels_start)
    if JPEG_END not in stream.read():
        raise NotWholeError("a JPEG without its end mark")


def _expect_whole_png(stream: BinaryIO) -> None:
    """Walk from chunk to chunk; a chunk is its length, its name, its data and their check sum."""
    end = os.fstat(stream.fileno()).st_size
    stream.seek(PNG_HEAD)
    name = b""
    while name != b"IEND":
        length = int.from_bytes(stream.read(4))
        if stream.tell() + length + PNG_CHUNK_EXTRA - 4 > end:
            raise NotWholeError("a PNG without its end mark")
        name = stream.read(4)
        sum_of_both = zlib.crc32(stream.read(length), zlib.crc32(name))
        if sum_of_both != int.from_bytes(stream.read(4)):
            raise OSError("a PNG with a wrong check sum")
