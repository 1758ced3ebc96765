"""The difference hash: 256 bits that a photo keeps when it is resized or compressed anew."""

import cv2
import numpy as np
import numpy.typing as npt

from translate.images import Pixels

SIDE = 16  # rows, and comparisons in each: 256 bits
FAINT = 2  # levels of 255: below that the sign of a difference is noise
WORDS = 4  # of 64 bits
BITS_OF_BYTES = np.array([byte.bit_count() for byte in range(256)], np.uint8)

Words = npt.NDArray[np.uint64]


def difference_hash(grey: Pixels) -> tuple[Words, Words]:
    """Ask of a photo, in 256 places, whether it grows brighter from left to right.

    Args:
        grey: (H, W), uint8.

    Returns:
        The answers, and which of them tell something: where nothing changes, all photos answer
        alike, and that is no sign of being the same. Each (4,).

    Source:
        Krawetz 2013, "Kind of Like That" (dHash), with 16 x 16 instead of 8 x 8 places.
    """
    small = cv2.resize(grey, (SIDE + 1, SIDE), interpolation=cv2.INTER_AREA).astype(np.int16)
    rise = np.diff(small, axis=1).ravel()
    return _pack(rise > 0), _pack(np.abs(rise) >= FAINT)


def _pack(bits: npt.NDArray[np.bool_]) -> Words:
    return np.packbits(bits).view(np.uint64)


def count_bits(words: Words) -> npt.NDArray[np.int64]:
    """Count the bits that are set in whole hashes.

    Shape:
        (..., 4) -> (...).
    """
    counts: npt.NDArray[np.int64] = count_in_words(words).sum(axis=-1, dtype=np.int64)
    return counts


def count_in_words(words: Words) -> npt.NDArray[np.uint8]:
    """Count the bits that are set in each word.

    Shape:
        (...) -> (...).
    """
    if hasattr(np, "bitwise_count"):
        return np.bitwise_count(words)
    bytes_ = np.ascontiguousarray(words)[..., None].view(np.uint8)  # NumPy before 2.0
    counts: npt.NDArray[np.uint8] = BITS_OF_BYTES[bytes_].sum(axis=-1, dtype=np.uint8)
    return counts
