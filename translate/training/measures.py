"""The measures to pick a run's best epoch by, and which of them a data set allows."""

from collections.abc import Iterable, Mapping, Sequence
from typing import Any, NamedTuple

from translate.data import Splits
from translate.data.held_out import first_shown, spread
from translate.errors import ConfigError
from translate.evaluation.distances import LEAST_PHOTOS

KEY = "training.measure"


class Measure(NamedTuple):
    """A way to say how good translations are."""

    name: str
    is_higher_better: bool
    needs_answers: bool  # whether the exact answer to each photo must be known


MEASURES = {
    measure.name: measure
    for measure in (
        Measure("ssim", is_higher_better=True, needs_answers=True),
        Measure("l1", is_higher_better=False, needs_answers=True),
        Measure("kid", is_higher_better=False, needs_answers=False),
    )
}


def choose_measure(name: str, data: Splits) -> Measure:
    """Find the measure that is meant; "auto": ssim where exact answers are known, else kid.

    Raises:
        ConfigError: There is none of that name, or the held-out photos do not allow it.
    """
    if name == "auto":
        name = "ssim" if data.test_is_paired else "kid"
    if name not in MEASURES:
        raise ConfigError(f"{KEY}: must be one of: auto, {', '.join(MEASURES)}, got {name!r}.")
    if data.test is None:
        raise ConfigError(
            f"{KEY}: {name} is measured on held-out photos, and there are none. Name folders of "
            "photos to look at, or train without measuring."
        )
    if MEASURES[name].needs_answers and not data.test_is_paired:
        raise ConfigError(
            f"{KEY}: {name} compares with the exact answer to each photo, and of these photos none "
            "is known. Choose kid, which compares sets of photos."
        )
    return MEASURES[name]


def choose_items(data: Splits, measure: Measure, most_photos: int) -> dict[str, list[int]]:
    """Choose which items are looked at for the photos of each domain, spread evenly.

    Where exact answers are needed these are pairs; else no photo counts twice, though a set may
    show it again beside another.
    """
    photos: Any = data.test
    if measure.needs_answers:
        pairs = spread(range(len(photos)), most_photos)
        return {"a": pairs, "b": pairs}
    return {domain: spread(first_shown(photos, domain), most_photos) for domain in "ab"}


def expect_sets_of_photos(
    data: Splits, items: Mapping[str, Sequence[int]], directions: Iterable[str]
) -> None:
    """Refuse what kid cannot compare.

    Args:
        items: From `choose_items`.
        directions: Those that will be measured: of each, images of the target are compared.

    Raises:
        ConfigError: They are no photos, or there are too few.
    """
    for target in sorted({direction[-1] for direction in directions}):
        kind = data.encodings[target].kind
        if kind != "photo":
            raise ConfigError(
                f"{KEY}: kid compares sets of photos, and images of {data.domains[target]} are "
                f"{kind}. Choose ssim or l1."
            )
    for domain, chosen in items.items():
        if len(chosen) < LEAST_PHOTOS:
            raise ConfigError(
                f"{KEY}: kid compares sets of photos: expected at least {LEAST_PHOTOS} of each "
                f"domain to look at, got {len(chosen)} of {data.domains[domain]}. Hold out more, "
                "or train without measuring."
            )
