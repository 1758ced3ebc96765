"""What every layout of data gives, and what it is asked for."""

from typing import NamedTuple

from torch.utils.data import Dataset

from translate.images import Pair


class Draw(NamedTuple):
    """What a sampler asks a training set for.

    The epoch comes along so that an item's randomness follows from (seed, epoch, index) alone: the
    same on any number of workers and processes, and after any resume.
    """

    epoch: int
    index: int  # type: ignore[assignment]  # hides a method of tuples that nobody calls


class Splits(NamedTuple):
    """A data set's photos: to learn from, and to look at."""

    train: Dataset[Pair]  # indexed by `Draw`
    test: Dataset[Pair] | None  # indexed by number; None: no photos were held out
    fingerprint: str  # of the training photos: tells one set from another
