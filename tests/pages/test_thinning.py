import math
import random

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from translate.pages.thinning import thin


def test_few_points_all_stay_in_order_of_x() -> None:
    assert thin([3, 1, 2], [30.0, 10.0, 20.0]) == [(1, 10), (2, 20), (3, 30)]


def test_what_is_no_number_becomes_a_gap() -> None:
    assert thin([1, 2, 3], [1.0, math.nan, math.inf]) == [(1, 1), (2, None), (3, None)]


def test_a_place_that_is_no_number_is_left_out() -> None:
    assert thin([math.nan, 2], [1.0, 2.0]) == [(2, 2)]


def test_lines_of_different_lengths_are_refused() -> None:
    with pytest.raises(ValueError, match="zip"):
        thin([1, 2], [1.0])


@settings(max_examples=20)
@given(st.integers(0, 2**32), st.integers(1001, 5000), st.sampled_from([0, 0.01, 0.5, 1]))
def test_many_points_become_a_thousand_at_most_and_every_extreme_stays(
    seed: int, count: int, gaps: float
) -> None:
    chance = random.Random(seed)  # noqa: S311
    values = [math.nan if chance.random() < gaps else chance.gauss() for _ in range(count)]

    points = thin(range(len(values)), values)

    finite = [value for value in values if math.isfinite(value)]
    kept = [value for _, value in points if value is not None]
    assert len(points) <= 1000
    assert [min(kept), max(kept)] == [min(finite), max(finite)] if finite else not kept
    assert (points[0][0], points[-1][0]) == (0, len(values) - 1)
    assert points == sorted(points, key=lambda point: point[0])
    assert len(finite) == len(values) or None in {value for _, value in points}


def test_a_single_peak_among_a_hundred_thousand_points_stays_where_it_was() -> None:
    values = [0.0] * 100_000
    values[77_777] = 1.0

    assert (77_777.0, 1.0) in thin(range(100_000), values)
