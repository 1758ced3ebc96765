"""Do files show one image or two, side by side? Told from their middles."""

from collections.abc import Sequence
from pathlib import Path
from typing import NamedTuple

import numpy as np

from translate.images import Kind, Pixels, find_fault, open_samples

SEAM_FILES = 16  # files looked into, spread over a folder
ROWS = 512  # of an image, spread over its height: more tell no more, and take memory
NEIGHBOURS = 8  # columns beside the middle that say how much columns differ anyway
SMOOTHEST = 2.0  # levels of 255; where neighbouring columns differ less, a seam tells nothing
APART = (1 / 8, 1 / 4, 3 / 8)  # of the width, from the middle: columns of which neither knows other
TEXTURE = 2.0  # where columns so far apart differ less than so many times as much, noise hides all
FEWEST_TELLING = 4  # of fewer files nothing is concluded
# How much more than its neighbours a seam differs, or does not. Medians are above 5 in the public
# side-by-side sets, and below 1.6 in folders of single photos and label maps.
ROUGH, SMOOTH = 3.0, 2.0
# How much more than all other columns: tiles and enlarged pixels have edges all over, so one in the
# middle is no seam. Medians are above 1.7 in the same sets.
OUTSTANDING = 1.25
PLAIN = 0.5  # a middle so much smoother than its neighbours is the border of two drawings


class Seam(NamedTuple):
    """How much more the two columns in the middle differ than other columns do."""

    beside: float  # than those beside the middle usually do
    anywhere: float  # than any other two in the image


def look_side_by_side(files: Sequence[Path], kind: Kind) -> bool | None:
    """Say whether images look like two, side by side; None if their middles do not tell.

    In one image the two columns in the middle differ as much as columns beside them; where two
    images meet they differ much more, and more than any two elsewhere. Plain middles, such as white
    borders, tell nothing, and neither do images so noisy that all columns differ alike.
    """
    step = max(1, len(files) // SEAM_FILES)
    looked_at = [f for f in files[::step][:SEAM_FILES] if find_fault(f, 1, kind) is None]
    seams = [measure_seam(open_samples(file, kind)) for file in looked_at]
    telling = np.array([seam for seam in seams if seam is not None])
    if len(telling) < FEWEST_TELLING:
        return None
    beside, anywhere = telling.T
    if np.median(beside) < SMOOTH:
        return False
    is_seam = np.quantile(beside, 0.2) > ROUGH and np.median(anywhere) > OUTSTANDING
    return True if is_seam else None


def measure_seam(samples: Pixels) -> Seam | None:
    """Compare the columns in the middle with others; None: they tell nothing."""
    width = samples.shape[1]
    middle = width // 2
    if middle <= NEIGHBOURS:
        return None
    rows = samples[:: max(1, samples.shape[0] // ROWS)]
    levels = rows.astype(np.float64) / (np.iinfo(samples.dtype).max / 255)
    each = np.abs(np.diff(levels, axis=1)).mean(axis=(0, 2))
    seam, others = each[middle - 1], np.delete(each, middle - 1)
    usual = np.median(others[middle - NEIGHBOURS : middle + NEIGHBOURS - 2])
    apart = [round(width * share) for share in APART]
    far = [np.abs(levels[:, middle - a] - levels[:, middle + a - 1]).mean() for a in apart]
    if max(seam, usual) < SMOOTHEST or np.median(far) < TEXTURE * usual:
        return None
    found = Seam(*(float(seam / max(o, SMOOTHEST / 4)) for o in (usual, others.max())))
    return None if found.beside < PLAIN else found
