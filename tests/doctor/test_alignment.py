import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from tests.doctor_toys import outline, pair_of
from translate.doctor.alignment import compare, correlate, find_edges


def test_edges_are_those_of_a_small_view() -> None:
    assert find_edges(outline(0, 96)).shape == (96, 96)
    assert find_edges(np.zeros((100, 400, 3), np.uint8)).shape == (32, 128)
    assert find_edges(np.zeros((4000, 1, 3), np.uint8)).shape == (128, 1)


def test_a_negative_lies_where_its_photo_lies() -> None:
    a, b = pair_of(1)

    found = compare(find_edges(a), find_edges(b), longest_px=96)

    assert found.in_place == found.best == pytest.approx(1, abs=0.02)
    assert (found.right, found.down) == (0, 0)
    assert found.rival < 0.7


@given(seed=st.integers(0, 1000), right=st.integers(-10, 10), down=st.integers(-10, 10))
@settings(max_examples=25, deadline=None)
def test_a_shift_is_found_to_the_pixel(seed: int, right: int, down: int) -> None:
    a, b = pair_of(seed, right=right, down=down)

    found = compare(find_edges(a), find_edges(b), longest_px=96)

    assert (found.right, found.down) == (pytest.approx(right, abs=1), pytest.approx(down, abs=1))


def test_a_shift_is_told_in_pixels_of_the_image() -> None:
    a, b = (np.kron(image, np.ones((4, 4, 1), np.uint8)) for image in pair_of(3, right=5))

    found = compare(find_edges(a), find_edges(b), longest_px=384)

    assert found.right == pytest.approx(20, abs=3)
    assert found.down == pytest.approx(0, abs=3)


def test_nothing_agrees_with_nothing() -> None:
    edges = find_edges(outline(2))

    for other in (np.zeros_like(edges), find_edges(np.full((96, 96, 3), 50, np.uint8))):
        assert not correlate(edges, other).any()
        assert not correlate(other, other).any()


def test_edges_of_one_brightness_count_by_their_colour() -> None:
    image = np.full((64, 64, 3), 128, np.uint8)
    image[20:40, 20:40] = (180, 102, 128)  # as bright, to the eye of luminance

    assert find_edges(image).max() > 5
