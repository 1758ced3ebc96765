from itertools import combinations
from pathlib import Path

import pytest
import torch
from hypothesis import given, settings
from hypothesis import strategies as st
from torch import Tensor

from translate.errors import DataError
from translate.evaluation.distances import kernel_distance
from translate.evaluation.features import FeatureExtractor
from translate.images import open_photo, to_tensor


def drawn(count: int, dimensions: int, seed: int) -> Tensor:
    return torch.randn(count, dimensions, generator=torch.Generator().manual_seed(seed))


def test_the_distance_of_two_small_sets_is_by_hand() -> None:
    real = torch.tensor([[0.0, 2.0], [2.0, 0.0]])
    fake = torch.tensor([[2.0, 0.0], [2.0, 0.0], [0.0, 0.0]])

    # The kernel is 27 where both are (2, 0), for (4 / 2 + 1)^3 = 27, and else 1.
    within_real, within_fake, across = 1, (27 + 1 + 1) / 3, (1 + 1 + 1 + 27 + 27 + 1) / 6
    assert kernel_distance(real, fake) == pytest.approx(within_real + within_fake - 2 * across)


def test_two_sets_of_equal_photos_each_are_as_far_apart_as_their_kernels_say() -> None:
    black, white = torch.zeros(2, 5), torch.ones(7, 5)

    assert kernel_distance(black, white) == 1 + 8 - 2  # (5 / 5 + 1)^3 = 8
    assert kernel_distance(black, black) == 0


@settings(max_examples=30, deadline=None)
@given(st.integers(2, 6), st.integers(2, 6), st.integers(1, 4), st.integers(0, 2**30))
def test_the_distance_is_the_same_from_either_side(
    count: int, others: int, dimensions: int, seed: int
) -> None:
    first, second = drawn(count, dimensions, seed), drawn(others, dimensions, seed + 1)

    there, back = kernel_distance(first, second), kernel_distance(second, first)

    assert there == pytest.approx(back, abs=1e-9)


@settings(max_examples=10, deadline=None)
@given(st.integers(2, 4), st.integers(0, 2**30))
def test_over_all_ways_to_split_one_set_in_two_the_mean_distance_is_zero(
    count: int, seed: int
) -> None:
    """Unbiased: two samples of one kind of photos are at 0 on average, of whatever sizes."""
    photos = drawn(6, 3, seed)

    found = []
    for chosen in combinations(range(6), count):
        rest = [i for i in range(6) if i not in chosen]
        found.append(kernel_distance(photos[list(chosen)], photos[rest]))

    assert sum(found) / len(found) == pytest.approx(0, abs=1e-9)
    assert min(found) < 0


def test_samples_of_two_sets_are_on_average_as_far_apart_as_the_sets() -> None:
    first, second = drawn(5, 3, 0), drawn(4, 3, 1) + 0.5

    found = [
        kernel_distance(first[list(some)], second[list(others)])
        for some in combinations(range(5), 3)
        for others in combinations(range(4), 2)
    ]

    assert sum(found) / len(found) == pytest.approx(kernel_distance(first, second))


def test_the_same_kind_of_photos_is_near_zero_and_another_kind_is_far() -> None:
    real, same, other = drawn(300, 16, 0), drawn(200, 16, 1), drawn(200, 16, 2) + 1

    assert abs(kernel_distance(real, same)) < 0.02
    assert kernel_distance(real, other) > 1


def test_small_distances_of_large_features_are_not_lost_to_rounding() -> None:
    real, fake = drawn(50, 4, 0) + 1000, drawn(50, 4, 1) + 1000

    exact = kernel_distance(real.double(), fake.double())

    assert kernel_distance(real, fake) == exact


@pytest.mark.slow  # torchmetrics takes seconds to import
def test_for_equal_counts_the_distance_is_that_of_torchmetrics() -> None:
    kid = pytest.importorskip("torchmetrics.image.kid")
    real, fake = drawn(20, 8, 0).double(), drawn(20, 8, 1).double() + 0.3

    assert kernel_distance(real, fake) == pytest.approx(kid.poly_mmd(real, fake).item())


@pytest.mark.parametrize(("real", "fake"), [(1, 5), (5, 1), (0, 0)])
def test_fewer_than_two_photos_are_refused(real: int, fake: int) -> None:
    expected = f"at least 2 photos of each, got {real} real and {fake} translated"

    with pytest.raises(DataError, match=expected):
        kernel_distance(torch.zeros(real, 3), torch.zeros(fake, 3))


@pytest.mark.parametrize("shape", [(4, 2), (4, 3, 1)])
def test_features_of_two_kinds_are_refused(shape: tuple[int, ...]) -> None:
    with pytest.raises(DataError, match=r"by the same features: .* got \(4, 3\) and \(4, "):
        kernel_distance(torch.zeros(4, 3), torch.zeros(shape))


@pytest.mark.real_data
def test_day_is_far_from_night_and_night_near_other_nights(real_data: Path) -> None:
    extract = FeatureExtractor(torch.device("cpu"))
    day, night, other_night = (
        torch.cat([extract(to_tensor(open_photo(file).pixels)[None]) for file in files])
        for files in (
            sorted((real_data / "day2night" / name).iterdir())[:200]
            for name in ("testA", "testB", "trainB")
        )
    )

    # 189 and 0.39 in thousandths.
    assert 0.17 < kernel_distance(day, night) < 0.21
    assert abs(kernel_distance(other_night, night)) < 0.002
