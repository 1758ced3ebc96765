"""Sets of photos, compared by their features: how far apart, how good, how varied, how sure."""

from typing import NamedTuple

import torch
from torch import Tensor

from translate.evaluation.bootstrap import (
    Estimate,
    centred_interval,
    draw_counts,
    estimate_mean,
    interval,
)
from translate.evaluation.distances import (
    FrechetResamples,
    expect_two_sets,
    frechet_distance,
    kernel,
)

NEIGHBOURS = 3  # as the paper takes them
RESAMPLES = 500  # of sets: each takes a product of matrices
FRECHET_RESAMPLES = 50  # each takes a decomposition; only their spread is used
FRECHET_MOST = 1000  # photos of a set, beyond which the decompositions take minutes


class SetScores(NamedTuple):
    """How a set of translations compares with real photos of the same domain."""

    kid: Estimate  # 0: of one kind; the squared distance of means in the kernel's space
    fid: Estimate  # 0: of one kind; grows as sets get smaller, whatever they show
    precision: Estimate  # share of translations among whose like are real photos
    recall: Estimate  # share of real photos among whose like are translations
    diversity: Estimate  # mean distance of two translations, as a share of that of two photos


def score_sets(real: Tensor, fake: Tensor, seed: int = 0) -> SetScores:
    """Compare two sets of photos by their features.

    Shape:
        (M, D) and (N, D), M and N at least 2.

    Raises:
        DataError: There are fewer than two photos of a set, or the features are not alike.
    """
    expect_two_sets(real, fake)
    real, fake = (features.detach().cpu().double() for features in (real, fake))
    among_real, among_fake = _distances(real, real), _distances(fake, fake)
    precision, recall = judge_manifolds(among_real, among_fake, _distances(real, fake))
    return SetScores(
        estimate_kernel_distance(real, fake, seed),
        estimate_frechet_distance(real, fake, seed),
        estimate_mean(precision, seed),
        estimate_mean(recall, seed),
        estimate_diversity(among_real, among_fake, seed),
    )


def estimate_kernel_distance(real: Tensor, fake: Tensor, seed: int = 0) -> Estimate:
    """Estimate KID as `kernel_distance` does, with its interval.

    In a resample a photo that was drawn twice is not compared with itself: the estimate stays
    without bias.

    Shape:
        (M, D) and (N, D), doubles.
    """
    return interval(*kernel_resamples(real, fake, seed))


def estimate_kernel_gain(real: Tensor, fake: Tensor, baseline: Tensor, seed: int = 0) -> Estimate:
    """Estimate the KID of fakes minus that of a baseline: below 0 where fakes are nearer.

    Both are measured in the same resamples, so what the choice of photos does to both alike cancels
    out, and the interval is narrower than those of the two numbers.

    Args:
        fake, baseline: The same photos in the same order, translated in two ways.

    Shape:
        (M, D), (N, D) and (N, D), doubles.
    """
    values, resamples = zip(
        *(kernel_resamples(real, one, seed) for one in (fake, baseline)), strict=True
    )
    return interval(values[0] - values[1], resamples[0] - resamples[1])


def kernel_resamples(real: Tensor, fake: Tensor, seed: int) -> tuple[float, Tensor]:
    """Measure KID, and again in resamples, which are the same for equal counts and seeds.

    Shape:
        (M, D) and (N, D), doubles -> the number and (RESAMPLES,).
    """
    among_real, among_fake, across = kernel(real, real), kernel(fake, fake), kernel(real, fake)
    randomness = torch.Generator().manual_seed(seed)

    def measure(r: Tensor, f: Tensor) -> Tensor:
        between = ((r @ across) * f).sum(dim=1) / (r.sum(dim=1) * f.sum(dim=1))
        return mean_of_pairs(among_real, r) + mean_of_pairs(among_fake, f) - 2 * between

    value = measure(*(torch.ones(1, len(k)).double() for k in (among_real, among_fake)))
    counts = (draw_counts(len(k), randomness, RESAMPLES) for k in (among_real, among_fake))
    return float(value), measure(*counts)


def mean_of_pairs(matrix: Tensor, counts: Tensor) -> Tensor:
    """Average over all pairs of two different photos, each as often as counts say.

    Shape:
        (N, N) and (resamples, N) -> (resamples,).
    """
    own = counts.square()
    total = ((counts @ matrix) * counts).sum(dim=1) - own @ matrix.diagonal()
    return total / (counts.sum(dim=1).square() - own.sum(dim=1))


def estimate_frechet_distance(real: Tensor, fake: Tensor, seed: int = 0) -> Estimate:
    """Estimate FID, with the spread of resamples around it; NaN ends where sets are very large.

    Shape:
        (M, D) and (N, D), doubles.
    """
    value = frechet_distance(real, fake)
    if max(len(real), len(fake)) > FRECHET_MOST:
        return Estimate(value, float("nan"), float("nan"))
    randomness = torch.Generator().manual_seed(seed)

    measure = FrechetResamples(real, fake)

    def draw(photos: int) -> Tensor:
        return draw_counts(photos, randomness, 1)[0]

    distances = [measure(draw(len(real)), draw(len(fake))) for _ in range(FRECHET_RESAMPLES)]
    return centred_interval(value, torch.tensor(distances).double())


def judge_manifolds(
    among_real: Tensor, among_fake: Tensor, across: Tensor
) -> tuple[Tensor, Tensor]:
    """Say of each fake whether real photos are like it, and of each real photo whether fakes are.

    Alike is what lies no further from a photo than its third nearest of the same set.

    Args:
        among_real, among_fake, across: Distances of features.

    Shape:
        (M, M), (N, N) and (M, N) -> (N,) and (M,), of 0 and 1. Their means are precision and
        recall; their intervals are over the photos that are judged, those they are judged by held.

    Source:
        Kynkäänniemi et al. 2019, "Improved Precision and Recall Metric for Assessing Generative
        Models", eq. 1 and 2.
    """
    return _is_within(across, among_real), _is_within(across.T, among_fake)


def _is_within(distances: Tensor, among_judges: Tensor) -> Tensor:
    nearest = min(NEIGHBOURS, len(among_judges) - 1) + 1  # the nearest of all is the photo itself
    reach = among_judges.kthvalue(nearest, dim=1).values
    return (distances <= reach[:, None]).any(dim=0).double()


def estimate_diversity(among_real: Tensor, among_fake: Tensor, seed: int = 0) -> Estimate:
    """Estimate how varied translations are: 1 as real photos are, 0 all the same.

    Args:
        among_real, among_fake: Distances of features.

    Shape:
        (M, M) and (N, N), doubles.
    """
    randomness = torch.Generator().manual_seed(seed)

    def measure(r: Tensor, f: Tensor) -> Tensor:
        return mean_of_pairs(among_fake, f) / mean_of_pairs(among_real, r)

    value = measure(*(torch.ones(1, len(d)).double() for d in (among_real, among_fake)))
    counts = (draw_counts(len(d), randomness, RESAMPLES) for d in (among_real, among_fake))
    return interval(float(value), measure(*counts))


def _distances(first: Tensor, second: Tensor) -> Tensor:
    # Exact, not by way of products: of a photo to itself it must be 0.
    return torch.cdist(first, second, compute_mode="donot_use_mm_for_euclid_dist")
