"""What is kept of an image once it was seen: a few hundred bytes."""

import hashlib
from typing import Any

import cv2
import numpy as np
import numpy.typing as npt

from translate.doctor.hashes import WORDS, difference_hash
from translate.images import Pixels

BINS = 16  # of each histogram
BLACKEST, WHITEST = 3, 252  # luminance of 255 that is as good as black, or white
COLOUR_PX = 64  # side to which an image is reduced to see whether it has any colour
CHANNELS = ("luminance", "red", "green", "blue")

FACTS = np.dtype(
    [
        ("pixels", "V32"),  # SHA-256 of the pixels, upright, and of their shape and depth
        ("hash", np.uint64, WORDS),  # the difference hash, and which of its bits tell something
        ("telling", np.uint64, WORDS),
        ("mirrored", np.uint64, WORDS),  # the same of the mirrored image
        ("mirrored_telling", np.uint64, WORDS),
        ("width", np.uint32),
        ("height", np.uint32),
        ("brightness", np.float32),  # mean luminance, 0 to 1
        ("contrast", np.float32),  # standard deviation of luminance, 0 to 1
        ("black", np.float32),  # share of the pixels
        ("white", np.float32),
        ("colour", np.float32),  # mean distance between strongest and weakest of red, green, blue
        ("levels", np.float32, (len(CHANNELS), BINS)),  # shares of the pixels
    ]
)
"""One image; arrays of these are what the doctor thinks about."""

Facts = npt.NDArray[Any]  # of FACTS


def measure(pixels: Pixels) -> Facts:
    """Measure an image.

    Shape:
        (H, W, 3), uint8 or uint16 -> (), of `FACTS`.
    """
    facts = np.zeros((), FACTS)
    digest = hashlib.sha256(f"{pixels.shape} {pixels.dtype}".encode())
    digest.update(np.ascontiguousarray(pixels).data)
    facts["pixels"] = np.void(digest.digest())
    colours = to_bytes(pixels)
    grey = np.asarray(cv2.cvtColor(colours, cv2.COLOR_RGB2GRAY), np.uint8)
    facts["hash"], facts["telling"] = difference_hash(grey)
    mirrored = np.ascontiguousarray(grey[:, ::-1])
    facts["mirrored"], facts["mirrored_telling"] = difference_hash(mirrored)
    facts["height"], facts["width"] = pixels.shape[:2]
    _measure_light(facts, grey, colours)
    return facts


def to_bytes(pixels: Pixels) -> npt.NDArray[np.uint8]:
    """Give 16-bit samples as 8-bit ones."""
    if pixels.dtype == np.uint16:
        return (pixels >> 8).astype(np.uint8)
    return np.ascontiguousarray(pixels)


def _measure_light(facts: Facts, grey: Pixels, colours: npt.NDArray[np.uint8]) -> None:
    counts = np.stack([_count_levels(grey, 0), *(_count_levels(colours, i) for i in range(3))])
    shares = counts / counts.sum(axis=1, keepdims=True)
    luminance, values = shares[0], np.arange(256) / 255
    mean = float(luminance @ values)
    facts["brightness"] = mean
    facts["contrast"] = np.sqrt(luminance @ (values - mean) ** 2)
    facts["black"] = luminance[: BLACKEST + 1].sum()
    facts["white"] = luminance[WHITEST:].sum()
    facts["levels"] = shares.reshape(len(CHANNELS), BINS, -1).sum(axis=2)
    size = tuple(min(COLOUR_PX, side) for side in colours.shape[1::-1])
    small = cv2.resize(colours, size, interpolation=cv2.INTER_AREA)
    facts["colour"] = np.ptp(small.astype(np.int16), axis=2).mean() / 255


def _count_levels(pixels: Pixels, channel: int) -> npt.NDArray[np.float64]:
    return cv2.calcHist([pixels], [channel], None, [256], [0, 256]).astype(np.float64).ravel()
