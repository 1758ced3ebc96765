"""Do the edges of two images lie in the same places, and if not, how far apart?"""

from typing import NamedTuple

import cv2
import numpy as np
import numpy.typing as npt

from translate.doctor.facts import to_bytes
from translate.images import Pixels

VIEW_PX = 128  # longest side of the image that edges are looked for in
REACH = 16  # pixels of that view by which images may be shifted: an eighth of the side
SMOOTHING = 1.0  # pixels of the view: edges of the two need not meet to the pixel
SURROUNDINGS = (
    31  # pixels of the view whose mean is taken away: how busy a region is does not count
)
STRONGEST = 0.95  # quantile beyond which an edge is no stronger: a few would outweigh all others
NEIGHBOURHOOD = 4  # pixels of the view around the best shift that are the same peak

Edges = npt.NDArray[np.float32]


class Agreement(NamedTuple):
    """How well the edges of two images agree, as correlations from -1 to 1.

    Attributes:
        in_place: With the images as they are.
        best: With b shifted to where it fits best.
        rival: The best of all other shifts: close to `best` where patterns repeat or nothing fits.
        right: How many pixels of the image b lies too far to the right, by the best shift.
        down: And too far down.
    """

    in_place: float
    best: float
    rival: float
    right: float
    down: float


def find_edges(pixels: Pixels) -> Edges:
    """Find where an image changes, in a small view of it.

    Of the colours the one that changes most counts: classes of a label map may be equally bright.

    Shape:
        (H, W, 3) -> (H', W'), the longer of which is at most 128.
    """
    height, width = pixels.shape[:2]
    scale = min(1.0, VIEW_PX / max(height, width))
    small = to_bytes(pixels)
    if scale < 1:
        size = max(1, round(width * scale)), max(1, round(height * scale))
        small = cv2.resize(small, size, interpolation=cv2.INTER_AREA).astype(np.uint8)
    soft = cv2.GaussianBlur(small.astype(np.float32), (0, 0), SMOOTHING)
    across, along = cv2.Sobel(soft, cv2.CV_32F, 1, 0), cv2.Sobel(soft, cv2.CV_32F, 0, 1)
    strength = np.sqrt(across**2 + along**2).max(axis=2)
    strength = np.minimum(strength, np.quantile(strength, STRONGEST))
    window = (SURROUNDINGS, SURROUNDINGS)
    return np.asarray(strength - cv2.blur(strength, window), np.float32)


def compare(edges_a: Edges, edges_b: Edges, longest_px: int) -> Agreement:
    """Lay edges over one another in all ways within reach.

    Args:
        longest_px: Longest side of the images they were found in.
    """
    agreements = correlate(edges_a, edges_b)
    down, right = np.unravel_index(int(agreements.argmax()), agreements.shape)
    best = float(agreements[down, right])
    rows, columns = np.indices(agreements.shape)
    is_far = np.maximum(abs(rows - down), abs(columns - right)) > NEIGHBOURHOOD
    scale = longest_px / max(edges_a.shape)
    return Agreement(
        in_place=float(agreements[REACH, REACH]),
        best=best,
        rival=float(agreements[is_far].max()),
        right=float(right - REACH) * scale,
        down=float(down - REACH) * scale,
    )


def correlate(edges_a: Edges, edges_b: Edges) -> npt.NDArray[np.float64]:
    """Correlate where they overlap, for every shift within reach.

    Shape:
        (H, W) twice -> (33, 33): down and to the right, from -16 to 16; 0 where a side is flat.
    """
    height, width = edges_a.shape
    size = height + REACH, width + REACH  # what leaves at one end must not come in at the other
    ones = np.ones_like(edges_a)
    a, b, whole, squares_a, squares_b = (
        np.fft.rfft2(image, size) for image in (edges_a, edges_b, ones, edges_a**2, edges_b**2)
    )
    together = np.fft.irfft2(np.conj(a) * b, size)
    power_a = np.fft.irfft2(np.conj(squares_a) * whole, size)
    power_b = np.fft.irfft2(np.conj(whole) * squares_b, size)
    least = 1e-6 * float(max((edges_a**2).sum() * (edges_b**2).sum(), 1e-6))
    found = together / np.sqrt(np.maximum(power_a * power_b, least))
    found[power_a * power_b < least] = 0
    reach = np.arange(-REACH, REACH + 1)
    return np.asarray(found[np.ix_(reach % size[0], reach % size[1])], np.float64)
