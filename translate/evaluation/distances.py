"""How far two sets of photos are apart, by their features, where no exact answers are known."""

import math

import torch
from torch import Tensor

from translate.errors import DataError

LEAST_PHOTOS = 2  # of each set: the estimate compares every photo with the others of its own


def kernel_distance(real_features: Tensor, fake_features: Tensor) -> float:
    """Estimate the squared distance between two sets of photos (KID): 0 if they are of one kind.

    The estimate is unbiased at any number of photos, so it falls below 0 half of the time where
    the sets are of one kind. Every photo is used, and the sets may differ in size; torchmetrics'
    own estimate divides by the size of one of them, which is why this one is ours.

    Shape:
        (M, D) and (N, D), M and N at least 2.

    Source:
        Bińkowski et al. 2018, "Demystifying MMD GANs", section 4 and eq. 4: the polynomial kernel
        (x.y / D + 1)^3. The paper averages over subsets; all photos at once vary less.

    Raises:
        DataError: There are fewer than two photos of a set, or the features are not alike.
    """
    expect_two_sets(real_features, fake_features)
    # Doubles: the distance is a small difference of large means.
    real, fake = real_features.detach().cpu().double(), fake_features.detach().cpu().double()
    across = kernel(real, fake).mean()
    return float(_mean_of_others(real) + _mean_of_others(fake) - 2 * across)


def kernel(first: Tensor, second: Tensor) -> Tensor:
    """Compare every feature vector of one set with every one of another, as KID does.

    Shape:
        (M, D) and (N, D) -> (M, N).
    """
    return (first @ second.T / first.shape[1] + 1) ** 3


def frechet_distance(real_features: Tensor, fake_features: Tensor) -> float:
    """Measure how far two sets of photos are apart, taking each for a bell curve (FID).

    With fewer photos than features the covariances have no full rank, and the distance of two sets
    of one kind is far above 0: compare numbers of equal counts only.

    Shape:
        (M, D) and (N, D), M and N at least 2.

    Source:
        Heusel et al. 2017, "GANs Trained by a Two Time-Scale Update Rule", eq. 6. The trace of the
        root of the product of covariances X'X and Y'Y is the sum of the singular values of XY':
        of M x N numbers instead of D x D, and nothing is rounded away for want of rank.

    Raises:
        DataError: There are fewer than two photos of a set, or the features are not alike.
    """
    expect_two_sets(real_features, fake_features)
    real, fake = real_features.detach().cpu().double(), fake_features.detach().cpu().double()
    apart = (real.mean(dim=0) - fake.mean(dim=0)).square().sum()
    x, y = (_spread(features) for features in (real, fake))
    if max(len(x), len(y)) > x.shape[1]:  # many photos: as small as features are many
        x, y = (torch.linalg.qr(features).R for features in (x, y))
    shared = torch.linalg.svdvals(x @ y.T).sum()
    return float(apart + x.square().sum() + y.square().sum() - 2 * shared)


class FrechetResamples:
    """The Fréchet distances of resamples of two sets, in a fraction of the time.

    All of it follows from the products of features, which are taken once. A photo that was drawn k
    times counts as one, times the root of k; one that was not drawn does not count.

    Args:
        real, fake: Features.

    Shape:
        (M, D) and (N, D), doubles.
    """

    def __init__(self, real: Tensor, fake: Tensor) -> None:
        middle = torch.cat([real, fake]).mean(dim=0)  # sums of squares about it lose no digits
        real, fake = real - middle, fake - middle
        self.among_real, self.among_fake = real @ real.T, fake @ fake.T
        self.across = real @ fake.T

    def __call__(self, real_counts: Tensor, fake_counts: Tensor) -> float:
        """Measure one resample.

        Shape:
            How often each photo was drawn, (M,) and (N,).
        """
        r, f = (counts / counts.sum() for counts in (real_counts, fake_counts))
        apart = r @ self.among_real @ r + f @ self.among_fake @ f - 2 * (r @ self.across @ f)
        spread = _variance(self.among_real, real_counts) + _variance(self.among_fake, fake_counts)
        from_real, from_fake = self.across @ f, r @ self.across
        centred = self.across - from_real[:, None] - from_fake + r @ from_real
        weights = [(counts / (counts.sum() - 1)).sqrt() for counts in (real_counts, fake_counts)]
        shared = weights[0][:, None] * centred * weights[1]
        drawn = shared[real_counts > 0][:, fake_counts > 0]
        return float(apart + spread - 2 * torch.linalg.svdvals(drawn).sum())


def _variance(products: Tensor, counts: Tensor) -> Tensor:
    """Add up the variances of all features of a resample."""
    total = counts.sum()
    return (counts @ products.diagonal() - counts @ products @ counts / total) / (total - 1)


def _spread(features: Tensor) -> Tensor:
    """Scale centred features so that F'F is their covariance."""
    centred: Tensor = features - features.mean(dim=0)
    return centred / math.sqrt(len(features) - 1)


def _mean_of_others(features: Tensor) -> Tensor:
    """Average the kernel over all pairs of two different photos; with itself each is too alike."""
    count = len(features)
    alike = kernel(features, features)
    return (alike.sum() - alike.trace()) / (count * (count - 1))


def expect_two_sets(real: Tensor, fake: Tensor) -> None:
    """Refuse sets that cannot be compared: see `kernel_distance`."""
    if real.ndim != 2 or fake.ndim != 2 or real.shape[1] != fake.shape[1]:
        raise DataError(
            "Sets of photos are compared by the same features: expected (M, D) and (N, D), got "
            f"{tuple(real.shape)} and {tuple(fake.shape)}."
        )
    if min(len(real), len(fake)) < LEAST_PHOTOS:
        raise DataError(
            f"The distance between two sets needs at least {LEAST_PHOTOS} photos of each, got "
            f"{len(real)} real and {len(fake)} translated. Add photos."
        )
