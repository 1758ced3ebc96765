"""How far two sets of photos are apart, by their features, where no exact answers are known."""

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
    _expect_two_sets(real_features, fake_features)
    # Doubles: the distance is a small difference of large means.
    real, fake = real_features.detach().cpu().double(), fake_features.detach().cpu().double()
    across = _kernel(real, fake).mean()
    return float(_mean_of_others(real) + _mean_of_others(fake) - 2 * across)


def _kernel(first: Tensor, second: Tensor) -> Tensor:
    return (first @ second.T / first.shape[1] + 1) ** 3


def _mean_of_others(features: Tensor) -> Tensor:
    """Average the kernel over all pairs of two different photos; with itself each is too alike."""
    count = len(features)
    kernel = _kernel(features, features)
    return (kernel.sum() - kernel.trace()) / (count * (count - 1))


def _expect_two_sets(real: Tensor, fake: Tensor) -> None:
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
