"""From two folders to what is to be done, before anything is."""

import os
from collections.abc import Collection, Iterable, Iterator, Mapping
from dataclasses import dataclass, field
from pathlib import Path, PurePosixPath

from translate.errors import DataError
from translate.images import find_photos, suffixes_of
from translate.images.encoding import Kind
from translate.images.finding import RAW
from translate.inference.folder import checks
from translate.inference.folder.entries import Entry, Facts, Stamp
from translate.inference.folder.jobs import Candidate, Job, Place
from translate.inference.folder.naming import Naming
from translate.inference.folder.report import Failure, Ignored
from translate.inference.folder.sidecars import SidecarNaming

Problem = tuple[str, str]
COPIED: Facts = {"sidecar": "copied"}  # no model has a part in it


@dataclass
class Scan:
    """What lies below the source; all names are relative to it."""

    photos: list[str] = field(default_factory=list)
    sidecars: list[Job] = field(default_factory=list)
    failed: list[Failure] = field(default_factory=list)
    ignored: list[Ignored] = field(default_factory=list)


@dataclass
class Plan:
    """What is to be done.

    Attributes:
        jobs: Photos to translate.
        sidecars: Files to copy.
        skipped: Photos that need not be translated again.
        clashes: Inputs whose output is another's, and that in words.
        trespasses: Inputs whose output is an input, or would become one, and that in words.
        strangers: Inputs in whose output's place another file lies, and that file.
        estimate: Bytes that the outputs will take up, roughly.
    """

    jobs: list[Job] = field(default_factory=list)
    sidecars: list[Job] = field(default_factory=list)
    skipped: list[str] = field(default_factory=list)
    clashes: list[Problem] = field(default_factory=list)
    trespasses: list[Problem] = field(default_factory=list)
    strangers: list[Problem] = field(default_factory=list)
    estimate: int = 0

    def problems(self) -> list[Problem]:
        """List all that is wrong."""
        strange = [(name, f"{file}: already there, and not ours") for name, file in self.strangers]
        return self.clashes + self.trespasses + strange

    def refuse_problems(self) -> None:
        """Raise what is wrong with a plan.

        Raises:
            DataError: Anything is.
        """
        for problems, middle, advice in (
            (self.clashes, ", and nothing was translated", "Rename one of them."),
            (self.trespasses, ", and nothing was translated", "Choose another target."),
            (
                self.strangers,
                ": already there, and nothing was translated",
                "No earlier run wrote it, or it was changed since. Choose an empty folder, or "
                "allow overwriting.",
            ),
        ):
            if problems:
                names = checks.listing(list(dict.fromkeys(what for _, what in problems)))
                raise DataError(f"{names}{middle}. {advice}")


def scan(source: Path, target: Path, kind: Kind, naming: Naming, patterns: Collection[str]) -> Scan:
    """List the photos and the sidecars, and note what is neither."""
    found = find_photos(source, never=target, suffixes=suffixes_of(kind))
    listed = Scan([_relative(photo, source) for photo in found.photos])
    listed.failed += [Failure(_relative(file, source), why) for file, why in found.unreadable]
    sidecars = SidecarNaming(tuple(patterns), listed.photos, naming)
    beside = {_stem(photo) for photo in listed.photos} if found.ignored else set()
    for file, reason in found.ignored:
        name = _relative(file, source)
        if sidecars.takes(name) and file.is_file():
            listed.sidecars.append(sidecars.job_of(name))
        elif reason == RAW and _stem(name) not in beside:
            listed.failed.append(Failure(name, reason))
        else:
            listed.ignored.append(Ignored(name, reason))
    return listed


def expect_photos(listed: Scan, source: Path, kind: Kind) -> None:
    """Refuse a folder without photos.

    Raises:
        DataError: It is one.
    """
    if not listed.photos:
        raise DataError(
            f"{source}: holds no photos ({' '.join(suffixes_of(kind))}); "
            f"{len(listed.ignored) + len(listed.sidecars)} other files and {len(listed.failed)} "
            "that cannot be read were found. Name the folder that holds your photos."
        )


def make_plan(
    source: Path,
    target: Path,
    listed: Scan,
    naming: Naming,
    entries: Mapping[str, Entry],
    facts: Facts,
    overwrite: bool,
    only: Collection[str] | None = None,
) -> Plan:
    """Sort what has to be done from what is done, and look for what cannot be.

    Args:
        facts: Everything that decides what comes out.
        overwrite: Files of others may be replaced.
        only: The names to look at; None: all.
    """
    photos = [Job(name, naming.outputs_of(name)) for name in listed.photos]
    plan = Plan(clashes=list(checks.find_clashes([*photos, *listed.sidecars], target)))
    sidecars = listed.sidecars
    if only is not None:
        photos = [job for job in photos if job.name in only]
        sidecars = [job for job in sidecars if job.name in only]
    images = list(_undone(photos, source, target, entries, facts, plan.skipped))
    copies = list(_undone(sidecars, source, target, entries, COPIED, []))
    both = images + copies
    places = places_of(both, target)
    plan.jobs = [candidate.job for candidate in images]
    plan.sidecars = [candidate.job for candidate in copies]
    plan.trespasses = list(checks.find_trespass(both, places, source, target))
    if not overwrite:
        plan.strangers = list(checks.find_strangers(plan.jobs + plan.sidecars, places, target))
    plan.estimate = max(0, checks.estimate_bytes(both) - sum(p.bytes for p in places.values()))
    return plan


def _undone(
    jobs: Iterable[Job],
    source: Path,
    target: Path,
    entries: Mapping[str, Entry],
    facts: Facts,
    skipped: list[str],
) -> Iterator[Candidate]:
    source_name = str(source.resolve())
    for job in jobs:
        candidate, entry = look(job, source / job.name), entries.get(job.name)
        if entry is None:
            yield candidate
        elif candidate.stamp and entry.is_done(target, candidate.stamp, job.outputs, facts):
            skipped.append(job.name)
        else:
            yield candidate._replace(job=job._replace(ours=entry.ours(target, source_name)))


def look(job: Job, file: Path) -> Candidate:
    """Look at the input of a job."""
    try:
        status = file.stat()
    except OSError:
        return Candidate(job, None, None)
    stamp = Stamp(status.st_size, status.st_mtime_ns)
    return Candidate(job, stamp, (status.st_dev, status.st_ino))


def places_of(candidates: Iterable[Candidate], target: Path) -> dict[str, Place]:
    """Look at what lies where outputs go, if anything does."""
    return dict(_places(candidates, target)) if target.exists() else {}


def _places(candidates: Iterable[Candidate], target: Path) -> Iterator[tuple[str, Place]]:
    for candidate in candidates:
        for output in candidate.job.outputs:
            file = target / output
            try:
                status = file.stat()
            except OSError:
                if os.path.lexists(file):  # a link to nowhere
                    yield output, Place(0, (-1, -1))
            else:
                yield output, Place(status.st_size, (status.st_dev, status.st_ino))


def _relative(file: Path, folder: Path) -> str:
    return file.relative_to(folder).as_posix()


def _stem(name: str) -> str:
    """Leave out the suffix; folders stay."""
    return str(PurePosixPath(name).with_suffix("")).casefold()
