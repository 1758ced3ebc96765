"""Which photos a cleaned copy leaves out, and why."""

from collections.abc import Iterator
from dataclasses import dataclass

import numpy as np

from translate.doctor.entries import Entry
from translate.doctor.examining import Diagnosis
from translate.doctor.findings.of_sameness import describe_twins, looked_at_later
from translate.doctor.looking import Looks
from translate.doctor.twins import Sameness, Twins, find_sameness


@dataclass(frozen=True)
class LeftOut:
    """A file that is not taken along.

    Attributes:
        kind: As `Finding.kind`.
        why: In words.
    """

    name: str
    kind: str
    why: str


@dataclass(frozen=True)
class Plan:
    """What a cleaned copy consists of."""

    kept: tuple[Entry, ...]
    left_out: tuple[LeftOut, ...]


def plan_copy(diagnosis: Diagnosis, drops_suspicious: bool = False) -> Plan:
    """Choose what a cleaned copy leaves out.

    Photos of both domains go from both; photos of two splits stay in the later one, so that a test
    set keeps its size; of copies within a split the first stays.

    Args:
        drops_suspicious: Whether photos go that look like the other domain.
    """
    looks = diagnosis.looks
    gone: dict[int, tuple[str, str]] = {}
    sameness = diagnosis.sameness
    while True:
        before = len(gone)
        _leave_out(looks, sameness, gone)
        if not sameness.is_cut or len(gone) == before:
            break  # else there were too many twins to see all at once
        staying = np.flatnonzero(~np.isin(looks.owners, list(gone)))
        sameness = find_sameness(looks, staying)
    if drops_suspicious and diagnosis.separation is not None:
        for image, doubt in zip(
            diagnosis.separation.suspicious.tolist(), diagnosis.separation.doubts, strict=True
        ):
            words = f"looks like the other domain with probability {doubt:.0%}"
            gone.setdefault(int(looks.owners[image]), ("suspicious", words))
    kept = tuple(entry for place, entry in enumerate(looks.entries) if place not in gone)
    return Plan(kept, tuple(_list(diagnosis, gone)))


def _list(diagnosis: Diagnosis, gone: dict[int, tuple[str, str]]) -> Iterator[LeftOut]:
    for fault in (*diagnosis.data.faulty, *diagnosis.looks.faulty):
        yield LeftOut(fault.name, "unreadable", fault.reason)
    for name, reason in diagnosis.data.ignored:
        yield LeftOut(name, "not_photos", reason)
    for place in sorted(gone):
        for name in diagnosis.looks.entries[place].names:
            yield LeftOut(name, *gone[place])


def _leave_out(looks: Looks, sameness: Sameness, gone: dict[int, tuple[str, str]]) -> None:
    shared = sameness.shared
    for place in range(len(shared)):
        ends = [int(looks.owners[end[place]]) for end in (shared.first, shared.second)]
        for one, other in (ends, ends[::-1]):
            gone.setdefault(one, ("shared", _words(looks, shared, place, other)))
    leaks = sameness.leaks
    stays, goes = (looks.owners[ends] for ends in looked_at_later(looks, leaks))
    for place in np.argsort(-stays, kind="stable").tolist():  # entries of test come last
        if int(stays[place]) not in gone:
            words = _words(looks, leaks, place, int(stays[place]))
            gone.setdefault(int(goes[place]), ("leaks", words))
    copies = sameness.copies
    first, second = looks.owners[copies.first], looks.owners[copies.second]
    for place in np.lexsort((first, second)).tolist():  # whether the first stays is known by then
        if int(first[place]) not in gone:
            kind = "copies" if copies.is_exact[place] else "near_copies"
            words = _words(looks, copies, place, int(first[place]))
            gone.setdefault(int(second[place]), (kind, words))


def _words(looks: Looks, twins: Twins, place: int, other: int) -> str:
    return f"{describe_twins(looks, twins, place)}: {looks.entries[other].name}"
