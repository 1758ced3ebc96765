"""From a stream to an image of Pillow's whose pixels are not read yet."""

from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any, BinaryIO

from PIL import Image

from translate.images.faults import (
    DECODER_ERRORS,
    FOREIGN_ERRORS,
    UnfitError,
    expect_few_pixels,
)
from translate.images.limits import WITHOUT_PILLOWS_CHECK
from translate.images.plugins import START, find_plugin
from translate.images.upright import ORIENTATION

TIFF_BITS, TIFF_COLOURS, TIFF_WHITE_IS_ZERO, TIFF_INKS = 258, 262, 0, 5
TIFF_LAYOUT, TIFF_IN_PLANES = 284, 2
FORMATS = ("JPEG", "PNG", "WEBP", "TIFF", "BMP", "GIF")
"""Those that are always there. Others are refused: at PostScript, say, Pillow starts a program."""
COUNTED_BY_SEARCH = ("TIFF", "GIF")  # their heads do not say how many frames follow
SMALLER_ARE_HELPERS = "MPO"  # telephones put a map of brightness, or a preview, behind a JPEG


@contextmanager
def opened(stream: BinaryIO) -> Iterator[Image.Image]:
    """Open an image whatever its file is called; it is at its first frame.

    Raises:
        DECODER_ERRORS: It is no image, of a format that cannot be read, or has too many pixels.
    """
    start = stream.read(START)
    if not start:
        raise UnfitError("is empty (0 bytes)")
    stream.seek(0)
    plugin = find_plugin(start)
    # Pillow checks anew when it loads, so its limit stays away as long as the image is used.
    with (
        WITHOUT_PILLOWS_CHECK,
        Image.open(stream, formats=[plugin] if plugin else FORMATS) as image,
    ):
        expect_few_pixels(*image.size)
        yield image


def is_deep(image: Image.Image) -> bool:
    """Say whether the file holds 16-bit samples: Pillow alone would give 8 bits of most of them.

    Of AVIF and HEIC with 10 or 12 bits, 8 are read. Only the open image tells: what decoding is
    asked to do is forgotten once it is done.
    """
    if image.format == "TIFF":
        tags: Any = image.tag_v2  # type: ignore[attr-defined]
        return bool(max(tags.get(TIFF_BITS, (1,))) > 8 and tags.get(TIFF_COLOURS) != TIFF_INKS)
    layouts = [str(tile.args) for tile in getattr(image, "tile", ())]
    return image.mode[0] in "IF" or any(";16" in layout for layout in layouts)


def is_in_planes(image: Image.Image) -> bool:
    """Say whether a TIFF holds one colour after the other."""
    return _tiff_tag(image, TIFF_LAYOUT) == TIFF_IN_PLANES


def is_inverted(image: Image.Image) -> bool:
    """Say whether a TIFF's zeros are white."""
    return _tiff_tag(image, TIFF_COLOURS) == TIFF_WHITE_IS_ZERO


def _tiff_tag(image: Image.Image, tag: int) -> int | None:
    """Read a tag; None where the file is no TIFF, or has it not."""
    number: int | None = getattr(image, "tag_v2", {}).get(tag)
    return number


def orientation_of(image: Image.Image) -> int:
    """Read which of EXIF's eight orientations an image has; 1 where that is damaged."""
    try:
        return int(image.getexif().get(ORIENTATION, 1))
    except (*DECODER_ERRORS, *FOREIGN_ERRORS):
        return 1


def count_frames(image: Image.Image, stream: BinaryIO) -> int:
    """Count the frames of an animation, or the pages of a document; what is damaged has one."""
    if image.format not in (*COUNTED_BY_SEARCH, SMALLER_ARE_HELPERS):
        return int(getattr(image, "n_frames", 1))
    try:  # with an image of its own, because a search that fails leaves it at no frame
        with Image.open(stream, formats=FORMATS) as other:
            frames = int(getattr(other, "n_frames", 1))
            if image.format != SMALLER_ARE_HELPERS:
                return frames
            return sum(_size_of_frame(other, number) == image.size for number in range(frames))
    except (*DECODER_ERRORS, *FOREIGN_ERRORS):
        return 1


def _size_of_frame(image: Image.Image, number: int) -> tuple[int, int]:
    image.seek(number)
    return image.size
