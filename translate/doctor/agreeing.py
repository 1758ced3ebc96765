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
STRANGERS = 5  # other partners that each is compared with
BETTER = 0.75  # how often partners must agree better than strangers; without any tie: 0.5
IN_PLACE = 0.5  # share of partners that must fit best as they lie; by chance one in 70 does
LEAST_SHIFT = 2.0  # pixels of a view of 128: edges are not told more exactly


def look_paired(pairs: Sequence[tuple[Path, Path]]) -> bool | None:
    """Say whether photos of the same name show the same thing; None: too few.

    Args:
        pairs: Files of the same name.
    """
    chosen = pairs[:: max(1, len(pairs) // LOOKED_AT)][:LOOKED_AT]
    edges = [found for files in chosen if (found := _edges_of(files)) is not None]
    if len(edges) < FEWEST:
        return None
    if share_better(edges) >= BETTER:
        return True
    agreements = [compare(a, b, longest_px=max(a.shape)) for a, b in edges]
    # A camera that never moves makes strangers agree as well as partners do.
    return share_in_place(np.array(agreements)[:, 3:]) >= IN_PLACE


def share_in_place(shifts: npt.NDArray[np.float64]) -> float:
    """Tell how many pairs fit best as they lie.

    Args:
        shifts: Right and down, in pixels of the view that edges were found in: (pairs, 2).
    """
    return float((np.abs(shifts).max(axis=1) < LEAST_SHIFT).mean())


def share_better(edges: Sequence[tuple[Edges, Edges]]) -> float:
    """Tell how often partners agree better than strangers do: 0.5 is chance, 1 is always."""
    wins = []
    for place, (a, b) in enumerate(edges):
        own = in_place(a, b)
        others = [edges[(place + step) % len(edges)][1] for step in range(1, STRANGERS + 1)]
        strange = [
            in_place(a, other) for other in others if other.shape == a.shape and other is not b
        ]
        wins += [float(own > value) + 0.5 * float(own == value) for value in strange]
    return float(np.mean(wins)) if wins else 0.5


def in_place(edges_a: Edges, edges_b: Edges) -> float:
    """Correlate edges as they lie; 0 where a side is flat."""
    power = float((edges_a**2).sum() * (edges_b**2).sum())
    return float((edges_a * edges_b).sum()) / power**0.5 if power else 0.0


def _edges_of(files: tuple[Path, Path]) -> tuple[Edges, Edges] | None:
    try:
        a, b = (find_edges(open_photo(file).pixels) for file in files)
    except DataError:
        return None  # its turn comes when every file is looked at
    return (a, b) if a.shape == b.shape else None
