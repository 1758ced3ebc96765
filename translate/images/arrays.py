"""Images in NumPy's files."""

import math
import os
import tokenize
from pathlib import Path
from typing import Any, BinaryIO, NamedTuple

import numpy as np
import numpy.typing as npt

from translate.images.faults import NotWholeError, UnfitError
from translate.images.photo import ARRAY_SUFFIX
from translate.images.shapes import FEW, MANY, Shape, expect_usable

HEAD_ERRORS = (ValueError, TypeError, RecursionError, MemoryError, tokenize.TokenError, UserWarning)
"""What NumPy is known to raise at scrambled heads, which are written in Python's syntax."""


class Head(NamedTuple):
    """What a file says about its array."""

    shape: tuple[int, ...]
    is_columns_first: bool
    dtype: np.dtype[Any]


def is_array(file: Path, start: bytes) -> bool:
    """Say whether a file is, or should be, one of NumPy's.

    Args:
        start: Its first bytes.
    """
    return start.startswith(np.lib.format.MAGIC_PREFIX) or file.suffix.lower() == ARRAY_SUFFIX


def array_shape(stream: BinaryIO) -> Shape:
    """Tell an array's shape from its head, and see that the file holds all of it.

    Raises:
        OSError: The file ends too early.
        ValueError: This is no array of NumPy's, or none that can be an image.
    """
    shape, dtype = _read_head(stream)[::2]
    if len(shape) not in (2, 3):
        raise UnfitError(
            f"has the shape {shape}, expected (height, width) or (height, width, bands)"
        )
    result = Shape(*shape, *(1,) * (3 - len(shape)))
    if result.height <= FEW and min(result[1:]) >= MANY:
        raise UnfitError(
            f"has the shape {shape}, expected (height, width, bands): its bands seem to come "
            "first. Save numpy.moveaxis(array, 0, -1) instead"
        )
    expect_usable(result, dtype)
    missing = stream.tell() + math.prod(shape) * dtype.itemsize
    missing -= os.fstat(stream.fileno()).st_size
    if missing > 0:
        raise NotWholeError(f"{missing} bytes are missing")
    return result


def read_array(stream: BinaryIO) -> npt.NDArray[Any]:
    """Read an image from one of NumPy's files; in this machine's byte order.

    Shape:
        (H, W, C), uint8 or uint16.
    """
    shape = array_shape(stream)
    stream.seek(0)
    array: npt.NDArray[Any] = np.load(stream, allow_pickle=False).reshape(shape)
    return np.ascontiguousarray(array, array.dtype.newbyteorder("="))


def _read_head(stream: BinaryIO) -> Head:
    readers = {
        (1, 0): np.lib.format.read_array_header_1_0,
        (2, 0): np.lib.format.read_array_header_2_0,
    }
    stream.seek(0)
    try:
        version = np.lib.format.read_magic(stream)
        if version in readers:
            return Head(*readers[version](stream))
    except HEAD_ERRORS as error:
        raise UnfitError("is not an array of NumPy's, or its head is damaged") from error
    raise UnfitError(f"is of NumPy's format {version[0]}.{version[1]}, which is not for images")
