"""How sure a number is that was measured on a few hundred photos: bootstrap intervals."""

from collections.abc import Callable
from typing import NamedTuple

import torch
from torch import Tensor

RESAMPLES = 1000  # enough for the ends of an interval to be steady in their second digit
COVERED = 0.95  # of repeated measurements on other photos
AT_ONCE = 2**24  # numbers in memory while resamples are drawn


class Estimate(NamedTuple):
    """A measured number and its 95 % interval; NaN: the interval cannot be told."""

    value: float
    low: float
    high: float

    def scaled(self, factor: float) -> "Estimate":
        """Give it in other units."""
        return Estimate(*(factor * number for number in self))

    def is_apart_from(self, other: "Estimate") -> bool:
        """Say whether the intervals do not touch: a cautious test of a real difference."""
        return self.low > other.high or self.high < other.low


def draw_counts(photos: int, randomness: torch.Generator, resamples: int) -> Tensor:
    """Draw how often each photo occurs in resamples of a set, taken with replacement.

    Shape:
        (resamples, photos), doubles that add up to `photos` in each row.
    """
    places = torch.randint(photos, (resamples, photos), generator=randomness)
    counts = torch.zeros(resamples, photos, dtype=torch.float64)
    return counts.scatter_add_(1, places, torch.ones_like(places, dtype=torch.float64))


def resampled(
    photos: int, seed: int, measure: Callable[[Tensor], Tensor], resamples: int = RESAMPLES
) -> Tensor:
    """Measure resamples of a set, some at a time.

    Args:
        measure: Counts (some, photos) -> a number for each, (some,).

    Shape:
        (resamples,).
    """
    randomness = torch.Generator().manual_seed(seed)
    step = max(1, AT_ONCE // max(1, photos))
    sizes = [min(step, resamples - start) for start in range(0, resamples, step)]
    return torch.cat([measure(draw_counts(photos, randomness, size)) for size in sizes])


def estimate_mean(values: Tensor, seed: int = 0) -> Estimate:
    """Average a number that every photo has.

    Shape:
        (N,); infinite numbers make an infinite mean.

    Source:
        Efron 1979, "Bootstrap Methods: Another Look at the Jackknife"; the percentile interval.
    """
    if not len(values):
        return Estimate(*(float("nan"),) * 3)
    values = values.detach().cpu().double()
    if not values.isfinite().all():
        return Estimate(float(values.mean()), float("nan"), float("nan"))
    means = resampled(len(values), seed, lambda counts: counts @ values / len(values))
    return interval(float(values.mean()), means)


def interval(value: float, resamples: Tensor) -> Estimate:
    """Take the middle 95 % of what resamples gave; those that gave nothing are left out."""
    resamples = resamples[resamples.isfinite()]
    if len(resamples) < 2:
        return Estimate(value, float("nan"), float("nan"))
    ends = torch.tensor([(1 - COVERED) / 2, (1 + COVERED) / 2], dtype=resamples.dtype)
    low, high = torch.quantile(resamples, ends).tolist()
    return Estimate(value, low, high)


def centred_interval(value: float, resamples: Tensor) -> Estimate:
    """As `interval`, moved so that the resamples' mean is the measured number.

    Some distances grow when photos occur twice, as in every resample: their spread can be used, and
    where it lies cannot.
    """
    return interval(value, resamples - resamples.mean() + value)
