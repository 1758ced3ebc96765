import math
from itertools import combinations
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import torch
from hypothesis import given, settings
from hypothesis import strategies as st
from torch import Tensor

from translate.errors import DataError
from translate.evaluation.bootstrap import draw_counts
from translate.evaluation.distances import (
    FrechetResamples,
    frechet_distance,
    kernel,
    kernel_distance,
)
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


def test_the_kernel_compares_every_vector_with_every_other() -> None:
    first, second = torch.tensor([[0.0, 0.0], [2.0, 0.0]]), torch.tensor([[2.0, 1.0]])

    assert kernel(first, second).tolist() == [[1.0], [27.0]]  # (4 / 2 + 1)^3


def test_the_frechet_distance_of_two_bell_curves_on_a_line_is_by_hand() -> None:
    real, fake = torch.tensor([[0.0], [2.0]]), torch.tensor([[1.0], [4.0], [7.0]])

    # (mean - mean)^2 + (deviation - deviation)^2, with deviations of sqrt(2) and 3.
    assert frechet_distance(real, fake) == pytest.approx(9 + (3 - math.sqrt(2)) ** 2)


def by_eigenvalues(real: Tensor, fake: Tensor) -> float:
    """Heusel et al. 2017, eq. 6, written down."""
    x, y = real.double().numpy(), fake.double().numpy()
    covariances = [np.atleast_2d(np.cov(features, rowvar=False)) for features in (x, y)]
    shared = np.sqrt(np.linalg.eigvals(covariances[0] @ covariances[1]).astype(complex)).real.sum()
    apart = np.square(x.mean(axis=0) - y.mean(axis=0)).sum()
    return float(apart + sum(np.trace(each) for each in covariances) - 2 * shared)


SHAPES = {
    "fewer photos than features": (20, 20, 30),
    "unequal counts": (25, 12, 30),
    "more photos than features": (60, 60, 7),
    "more of one only": (60, 5, 30),
    "as many": (8, 8, 8),
    "two photos": (2, 2, 40),
}


@pytest.mark.parametrize(("count", "others", "dimensions"), SHAPES.values(), ids=SHAPES)
def test_the_frechet_distance_is_the_papers_for_any_numbers_of_photos(
    count: int, others: int, dimensions: int
) -> None:
    real, fake = drawn(count, dimensions, 0) + 3, 1.5 * drawn(others, dimensions, 1) + 2.5

    # Roots of eigenvalues that should be 0 leave some of the rounding.
    assert frechet_distance(real, fake) == pytest.approx(by_eigenvalues(real, fake), rel=2e-6)


@pytest.mark.slow  # both take seconds to import
@pytest.mark.parametrize(("count", "others", "dimensions"), SHAPES.values(), ids=SHAPES)
def test_the_frechet_distance_is_that_of_torchmetrics_and_torch_fidelity(
    count: int, others: int, dimensions: int
) -> None:
    torchmetrics = pytest.importorskip("torchmetrics.image.fid")
    fidelity = pytest.importorskip("torch_fidelity.metric_fid")
    real, fake = (drawn(n, dimensions, i).double() + i / 2 for i, n in enumerate((count, others)))

    moments = [(x.mean(dim=0), torch.cov(x.T).reshape(dimensions, -1)) for x in (real, fake)]
    theirs = torchmetrics._compute_fid(*moments[0], *moments[1]).item()
    statistics = [fidelity.fid_features_to_statistics(x) for x in (real, fake)]
    others_still = fidelity.fid_statistics_to_metric(*statistics, verbose=False)

    found = frechet_distance(real, fake)
    assert found == pytest.approx(theirs, rel=1e-6)
    assert found == pytest.approx(others_still["frechet_inception_distance"], rel=1e-6)


@settings(max_examples=30, deadline=None)
@given(st.integers(2, 9), st.integers(2, 9), st.integers(1, 9), st.integers(0, 2**30))
def test_the_frechet_distance_is_the_same_from_either_side_and_never_below_zero(
    count: int, others: int, dimensions: int, seed: int
) -> None:
    first, second = drawn(count, dimensions, seed), drawn(others, dimensions, seed + 1)

    there, back = frechet_distance(first, second), frechet_distance(second, first)

    assert there == pytest.approx(back, abs=1e-9)
    assert there > -1e-9
    assert frechet_distance(first, first) == pytest.approx(0, abs=1e-9)


def test_small_frechet_distances_of_large_features_are_not_lost_to_rounding() -> None:
    real, fake = drawn(50, 4, 0), drawn(50, 4, 1)

    moved = frechet_distance(real.double() + 1e4, fake.double() + 1e4)

    assert moved == pytest.approx(frechet_distance(real, fake), rel=1e-6)


@settings(max_examples=40, deadline=None)
@given(st.integers(2, 9), st.integers(2, 9), st.integers(1, 12), st.integers(0, 2**30))
def test_resamples_are_measured_as_if_photos_were_there_as_often_as_they_were_drawn(
    count: int, others: int, dimensions: int, seed: int
) -> None:
    real = drawn(count, dimensions, seed).double() + 5
    fake = drawn(others, dimensions, seed + 1).double() + 4
    randomness = torch.Generator().manual_seed(seed)
    drawn_real, drawn_fake = (draw_counts(n, randomness, 1)[0] for n in (count, others))

    found = FrechetResamples(real, fake)(drawn_real, drawn_fake)

    repeated = (
        features.repeat_interleave(counts.long(), dim=0)
        for features, counts in ((real, drawn_real), (fake, drawn_fake))
    )
    assert found == pytest.approx(frechet_distance(*repeated), abs=1e-9)


@pytest.mark.parametrize("distance", [kernel_distance, frechet_distance])
def test_distances_of_equal_features_do_not_depend_on_the_order_of_photos(distance: Any) -> None:
    real, fake = drawn(9, 4, 0), drawn(7, 4, 1)

    assert distance(real.flip(0), fake.flip(0)) == pytest.approx(distance(real, fake))


@pytest.mark.parametrize("distance", [kernel_distance, frechet_distance])
@pytest.mark.parametrize(("real", "fake"), [(1, 5), (5, 1), (0, 0)])
def test_fewer_than_two_photos_are_refused(distance: Any, real: int, fake: int) -> None:
    expected = f"at least 2 photos of each, got {real} real and {fake} translated"

    with pytest.raises(DataError, match=expected):
        distance(torch.zeros(real, 3), torch.zeros(fake, 3))


@pytest.mark.parametrize("distance", [kernel_distance, frechet_distance])
@pytest.mark.parametrize("shape", [(4, 2), (4, 3, 1)])
def test_features_of_two_kinds_are_refused(distance: Any, shape: tuple[int, ...]) -> None:
    with pytest.raises(DataError, match=r"by the same features: .* got \(4, 3\) and \(4, "):
        distance(torch.zeros(4, 3), torch.zeros(shape))


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
