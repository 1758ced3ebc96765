import math
from itertools import product

import pytest
import torch
from hypothesis import given, settings
from hypothesis import strategies as st
from torch import Tensor

from translate.errors import DataError
from translate.evaluation import sets
from translate.evaluation.distances import frechet_distance, kernel, kernel_distance
from translate.evaluation.sets import (
    estimate_diversity,
    estimate_frechet_distance,
    estimate_kernel_distance,
    estimate_kernel_gain,
    judge_manifolds,
    kernel_resamples,
    mean_of_pairs,
    score_sets,
)


def drawn(count: int, dimensions: int, seed: int) -> Tensor:
    return torch.randn(count, dimensions, generator=torch.Generator().manual_seed(seed)).double()


def apart(first: Tensor, second: Tensor) -> Tensor:
    """All distances, one by one."""
    return torch.stack([torch.stack([(a - b).norm() for b in second]) for a in first])


def manifolds(real: Tensor, fake: Tensor) -> tuple[Tensor, Tensor]:
    return judge_manifolds(apart(real, real), apart(fake, fake), apart(real, fake))


@settings(max_examples=25, deadline=None)
@given(st.integers(2, 7), st.integers(2, 7), st.integers(1, 5), st.integers(0, 2**30))
def test_kid_is_what_the_distance_says(count: int, others: int, dimensions: int, seed: int) -> None:
    real, fake = drawn(count, dimensions, seed), drawn(others, dimensions, seed + 1)

    estimate = estimate_kernel_distance(real, fake, seed)

    assert estimate.value == pytest.approx(kernel_distance(real, fake), abs=1e-9)


@settings(max_examples=50, deadline=None)
@given(st.data(), st.integers(2, 6), st.integers(0, 2**30))
def test_pairs_of_a_resample_are_all_those_of_two_different_photos(
    data: st.DataObject, count: int, seed: int
) -> None:
    matrix = drawn(count, count, seed)
    places = data.draw(st.lists(st.integers(0, count - 1), min_size=count, max_size=count))
    counts = torch.tensor([[places.count(i) for i in range(count)]]).double()
    pairs = [matrix[i, j].item() for i, j in product(places, places) if i != j]

    found = mean_of_pairs(matrix, counts).item()

    if pairs:
        assert found == pytest.approx(sum(pairs) / len(pairs), abs=1e-9)
    else:
        assert math.isnan(found)  # one photo all the time: there is no pair


def test_no_photo_of_a_resample_is_compared_with_itself() -> None:
    """Of photos that are like nothing but themselves every kernel of two is 1."""
    photos = 100 * torch.eye(12).double()

    estimate = estimate_kernel_distance(photos[:5], photos[5:])

    assert estimate == pytest.approx((0.0, 0.0, 0.0), abs=1e-6)  # of itself it is 6e8


def test_resamples_are_the_same_for_equal_counts_and_seeds() -> None:
    real, fake = drawn(16, 3, 0), drawn(15, 3, 1)
    _, first = kernel_resamples(real, fake, seed=4)
    _, again = kernel_resamples(real, fake, seed=4)
    _, other = kernel_resamples(real, fake, seed=5)

    assert first.shape == (sets.RESAMPLES,)
    assert torch.equal(first, again)
    assert not torch.equal(first, other)


@pytest.mark.slow
def test_95_of_100_intervals_of_kid_cover_the_truth() -> None:
    """Photos are drawn from a few kinds each, so that the truth can be added up."""
    kinds, others = drawn(6, 4, 0), drawn(5, 4, 1) + 0.7
    truth = (
        kernel(kinds, kinds).mean()
        + kernel(others, others).mean()
        - 2 * kernel(kinds, others).mean()
    ).item()
    randomness, covered, values = torch.Generator().manual_seed(0), 0, []
    for measurement in range(300):
        real = kinds[torch.randint(6, (90,), generator=randomness)]
        fake = others[torch.randint(5, (70,), generator=randomness)]
        value, low, high = estimate_kernel_distance(real, fake, measurement)
        covered += low <= truth <= high
        values.append(value)

    assert 0.91 < covered / 300 < 0.985
    spread = torch.tensor(values).std().item() / math.sqrt(300)
    assert abs(sum(values) / 300 - truth) < 4 * spread  # without bias


def test_the_gain_is_the_difference_of_two_kids() -> None:
    real, fake, baseline = drawn(20, 4, 0), drawn(15, 4, 1) + 0.2, drawn(15, 4, 2) + 2

    gain = estimate_kernel_gain(real, fake, baseline)

    expected = kernel_distance(real, fake) - kernel_distance(real, baseline)
    assert gain.value == pytest.approx(expected)
    assert gain.high < 0


def test_what_is_translated_alike_gains_nothing_for_certain() -> None:
    real, fake = drawn(9, 3, 0), drawn(7, 3, 1)

    assert estimate_kernel_gain(real, fake, fake) == (0.0, 0.0, 0.0)


def test_the_interval_of_a_gain_is_narrower_than_those_of_what_it_is_the_difference_of() -> None:
    real, baseline = drawn(60, 8, 0), drawn(60, 8, 1) + 0.5
    fake = baseline - 0.05

    gain = estimate_kernel_gain(real, fake, baseline)

    widths = [
        estimate.high - estimate.low
        for estimate in (gain, *(estimate_kernel_distance(real, f) for f in (fake, baseline)))
    ]
    assert widths[0] < min(widths[1:]) / 2


def test_fid_is_the_distance_with_the_spread_of_resamples_around_it() -> None:
    real, fake = drawn(40, 5, 0), drawn(30, 5, 1) + 1

    value, low, high = estimate_frechet_distance(real, fake, seed=2)

    assert value == frechet_distance(real, fake)
    assert low < value < high
    assert estimate_frechet_distance(real, fake, seed=2) == (value, low, high)
    assert estimate_frechet_distance(real, fake, seed=3)[1:] != (low, high)


def test_the_spread_of_fid_is_that_of_repeated_measurements() -> None:
    measured = [
        frechet_distance(drawn(60, 4, 2 * i), drawn(60, 4, 2 * i + 1) + 1) for i in range(60)
    ]
    spread = torch.tensor(measured).std().item()

    _, low, high = estimate_frechet_distance(drawn(60, 4, 900), drawn(60, 4, 901) + 1)

    assert (high - low) / 4 == pytest.approx(spread, rel=0.4)  # 95 % are four deviations wide


def test_of_very_large_sets_fid_has_no_interval(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(sets, "FRECHET_MOST", 6)

    value, low, high = estimate_frechet_distance(drawn(7, 3, 0), drawn(5, 3, 1))

    assert value > 0
    assert math.isnan(low)
    assert math.isnan(high)


def test_precision_and_recall_on_a_line_are_by_hand() -> None:
    real = torch.tensor([[0.0], [1.0], [2.0], [3.0], [20.0]]).double()
    fake = torch.tensor([[4.9], [5.1], [30.0], [60.0], [61.0]]).double()

    # The third nearest of real 0 to 3 are 3, 2, 2 and 3 away, of 20 it is 19: to 5, and 1 to 39.
    # Of the fakes 55.1, 54.9, 30, 55.1 and 56.1: some reach every real photo.
    precise, recalled = manifolds(real, fake)

    assert precise.tolist() == [1, 1, 1, 0, 0]
    assert recalled.tolist() == [1, 1, 1, 1, 1]


def test_the_border_belongs_to_the_neighbourhood() -> None:
    real = torch.tensor([[0.0], [1.0], [2.0], [3.0]]).double()

    precise, _ = manifolds(real, torch.tensor([[6.0], [6.1], [-3.0], [-3.1]]).double())

    assert precise.tolist() == [1, 0, 1, 0]


def test_of_fewer_than_four_photos_the_furthest_is_the_border() -> None:
    real = torch.tensor([[0.0], [1.0]]).double()

    precise, recalled = manifolds(real, torch.tensor([[2.0], [2.5]]).double())

    assert precise.tolist() == [1, 0]
    assert recalled.tolist() == [0, 0]


@pytest.mark.parametrize(("count", "others"), [(40, 40), (30, 55)])
def test_precision_and_recall_are_the_papers_restated(count: int, others: int) -> None:
    real, fake = drawn(count, 3, 0), 1.2 * drawn(others, 3, 1) + 0.9

    def is_alike(photo: Tensor, photos: Tensor) -> bool:
        for judge in photos:
            reach = sorted((other - judge).norm().item() for other in photos)[3]
            if (photo - judge).norm().item() <= reach:
                return True
        return False

    scores = score_sets(real, fake)

    assert scores.precision.value == pytest.approx(sum(is_alike(f, real) for f in fake) / others)
    assert scores.recall.value == pytest.approx(sum(is_alike(r, fake) for r in real) / count)
    assert 0 < scores.precision.value < 1
    assert 0 < scores.recall.value < 1


@pytest.mark.slow  # torch-fidelity takes seconds to import
@pytest.mark.parametrize(("count", "others"), [(60, 60), (40, 90)])
def test_precision_and_recall_are_those_of_torch_fidelity(count: int, others: int) -> None:
    prc = pytest.importorskip("torch_fidelity.metric_prc")
    real, fake = drawn(count, 6, 0), 1.1 * drawn(others, 6, 1) + 0.3

    theirs = prc.prc_features_to_metric(
        fake, real, prc_neighborhood=3, prc_batch_size=10000, save_cpu_ram=False, verbose=False
    )

    scores = score_sets(real, fake)
    assert scores.precision.value == pytest.approx(theirs["precision"])
    assert scores.recall.value == pytest.approx(theirs["recall"])


def test_diversity_is_the_mean_distance_of_two_as_a_share_by_hand() -> None:
    real = torch.tensor([[0.0], [2.0], [4.0]]).double()  # 2, 2 and 4 apart: 8 / 3 in the mean
    fake = torch.tensor([[1.0], [5.0]]).double()

    assert score_sets(real, fake).diversity.value == pytest.approx(4 / (8 / 3))


def test_translations_that_are_all_the_same_are_not_varied_at_all() -> None:
    real = drawn(8, 3, 0)

    assert score_sets(real, torch.ones(6, 3)).diversity == (0, 0, 0)
    assert score_sets(real, real).diversity.value == pytest.approx(1)


def test_real_photos_that_are_all_the_same_are_no_measure_of_variety() -> None:
    same = torch.zeros(4, 4).double()

    assert math.isnan(estimate_diversity(same, same).value)


def test_a_set_is_its_own_kind() -> None:
    real = drawn(30, 6, 0)

    scores = score_sets(real, real)

    assert scores.kid.value < 0  # by as much as a photo is more like itself than like others
    assert scores.fid.value == pytest.approx(0, abs=1e-9)
    assert scores.precision.value == scores.recall.value == 1


def test_photos_of_another_kind_are_far_and_neither_precise_nor_recalled() -> None:
    scores = score_sets(drawn(30, 6, 0), drawn(30, 6, 1) + 9)

    assert scores.kid.low > 100
    assert scores.fid.low > 6 * 75
    assert scores.precision == scores.recall == (0, 0, 0)


def test_scores_are_the_same_for_a_seed_in_whatever_numbers_features_come() -> None:
    real, fake = drawn(12, 4, 0).float(), drawn(10, 4, 1).float().requires_grad_()

    assert score_sets(real, fake, 3) == score_sets(real.double(), fake.double(), 3)
    assert score_sets(real, fake, 3).kid[1:] != score_sets(real, fake, 4).kid[1:]


def test_too_few_photos_and_unlike_features_are_refused() -> None:
    with pytest.raises(DataError, match="at least 2 photos of each, got 1 real and 5 translated"):
        score_sets(torch.zeros(1, 3), torch.zeros(5, 3))
    with pytest.raises(DataError, match=r"by the same features: .* got \(4, 3\) and \(4, 2\)"):
        score_sets(torch.zeros(4, 3), torch.zeros(4, 2))
