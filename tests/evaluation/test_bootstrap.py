import math

import pytest
import torch
from hypothesis import given, settings
from hypothesis import strategies as st
from torch import Tensor

from translate.evaluation import bootstrap
from translate.evaluation.bootstrap import (
    Estimate,
    centred_interval,
    draw_counts,
    estimate_mean,
    interval,
    resampled,
)

NAN, INF = math.nan, math.inf


def seeded(seed: int = 0) -> torch.Generator:
    return torch.Generator().manual_seed(seed)


@settings(max_examples=30, deadline=None)
@given(st.integers(1, 30), st.integers(1, 20), st.integers(0, 2**40))
def test_every_resample_draws_as_many_photos_as_there_are(
    photos: int, resamples: int, seed: int
) -> None:
    counts = draw_counts(photos, seeded(seed), resamples)

    assert counts.shape == (resamples, photos)
    assert counts.dtype == torch.float64
    assert (counts.sum(dim=1) == photos).all()
    assert (counts >= 0).all()
    assert torch.equal(counts, draw_counts(photos, seeded(seed), resamples))


def test_photos_are_drawn_with_replacement_and_each_as_often_as_any_other() -> None:
    counts = draw_counts(10, seeded(), 20_000)

    torch.testing.assert_close(counts.mean(dim=0), torch.ones(10).double(), atol=0.04, rtol=0)
    # Of n draws with probability 1 / n each: n * (1 / n) * (1 - 1 / n).
    torch.testing.assert_close(
        counts.var(dim=0), torch.full((10,), 0.9).double(), atol=0.06, rtol=0
    )
    assert (counts == 0).double().mean().item() == pytest.approx(0.9**10, abs=0.01)


def test_resamples_are_the_same_however_many_fit_into_memory(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    values = torch.rand(50, generator=seeded()).double()

    def mean(counts: Tensor) -> Tensor:
        return counts @ values / 50

    at_once = resampled(50, 3, mean, 101)
    monkeypatch.setattr(bootstrap, "AT_ONCE", 350)  # seven at a time

    assert at_once.shape == (101,)
    assert torch.equal(resampled(50, 3, mean, 101), at_once)


def test_the_middle_95_percent_are_taken_by_hand() -> None:
    resamples = torch.arange(101.0).flip(0).double()

    assert interval(50.0, resamples) == pytest.approx((50.0, 2.5, 97.5))
    assert interval(7.0, resamples) == pytest.approx((7.0, 2.5, 97.5))  # wherever the number lies


def test_resamples_that_gave_nothing_are_left_out() -> None:
    nothing = torch.tensor([NAN, INF, -INF]).double()

    assert interval(1.0, torch.cat([nothing, torch.tensor([0.0, 1.0]).double()])) == pytest.approx(
        (1.0, 0.025, 0.975)
    )
    for few in (nothing, torch.cat([nothing, torch.ones(1).double()])):
        value, *ends = interval(1.0, few)
        assert value == 1.0
        assert all(map(math.isnan, ends))


def test_a_centred_interval_has_the_spread_of_resamples_around_the_number() -> None:
    resamples = torch.arange(101.0).double()  # their mean is 50

    assert centred_interval(10.0, resamples) == pytest.approx((10.0, -37.5, 57.5))


@settings(max_examples=30, deadline=None)
@given(st.lists(st.floats(-1e3, 1e3), min_size=2, max_size=20), st.integers(0, 2**40))
def test_the_interval_of_a_mean_lies_among_the_values(values: list[float], seed: int) -> None:
    value, low, high = estimate_mean(torch.tensor(values, dtype=torch.float64), seed)

    assert value == pytest.approx(sum(values) / len(values), abs=1e-9)
    assert min(values) - 1e-9 <= low <= high <= max(values) + 1e-9


def test_equal_values_leave_no_doubt() -> None:
    assert estimate_mean(torch.full((9,), 0.25)) == (0.25, 0.25, 0.25)


def test_the_seed_decides_the_interval_and_not_the_number() -> None:
    values = torch.rand(20, generator=seeded())
    first, again, other = (estimate_mean(values, seed) for seed in (1, 1, 2))

    assert first == again
    assert first.value == other.value
    assert first[1:] != other[1:]


def test_the_process_wide_random_numbers_are_left_alone() -> None:
    before = torch.get_rng_state()

    estimate_mean(torch.rand(5, generator=seeded()))

    assert torch.equal(torch.get_rng_state(), before)


def test_an_infinite_value_makes_an_infinite_mean_without_interval() -> None:
    value, low, high = estimate_mean(torch.tensor([1.0, INF]))

    assert value == INF
    assert math.isnan(low)
    assert math.isnan(high)


def test_of_no_photos_nothing_is_known() -> None:
    assert all(map(math.isnan, estimate_mean(torch.empty(0))))


def test_numbers_that_learn_and_short_ones_are_averaged_in_doubles() -> None:
    values = torch.full((1000,), 0.1, dtype=torch.bfloat16).requires_grad_()

    assert estimate_mean(values).value == values[0].double().item()


@pytest.mark.parametrize("skewed", [False, True])
def test_95_of_100_intervals_cover_the_truth(skewed: bool) -> None:
    randomness, covered = seeded(5), 0
    for measurement in range(400):
        values = torch.randn(100, generator=randomness).double()
        values = values.exp() if skewed else values
        _, low, high = estimate_mean(values, measurement)
        covered += low <= (math.exp(0.5) if skewed else 0.0) <= high

    # Of a skewed number the percentile interval is known to cover a little less.
    assert (0.86 if skewed else 0.92) < covered / 400 < 0.98


def test_other_units_scale_all_three() -> None:
    assert Estimate(1.0, 0.5, 2.0).scaled(1000) == Estimate(1000.0, 500.0, 2000.0)


@pytest.mark.parametrize(
    ("other", "is_apart"),
    [
        (Estimate(3.0, 2.1, 4.0), True),
        (Estimate(3.0, 2.0, 4.0), False),  # they touch
        (Estimate(1.5, 1.4, 1.6), False),
        (Estimate(0.0, -1.0, 0.9), True),
        (Estimate(3.0, NAN, NAN), False),  # not known, so not claimed
    ],
)
def test_numbers_are_apart_where_their_intervals_do_not_touch(
    other: Estimate, is_apart: bool
) -> None:
    one = Estimate(1.5, 1.0, 2.0)

    assert one.is_apart_from(other) is is_apart
    assert other.is_apart_from(one) is is_apart
