"""Are photos of the same name pairs at all? Asked of a few, before a data set is looked at."""

from collections.abc import Sequence
from pathlib import Path

import numpy as np
import numpy.typing as npt

from translate.doctor.alignment import Edges, compare, find_edges
from translate.errors import DataError
from translate.images import open_photo

LOOKED_AT = 32  # pairs
FEWEST = 3  # below that nothing is concluded
STEPS = 7  # strangers are those who stand so many places further: neighbours may be alike
BETTER = 0.75  # how often partners must agree better than strangers; without any tie: 0.5
IN_PLACE = 0.5  # share of partners that must fit best as they lie; by chance one in 70 does
LEAST_SHIFT = 2.0  # pixels of a view of 128: edges are not told more exactly

Numbers = npt.NDArray[np.float64]


def look_paired(pairs: Sequence[tuple[Path, Path]]) -> bool | None:
    """Say whether photos of the same name show the same thing; None: too few.

    Args:
        pairs: Files of the same name.
    """
    chosen = pairs[:: max(1, len(pairs) // LOOKED_AT)][:LOOKED_AT]
    edges = [found for files in chosen if (found := _edges_of(files)) is not None]
    if len(edges) < FEWEST:
        return None
    agreements = np.array([compare(a, b, longest_px=max(a.shape)) for a, b in edges])
    if share_better(agreements[:, 1], meet_strangers(edges)) >= BETTER:
        return True
    # A camera that never moves makes strangers agree as well as partners do.
    return share_in_place(agreements[:, 3:]) >= IN_PLACE


def meet_strangers(edges: Sequence[tuple[Edges, Edges]]) -> Numbers:
    """Compare images of different pairs as if they were pairs: how well each agrees at its best.

    Those that fit best as they lie are passed over: they show the same place, as frames of a camera
    that never moves do.
    """
    found = []
    for place, (a, _) in enumerate(edges):
        step = 1 + place % max(1, min(STEPS, len(edges) - 1))
        b = edges[(place + step) % len(edges)][1]
        if a.shape == b.shape and len(edges) > 1:
            met = compare(a, b, longest_px=max(a.shape))
            if max(abs(met.right), abs(met.down)) >= LEAST_SHIFT:
                found.append(met.best)
    return np.array(found)


def share_better(partners: Numbers, strangers: Numbers) -> float:
    """Tell how often partners agree better than strangers do: 0.5 is chance, 1 is always."""
    if not len(partners) or not len(strangers):
        return 0.5
    above = np.searchsorted(np.sort(strangers), partners, side="left")
    reached = np.searchsorted(np.sort(strangers), partners, side="right")
    return float((above + reached).mean() / (2 * len(strangers)))


def share_in_place(shifts: Numbers) -> float:
    """Tell how many pairs fit best as they lie.

    Args:
        shifts: Right and down, in pixels of the view that edges were found in: (pairs, 2).
    """
    return float((np.abs(shifts).max(axis=1) < LEAST_SHIFT).mean())


def _edges_of(files: tuple[Path, Path]) -> tuple[Edges, Edges] | None:
    try:
        a, b = (find_edges(open_photo(file).pixels) for file in files)
    except DataError:
        return None  # its turn comes when every file is looked at
    return (a, b) if a.shape == b.shape else None
