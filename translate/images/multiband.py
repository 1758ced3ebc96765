"""TIFF with any number of bands, in one page or in several."""

import logging
import math
import struct
from collections.abc import Iterator
from contextlib import contextmanager
from itertools import islice
from typing import Any, BinaryIO, cast

import numpy as np
import numpy.typing as npt
from tifffile import COMPRESSION, TiffFile, TiffPage

from translate.images.encoding import MOST_BANDS
from translate.images.faults import DECODER_ERRORS, FOREIGN_ERRORS, NotWholeError, UnfitError
from translate.images.shapes import FEW, MANY, Shape, expect_usable
from translate.images.upright import ORIENTATION, SWAPPED, turn_upright

# It would remark on the same odd tags each time a file is read. What makes a file unusable is told
# here.
logging.getLogger("tifffile").setLevel(logging.CRITICAL)

STARTS = (b"II*\0", b"MM\0*", b"II+\0", b"MM\0+")  # either byte order; + is for files beyond 4 GB
NOT_A_BAND = 0b101  # subfile type: a smaller copy, or a mask


def is_tiff(start: bytes) -> bool:
    """Say whether a file is a TIFF, by its first four bytes."""
    return start[:4] in STARTS


def tiff_shape(stream: BinaryIO) -> Shape:
    """Tell the shape from the head, and see that no pixels lie beyond the file's end.

    Raises:
        DECODER_ERRORS: The file is damaged, or of no use.
    """
    with _open(stream) as tiff:
        return _shape(_bands(tiff))


def expect_whole_tiff(stream: BinaryIO) -> Shape:
    """Do as `tiff_shape` does, and decode what is compressed."""
    with _open(stream) as tiff:
        pages = _bands(tiff)
        for page in pages:
            if not page.is_final:
                _decode(page)
        return _shape(pages)


def read_tiff(stream: BinaryIO) -> npt.NDArray[Any]:
    """Read all bands as they are stored, upright: samples of a page first, then page after page.

    Smaller copies and masks, which lie on pages of their own, are passed over.

    Shape:
        (H, W, C), uint8 or uint16.
    """
    with _open(stream) as tiff:
        pages = _bands(tiff)
        samples = np.concatenate([_decode(page) for page in pages], axis=-1)
        native = samples.astype(samples.dtype.newbyteorder("="), copy=False)
        return np.ascontiguousarray(turn_upright(native, _orientation(pages[0])))


def read_page(stream: BinaryIO) -> npt.NDArray[Any]:
    """Read the first page as it is stored, upright.

    Shape:
        (H, W, C), of whatever type the file has.
    """
    with _open(stream) as tiff:
        page = cast("TiffPage", tiff.pages[0])
        _expect_all_pixels(page)
        samples = _decode(page)
        native = samples.astype(samples.dtype.newbyteorder("="), copy=False)
        return turn_upright(native, _orientation(page))


@contextmanager
def _open(stream: BinaryIO) -> Iterator[TiffFile]:
    """Whatever goes wrong in here is one of `DECODER_ERRORS`."""
    stream.seek(0)
    try:
        with TiffFile(stream) as tiff:
            yield tiff
    except DECODER_ERRORS:
        raise
    except FOREIGN_ERRORS as error:
        raise OSError(f"a TIFF with {type(error).__name__}: {error}") from error


def _bands(tiff: TiffFile) -> list[TiffPage]:
    """Choose the pages that hold bands, and see that they fit together and are all there."""
    # One more than can be used is enough, and some broken files have pages without end.
    pages = [cast("TiffPage", page) for page in islice(tiff.pages, MOST_BANDS + 1)]
    if not pages or (len(pages) <= MOST_BANDS and _next_page(tiff, pages[-1])):
        raise NotWholeError("a TIFF without its last pages")
    bands = [page for page in pages if not page.subfiletype & NOT_A_BAND]
    if not bands:
        raise UnfitError("holds only smaller copies or masks of an image")
    first, *others = ((*page.shaped, page.dtype, page.bitspersample) for page in bands)
    if any(other != first for other in others):
        raise UnfitError(
            "has pages of different sizes or depths, which cannot be bands of one image"
        )
    _expect_bands(bands)
    return bands


def _expect_bands(pages: list[TiffPage]) -> None:
    page, shape = pages[0], _shape(pages)
    if len(pages) > 1 and shape.width <= FEW and min(shape.height, shape.bands) >= MANY:
        raise UnfitError(
            f"holds pages of only {shape.width} px in width: its rows seem to have been saved as "
            "pages. Save the array (height, width, bands) with tifffile.imwrite(file, array, "
            "photometric='minisblack', planarconfig='contig')"
        )
    if page.shaped[1] != 1:
        raise UnfitError("holds a volume, expected an image")
    if page.dtype is None or page.bitspersample != 8 * page.dtype.itemsize:  # 1 or 12, say
        raise UnfitError(f"has {page.bitspersample}-bit samples, expected 8 or 16 bits a band")
    expect_usable(shape, page.dtype)
    for each in pages:
        _expect_all_pixels(each)


def _expect_all_pixels(page: TiffPage) -> None:
    """Notice pixels that tifffile would leave to chance, or read others in their place."""
    starts, sizes = page.dataoffsets, page.databytecounts
    if page.is_contiguous:  # then sizes need not be right
        starts, sizes = starts[:1], (page.nbytes,)
        is_complete = starts[0] > 0
    else:
        is_complete = len(starts) == len(sizes) == math.prod(page.chunked)
    end = page.parent.filehandle.size
    if not is_complete or any(s + n > end for s, n in zip(starts, sizes, strict=True)):
        raise NotWholeError("a TIFF without all its pixels")


def _decode(page: TiffPage) -> npt.NDArray[Any]:
    try:
        planes = page.asarray(squeeze=False, maxworkers=1)  # images are read by many workers anyway
    except ValueError as error:
        if "imagecodecs" not in str(error):
            raise
        raise UnfitError(
            f"is compressed by {COMPRESSION(page.compression).name}, which needs another package. "
            "Save it again with deflate or no compression, or run 'pip install imagecodecs'"
        ) from error
    _, _, height, width, _ = page.shaped
    return planes[:, 0].transpose(1, 2, 0, 3).reshape(height, width, -1)


def _shape(pages: list[TiffPage]) -> Shape:
    planes, _, height, width, samples = pages[0].shaped
    if _orientation(pages[0]) in SWAPPED:
        height, width = width, height
    return Shape(height, width, len(pages) * planes * samples)


def _orientation(page: TiffPage) -> int:
    return int(page.tags.valueof(ORIENTATION, default=1))


def _next_page(tiff: TiffFile, page: TiffPage) -> int:
    """Read where the page after this one lies; 0 if this is the last. tifffile stops silently."""
    stream, form = tiff.filehandle, tiff.tiff
    stream.seek(page.offset)
    (tags,) = struct.unpack(form.tagnoformat, stream.read(form.tagnosize))
    stream.seek(page.offset + form.tagnosize + tags * form.tagsize)
    (following,) = struct.unpack(form.offsetformat, stream.read(form.offsetsize))
    return int(following)
