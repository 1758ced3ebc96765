"""Every photo once, a few at a time, and what was seen of all of them together."""

import hashlib
import os
import time
from collections import deque
from collections.abc import Callable, Iterator, Sequence
from concurrent.futures import Future, ThreadPoolExecutor
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import numpy as np
import numpy.typing as npt

from translate.doctor.alignment import Agreement, Edges
from translate.doctor.cache import Cache
from translate.doctor.entries import SPLIT_ORDER, Entry, Faulty
from translate.doctor.facts import FACTS, Facts
from translate.doctor.reading import Opened, Seen, Wanted, open_whole, read_entry

AHEAD = 4  # entries under way for each worker: memory is bounded, and nobody waits
COMPARED = 200  # pairs whose edges are kept, to be compared with strangers

Show = Callable[["Step"], None]
Extract = Callable[[npt.NDArray[np.uint8]], npt.NDArray[np.float32]]
"""Views (N, side, side, 3) -> features (N, F)."""


@dataclass(frozen=True)
class Step:
    """How far a look at all photos is."""

    finished: int  # photos and pairs
    entries: int
    megapixels: float  # opened so far


@dataclass(frozen=True)
class Manner:
    """How entries are looked at.

    Attributes:
        workers: Photos that are opened at the same time.
        extract: What makes features of views; None: no features are wanted.
        sample: Photos of each domain whose features are wanted.
        view_px: Side of the views that features are made of.
        seed: Which photos these are.
        open_file: What opens a photo.
        seconds: After so many, what was not looked at yet is left out; None: there is time for all.
    """

    workers: int = 1
    extract: Extract | None = None
    sample: int = 0
    view_px: int = 224
    seed: int = 0
    open_file: Callable[[Path], Opened] = open_whole
    seconds: float | None = None


@dataclass
class Looks:
    """What was seen of all entries that can be used.

    Attributes:
        entries: In the order they were given.
        facts: Of all images, entry by entry: (images,), of `FACTS`.
        owners: The number of the entry that each image belongs to.
        sides: 0 for images of a, 1 for those of b.
        digests: Of the files of each entry.
        agreements: (entries, 5), as `Agreement`; NaN for photos.
        edges: Of a sample of pairs, by the number of the entry.
        features: Of a sample of images, by the number of the image.
        faulty: What could not be used.
        left_out: Entries for which there was no time.
    """

    entries: list[Entry] = field(default_factory=list)
    facts: Facts = field(default_factory=lambda: np.empty(0, FACTS))
    owners: npt.NDArray[np.int64] = field(default_factory=lambda: np.empty(0, np.int64))
    sides: npt.NDArray[np.int64] = field(default_factory=lambda: np.empty(0, np.int64))
    digests: list[tuple[bytes, ...]] = field(default_factory=list)
    agreements: npt.NDArray[np.float64] = field(default_factory=lambda: np.empty((0, 5)))
    edges: dict[int, tuple[Edges, Edges]] = field(default_factory=dict)
    features: dict[int, npt.NDArray[np.float32]] = field(default_factory=dict)
    faulty: list[Faulty] = field(default_factory=list)
    left_out: int = 0

    def splits(self) -> npt.NDArray[np.int64]:
        """Tell for each entry the place of its split in `SPLIT_ORDER`."""
        return np.array([SPLIT_ORDER.index(entry.split) for entry in self.entries], np.int64)


def look(
    entries: Sequence[Entry], cache: Cache, manner: Manner, show: Show = lambda step: None
) -> Looks:
    """Look at every entry once, and remember what was seen."""
    gathered, megapixels = _Gathered(), 0.0
    for number, (entry, seen, is_new) in enumerate(_stream(entries, cache, manner), start=1):
        if isinstance(seen, Seen):
            if seen.views is not None and manner.extract is not None:
                seen.features, seen.views = manner.extract(seen.views), None
            if is_new:
                cache.keep(entry, seen)
            megapixels += float((seen.facts["width"] * seen.facts["height"]).sum() / 1e6)
        gathered.add(entry, seen)
        show(Step(number, len(entries), megapixels))
    return gathered.finished(len(entries))


def _choose(entries: Sequence[Entry], manner: Manner) -> dict[int, Wanted]:
    """Choose by seed and name alone: when photos come and go, the others stay chosen."""
    ranks = [_rank(entry.name, manner.seed) for entry in entries]
    order = sorted(range(len(entries)), key=ranks.__getitem__)
    compared = set([place for place in order if entries[place].is_pair][:COMPARED])
    viewed: set[int] = set()
    if manner.extract is not None:
        for domain in "ab":
            of_domain = [place for place in order if domain in entries[place].domains]
            viewed.update(of_domain[: manner.sample])
    return {
        place: Wanted(place in compared, manner.view_px if place in viewed else None)
        for place in compared | viewed
    }


def _rank(name: str, seed: int) -> bytes:
    return hashlib.sha256(b"%d " % seed + os.fsencode(name)).digest()


def _stream(
    entries: Sequence[Entry], cache: Cache, manner: Manner
) -> Iterator[tuple[Entry, Seen | str, bool]]:
    """Give entries in order, and whether what was seen of them is new to the cache."""
    wanted = _choose(entries, manner)
    until = None if manner.seconds is None else time.monotonic() + manner.seconds
    pool = ThreadPoolExecutor(manner.workers)
    under_way: deque[tuple[Entry, Seen | Future[Seen | str]]] = deque()
    try:
        for place, entry in enumerate(entries):
            if until is not None and time.monotonic() > until:
                break
            wishes = wanted.get(place, Wanted())
            known = cache.find(entry, wishes)
            opening = known or pool.submit(read_entry, entry, wishes, manner.open_file)
            under_way.append((entry, opening))
            if len(under_way) >= AHEAD * manner.workers:
                yield _taken(*under_way.popleft())
        while under_way:
            yield _taken(*under_way.popleft())
    finally:  # also when somebody presses Ctrl-C: what has not begun need not be
        pool.shutdown(cancel_futures=True)


def _taken(entry: Entry, seen: Any) -> tuple[Entry, Seen | str, bool]:
    is_new = isinstance(seen, Future)
    return entry, seen.result() if is_new else seen, is_new


class _Gathered:
    """Lists that grow, and become arrays at the end."""

    def __init__(self) -> None:
        self.looks = Looks()
        self.facts: list[Facts] = []
        self.owners: list[int] = []
        self.sides: list[int] = []
        self.agreements: list[Agreement | None] = []

    def add(self, entry: Entry, seen: Seen | str) -> None:
        """Take in an entry, or the reason why it cannot be used."""
        looks, number = self.looks, len(self.looks.entries)
        if isinstance(seen, str):
            looks.faulty.append(Faulty(entry.name, seen, entry.files[0]))
            return
        if seen.edges is not None:
            looks.edges[number] = seen.edges
        for place, domain in enumerate(entry.domains):
            if seen.features is not None:
                looks.features[len(self.owners)] = seen.features[place]
            self.owners.append(number)
            self.sides.append("ab".index(domain))
        looks.entries.append(entry)
        looks.digests.append(seen.digests)
        self.facts.append(seen.facts)
        self.agreements.append(seen.agreement)

    def finished(self, given: int) -> Looks:
        """Make arrays of the lists.

        Args:
            given: How many entries there were to look at.
        """
        looks = self.looks
        looks.facts = np.concatenate(self.facts) if self.facts else looks.facts
        looks.owners = np.array(self.owners, np.int64)
        looks.sides = np.array(self.sides, np.int64)
        nothing = (np.nan,) * len(Agreement._fields)
        looks.agreements = np.array([a or nothing for a in self.agreements]).reshape(
            -1, len(nothing)
        )
        looks.left_out = given - len(looks.entries) - len(looks.faulty)
        return looks
