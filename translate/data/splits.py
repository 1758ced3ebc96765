"""What every layout of data gives, and what it is asked for."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import NamedTuple

from torch.utils.data import Dataset

from translate.data.cards import Card
from translate.images import Encoding, Pair


class Draw(NamedTuple):
    """What a sampler asks a training set for.

    The epoch comes along so that an item's randomness follows from (seed, epoch, index) alone: the
    same on any number of workers and processes, and after any resume.
    """

    epoch: int
    index: int  # type: ignore[assignment]  # hides a method of tuples that nobody calls


@dataclass(frozen=True)
class Splits:
    """A data set's photos, to learn from and to look at, and what is known of them.

    Attributes:
        train: Indexed by `Draw`.
        test: Indexed by number; None: no photos were held out.
        domains: What people call the domains: `{"a": "summer", "b": "winter"}`.
        crop_px: Side of the squares to learn from.
        test_px: Side of the squares to look at.
        test_is_paired: Whether `b` of each held-out pair is the exact answer to its `a`.
        fingerprint: Of the training photos: tells one set from another.
        card: What the data set says of itself; None: it has no card.
        report: What was found, in one line for people.
        encodings: What the images of each domain are made of.
    """

    train: Dataset[Pair]
    test: Dataset[Pair] | None
    domains: dict[str, str]
    crop_px: int
    test_px: int
    test_is_paired: bool
    fingerprint: str
    card: Card | None
    report: str
    encodings: Mapping[str, Encoding] = field(
        default_factory=lambda: {"a": Encoding(), "b": Encoding()}
    )
