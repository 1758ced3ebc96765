"""How large an image of bands is, and what cannot be meant."""

from typing import NamedTuple

import numpy as np
import numpy.typing as npt

from translate.images.encoding import MOST_BANDS
from translate.images.faults import UnfitError, expect_few_pixels

FEW, MANY = 16, 32  # fewer are bands, more are pixels, where rows and bands may be confused
USUAL_BANDS = 16  # up to so many the limit of pixels is that of photos; beyond, pixels weigh more
CONVERSIONS = {
    "f": "all files alike, with the least and the greatest value that any of them holds: "
    "((array - least) / (greatest - least) * 65535).round().astype('uint16')",
    "b": "array.astype('uint8') * 255",
    "i": "if none is below 0 or above 65535: array.astype('uint16')",
    "u": "if none is above 65535: array.astype('uint16')",
}
"""Kind of NumPy's types -> how to come to one that can be used."""


class Shape(NamedTuple):
    """Of an image as it is seen, upright."""

    height: int
    width: int
    bands: int


def expect_usable(shape: Shape, dtype: npt.DTypeLike) -> None:
    """Refuse what cannot be opened, before memory is taken for it.

    Raises:
        UnfitError: There are no pixels or too many, too many bands, or not 8 or 16 bits.
    """
    _expect_bytes(np.dtype(dtype))
    if min(shape) < 1:
        raise UnfitError(f"holds no pixels, its shape is {tuple(shape)}")
    if shape.bands > MOST_BANDS:
        raise UnfitError(f"has {shape.bands} bands, at most {MOST_BANDS} can be used")
    expect_few_pixels(shape.width, shape.height, max(1, shape.bands / USUAL_BANDS))


def _expect_bytes(dtype: np.dtype[np.generic]) -> None:
    if dtype.kind == "u" and dtype.itemsize <= 2:
        return
    conversion = CONVERSIONS.get(dtype.kind)
    advice = f"Convert it, {conversion}" if conversion else "Save an array of numbers"
    raise UnfitError(f"has {dtype} samples, expected uint8 or uint16. {advice}")
