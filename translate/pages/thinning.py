"""A line of millions of points as one that a browser can draw, with every peak where it was."""

import math
from collections.abc import Iterator, Sequence
from itertools import pairwise

BUCKETS = 330  # each gives at most three points, and the ends are kept: 992 at most

Point = tuple[float, float | None]


def thin(x: Sequence[float], y: Sequence[float]) -> list[Point]:
    """Put a line's points into order of x, and leave at most 1000 of them.

    Of each stretch the least and the greatest value are kept, and whether something is missing.

    Returns:
        Points; None stands for what is no number, where the line has a gap.
    """
    points = sorted(
        (
            (float(at), float(value) if math.isfinite(value) else None)
            for at, value in zip(x, y, strict=True)
            if math.isfinite(at)
        ),
        key=lambda point: point[0],
    )
    if len(points) <= 3 * BUCKETS:
        return points
    inner = points[1:-1]
    edges = [round(index * len(inner) / BUCKETS) for index in range(BUCKETS + 1)]
    kept = [points[0]]
    for start, end in pairwise(edges):
        kept += _extremes(inner[start:end])
    return [*kept, points[-1]]


def _extremes(bucket: Sequence[Point]) -> Iterator[Point]:
    numbers = [index for index, (_, value) in enumerate(bucket) if value is not None]
    chosen = set()
    if numbers:
        chosen = {min(numbers, key=lambda i: bucket[i][1] or 0.0)}
        chosen |= {max(numbers, key=lambda i: bucket[i][1] or 0.0)}
    gap = next((index for index, (_, value) in enumerate(bucket) if value is None), None)
    if gap is not None:
        chosen.add(gap)
    return (bucket[index] for index in sorted(chosen))
