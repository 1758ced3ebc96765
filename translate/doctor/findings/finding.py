"""What the doctor says: something about a data set, what it means, and where it was seen."""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Literal, NamedTuple

from translate.doctor.looking import Looks

Weight = Literal["serious", "warning", "note"]
WEIGHTS: tuple[Weight, ...] = ("serious", "warning", "note")
MOST_ITEMS = 10_000  # of one finding that are kept; its count is of all


class Image(NamedTuple):
    """Where an image can be opened again: a file, or the half of one."""

    file: Path
    half: Literal["left", "right"] | None = None


@dataclass(frozen=True)
class Item:
    """One place where something was found.

    Attributes:
        names: Of the photos or pairs, as `Entry.name`.
        words: What is to be said of it.
        images: What to show, in this order.
        numbers: For machines.
    """

    names: tuple[str, ...]
    words: str
    images: tuple[Image, ...] = ()
    numbers: Mapping[str, float] = field(default_factory=dict)


@dataclass(frozen=True)
class Finding:
    """Something that was found.

    Attributes:
        kind: A word for machines, such as "leaks".
        weight: Serious ones spoil a training or its measurement.
        title: What was found, in a few words and numbers.
        advice: What it means for training and what to do, in a sentence.
        count: How many photos or pairs it concerns; 0: the set as a whole.
        items: Where; at most `MOST_ITEMS`.
    """

    kind: str
    weight: Weight
    title: str
    advice: str
    count: int = 0
    items: Sequence[Item] = ()


def image_of(looks: Looks, number: int) -> Image:
    """Say where an image of those that were seen can be opened again."""
    entry, side = looks.entries[looks.owners[number]], int(looks.sides[number])
    if entry.is_side_by_side:
        return Image(entry.files[0], "right" if side else "left")
    return Image(entry.files[side if entry.is_pair else 0])


def name_of(looks: Looks, number: int) -> str:
    """Name an image: its file, and which half of it."""
    entry, side = looks.entries[looks.owners[number]], int(looks.sides[number])
    if entry.is_side_by_side:
        return f"{entry.name} ({'B, right' if side else 'A, left'})"
    name: str = entry.names[side if entry.is_pair else 0]
    return name


def images_of(looks: Looks, entry: int) -> tuple[Image, ...]:
    """Say where the one or two images of an entry can be opened again."""
    one = looks.entries[entry]
    if one.is_side_by_side:
        return Image(one.files[0], "left"), Image(one.files[0], "right")
    return tuple(Image(file) for file in one.files)


def capped(items: Iterable[Item]) -> tuple[Item, ...]:
    """Keep as many as can be told."""
    kept: list[Item] = []
    for item in items:
        if len(kept) >= MOST_ITEMS:
            break
        kept.append(item)
    return tuple(kept)


def counted(count: int, one: str, many: str) -> str:
    """Write a number and what it counts: `1 photo`, `1,200 photos`."""
    return f"{count:,} {one if count == 1 else many}"
