"""Is a photo's file whole? Told without decoding it, where the format allows."""

import os
from pathlib import Path
from typing import BinaryIO

from PIL import Image

from translate.images.faults import DECODER_ERRORS, NotWholeError, explain, too_many_pixels

JPEG_END = b"\xff\xd9"  # never within the data: there 0xff is always followed by 0 or a restart
PNG_HEAD, PNG_CHUNK_EXTRA = 8, 12  # bytes; a chunk has length, name and check sum beside its data
TAIL = 4096  # bytes read in the hope that the end is among them


def find_fault(file: Path, least_px: int = 1) -> str | None:
    """Say what is wrong with a photo's file, None if nothing shows.

    JPEG and PNG, the formats of large collections, are not decoded: their size is read, and
    whether they go on to their end mark. Scrambled pixels thus stay unnoticed there.

    Args:
        least_px: The smallest side a photo may have.
    """
    try:
        with file.open("rb") as stream:
            if not os.fstat(stream.fileno()).st_size:
                return "is empty (0 bytes)"
            return _find_fault(stream, least_px)
    except DECODER_ERRORS as error:
        return explain(error)


def _find_fault(stream: BinaryIO, least_px: int) -> str | None:
    image = Image.open(stream)
    if image.width * image.height > (Image.MAX_IMAGE_PIXELS or float("inf")):
        return too_many_pixels()
    if min(image.size) < least_px:
        return f"is too small: {image.width} x {image.height} px, at least {least_px} px are needed"
    if image.format in ("JPEG", "MPO"):
        _expect_jpeg_end(stream)
    elif image.format == "PNG":
        _expect_png_end(stream)
    else:
        image.load()
    return None


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


def _expect_png_end(stream: BinaryIO) -> None:
    end = stream.seek(0, os.SEEK_END)
    start = PNG_HEAD
    while start + PNG_CHUNK_EXTRA <= end:
        stream.seek(start)
        head = stream.read(8)
        start += int.from_bytes(head[:4]) + PNG_CHUNK_EXTRA
        if head[4:] == b"IEND" and start <= end:
            return
    raise NotWholeError("a PNG without its end mark")
