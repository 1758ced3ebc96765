"""How large and how deep will an image be? Told from its file's head."""

from pathlib import Path
from typing import Any, BinaryIO, Literal

from translate.errors import DataError
from translate.images.bands import find_reader
from translate.images.checking import PNG_CHUNK_EXTRA, PNG_HEAD
from translate.images.encoding import Kind
from translate.images.faults import DECODER_ERRORS, explain
from translate.images.heads import is_deep, opened, orientation_of
from translate.images.upright import ORIENTATION, SWAPPED

TIFF_WIDTH, TIFF_HEIGHT = 256, 257
PNG_NOTES = (b"Raw profile type exif", b"XML:com.adobe.xmp")
"""How texts in a PNG begin that may say how it is turned, beside the chunk that is made for it."""
LONGEST_HEAD = 40  # bytes: a chunk's length and name, and more than the longest of these


def size_of(file: Path, kind: Kind = "photo") -> tuple[int, int]:
    """Tell the width and height that an image will have when it is opened: upright.

    Raises:
        DataError: The file is missing, or its head is damaged.
    """
    try:
        with file.open("rb") as stream:
            reader = find_reader(file, stream) if kind == "bands" else None
            if reader is None:
                return _size_of_image(stream)
            shape = reader.shape(stream)
            return shape.width, shape.height
    except DECODER_ERRORS as error:
        raise DataError(f"{file}: {explain(error)}. Mend the file or remove it.") from error


def depth_of(file: Path) -> Literal[8, 16]:
    """Tell how many bits a channel a photo will have when it is opened.

    Raises:
        DataError: The file is missing, or its head is damaged.
    """
    try:
        with file.open("rb") as stream, opened(stream) as image:
            return 16 if is_deep(image) else 8
    except DECODER_ERRORS as error:
        raise DataError(f"{file}: {explain(error)}. Mend the file or remove it.") from error


def _size_of_image(stream: BinaryIO) -> tuple[int, int]:
    with opened(stream) as image:
        width, height, orientation = *image.size, 1
        if image.format == "TIFF":  # Pillow exchanges the sides of some
            tags: Any = image.tag_v2  # type: ignore[attr-defined]
            width, height = tags[TIFF_WIDTH], tags[TIFF_HEIGHT]
            orientation = tags.get(ORIENTATION, 1)
        elif image.format != "PNG" or _has_notes(stream):  # else Pillow decodes all, to be sure
            orientation = orientation_of(image)
        return (height, width) if orientation in SWAPPED else (width, height)


def _has_notes(stream: BinaryIO) -> bool:
    """Look for notes, which may lie behind the pixels, by hopping from chunk to chunk."""
    place, start, name, is_found = stream.tell(), PNG_HEAD, b"", False
    while not is_found and name != b"IEND":
        stream.seek(start)
        head = stream.read(LONGEST_HEAD)
        if len(head) < PNG_CHUNK_EXTRA:
            break  # cut short; whoever opens it will say so
        name, note = head[4:8], head[8:]
        is_found = name == b"eXIf" or note.startswith(PNG_NOTES)
        start += int.from_bytes(head[:4]) + PNG_CHUNK_EXTRA
    stream.seek(place)
    return is_found
