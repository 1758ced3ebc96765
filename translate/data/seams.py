"""Do files show one image or two, side by side? Told from their middles."""

from collections.abc import Sequence
from pathlib import Path

import numpy as np

from translate.images import Kind, Pixels, find_fault, open_samples

SEAM_FILES = 16  # files looked into, spread over a folder
NEIGHBOURS = 8  # columns beside the middle that say how much columns differ anyway
SMOOTHEST = 2.0  # levels of 255; where neighbouring columns differ less, a seam tells nothing
APART = (1 / 8, 1 / 4, 3 / 8)  # of the width, from the middle: columns of which neither knows other
TEXTURE = (
    2.0  # where columns so far apart differ less than so many times as much: noise hides seams
)
FEWEST_TELLING = 4  # of fewer files nothing is concluded
# How much more than its neighbours a seam differs, or does not. Medians are above 5 in the public
# side-by-side sets, and below 1.6 in folders of single photos and label maps.
ROUGH, SMOOTH = 3.0, 2.0
PLAIN = 0.5  # a middle so much smoother than its neighbours is the border of two drawings


def look_side_by_side(files: Sequence[Path], kind: Kind) -> bool | None:
    """Say whether images look like two, side by side; None if their middles do not tell.

    In one image the two columns in the middle differ as much as columns beside them; where two
    images meet they differ much more. Plain middles, such as white borders, tell nothing, and
    neither do images so noisy that all columns differ alike.
    """
    step = max(1, len(files) // SEAM_FILES)
    looked_at = [f for f in files[::step][:SEAM_FILES] if find_fault(f, 1, kind) is None]
    ratios = [measure_seam(open_samples(file, kind)) for file in looked_at]
    telling = [ratio for ratio in ratios if ratio is not None]
    if len(telling) < FEWEST_TELLING:
        return None
    if np.median(telling) < SMOOTH:
        return False
    return True if np.quantile(telling, 0.2) > ROUGH else None


def measure_seam(samples: Pixels) -> float | None:
    """How much more the middle columns differ than their neighbours do; None: it tells nothing."""
    width = samples.shape[1]
    middle = width // 2
    if middle <= NEIGHBOURS:
        return None
    levels = samples.astype(np.float64) / (np.iinfo(samples.dtype).max / 255)
    beside = levels[:, middle - NEIGHBOURS : middle + NEIGHBOURS]
    each = np.abs(np.diff(beside, axis=1)).mean(axis=(0, 2))
    seam, others = each[NEIGHBOURS - 1], np.median(np.delete(each, NEIGHBOURS - 1))
    apart = [round(width * share) for share in APART]
    far = [np.abs(levels[:, middle - a] - levels[:, middle + a - 1]).mean() for a in apart]
    if max(seam, others) < SMOOTHEST or np.median(far) < TEXTURE * others:
        return None
    ratio = seam / max(others, SMOOTHEST / 4)
    return None if ratio < PLAIN else float(ratio)
