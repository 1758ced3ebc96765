"""Can the two domains be told apart, and by what? Asked of a classifier that is trained here."""

from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

Numbers = npt.NDArray[np.float64]

FOLDS = 10
FEWEST = 20  # images of each domain: from fewer nothing can be said
DIRECTIONS = 256  # of the features, those in which images differ most
# Features are scaled so that an image is 1 away from the middle. Of 0.01 to 1 this and 0.3 gave the
# best probabilities on summer/winter and day/night.
PENALTY = 0.1
STEPS = 15  # of Newton's method; it converges in about 7
CONVERGED = 1e-6
CERTAIN = 30.0  # logit beyond which the exponential needs no more digits
Z = 1.96  # 95 % of a normal distribution


@dataclass(frozen=True)
class Accuracy:
    """The share of images that were told apart rightly, both domains counting alike.

    Attributes:
        low, high: Of its 95 % interval.
    """

    value: float
    low: float
    high: float

    def __str__(self) -> str:
        return f"{self.value:.0%} ({self.low:.0%} to {self.high:.0%})"


def cross_validate(values: Numbers, is_b: npt.NDArray[np.bool_], seed: int) -> Numbers:
    """Tell for each image the probability of being one of b, by a classifier that never saw it.

    Logistic regression with a quadratic penalty, in which both domains weigh alike.

    Args:
        values: (N, F), of any scale.
        seed: How images are dealt out to the folds.
    """
    directions = _main_directions(values)
    folds = _deal(is_b, seed)
    probabilities = np.empty(len(is_b))
    for fold in range(folds.max() + 1):
        learned = folds != fold
        weights = _learn(directions[learned], is_b[learned])
        probabilities[~learned] = _sigmoid(_with_one(directions[~learned]) @ weights)
    return probabilities


def measure_accuracy(probabilities: Numbers, is_b: npt.NDArray[np.bool_]) -> Accuracy:
    """Count what was told apart rightly, with its interval.

    Source:
        Wilson 1927 for the interval of each domain; Newcombe 1998 for putting the two together.
    """
    shares, below, above = [], [], []
    for domain in (is_b, ~is_b):
        right = (probabilities[domain] > 0.5) == is_b[domain]
        share, low, high = wilson(int(right.sum()), len(right))
        shares.append(share)
        below.append(share - low)
        above.append(high - share)
    value = float(np.mean(shares))
    down, up = (float(np.linalg.norm(parts)) / 2 for parts in (below, above))
    return Accuracy(value, value - down, value + up)


def wilson(right: int, count: int) -> tuple[float, float, float]:
    """Give a share and its 95 % interval, which also holds near 0 and 1."""
    share = right / count
    middle = (share + Z**2 / (2 * count)) / (1 + Z**2 / count)
    reach = Z / (1 + Z**2 / count) * np.sqrt(share * (1 - share) / count + (Z / (2 * count)) ** 2)
    return share, float(max(0.0, middle - reach)), float(min(1.0, middle + reach))


def _main_directions(values: Numbers) -> Numbers:
    centred = values.astype(np.float64) - values.mean(axis=0)
    distance = np.sqrt((centred**2).sum(axis=1).mean())
    left, sizes, _ = np.linalg.svd(centred / (distance or 1.0), full_matrices=False)
    found: Numbers = (left * sizes)[:, :DIRECTIONS]
    return found


def _deal(is_b: npt.NDArray[np.bool_], seed: int) -> npt.NDArray[np.int64]:
    """Deal the images of each domain out to the folds, as evenly as can be."""
    random = np.random.default_rng(seed)
    folds = np.empty(len(is_b), np.int64)
    count = min(FOLDS, int(is_b.sum()), int((~is_b).sum()))
    for domain in (is_b, ~is_b):
        places = random.permutation(np.flatnonzero(domain))
        folds[places] = np.arange(len(places)) % count
    return folds


def _learn(values: Numbers, is_b: npt.NDArray[np.bool_]) -> Numbers:
    inputs, answers = _with_one(values), is_b.astype(np.float64)
    count = len(is_b)
    weight = np.where(is_b, count / (2 * is_b.sum()), count / (2 * (~is_b).sum()))
    penalty = np.full(inputs.shape[1], PENALTY)
    penalty[-1] = 1e-6  # the constant is free
    found = np.zeros(inputs.shape[1])
    for _ in range(STEPS):
        guess = _sigmoid(inputs @ found)
        slope = inputs.T @ (weight * (guess - answers)) + penalty * found
        bend = (inputs * (weight * guess * (1 - guess))[:, None]).T @ inputs + np.diag(penalty)
        step = np.linalg.solve(bend, slope)
        found -= step
        if np.abs(step).max() < CONVERGED:
            break
    return found


def _with_one(values: Numbers) -> Numbers:
    return np.concatenate([values, np.ones((len(values), 1))], axis=1)


def _sigmoid(logits: Numbers) -> Numbers:
    found: Numbers = 1 / (1 + np.exp(-np.clip(logits, -CERTAIN, CERTAIN)))
    return found
