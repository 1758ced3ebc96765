"""Outputs and their line in the manifest: written so that no moment is a bad one to be killed."""

import os
import time
from collections.abc import Sequence
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path

from translate.errors import DataError
from translate.images.writing import write_whole
from translate.inference.folder.entries import Entry, Facts, Output, Stamp, is_free
from translate.inference.folder.jobs import Job
from translate.inference.folder.manifest import Journal
from translate.inference.folder.stopping import DISK_FULL, Stop, is_disk_full


@dataclass(frozen=True)
class Workshop:
    """Where a run reads and writes, and what it notes down.

    Attributes:
        source_name: How the source is called in the manifest.
        facts: Everything that decides what comes out.
        journal: None: nothing is noted down, as for a single photo.
        overwrite: Files of others may be replaced.
    """

    source: Path
    target: Path
    source_name: str
    facts: Facts
    journal: Journal | None
    overwrite: bool


class Writing:
    """Write the outputs of one job: all of them, or none.

    All are first written under temporary names. Then the line is added, and then they are renamed.

    Args:
        stamp: Of the input, when it was read.
        started: `time.monotonic()` when work on it began.
        mtime_ns: What time to give the outputs; None: the present.
    """

    def __init__(
        self, workshop: Workshop, job: Job, stamp: Stamp, started: float, facts: Facts
    ) -> None:
        self._shop, self._job, self._stamp, self._started = workshop, job, stamp, started
        self._facts = facts
        self._written: list[Output] = []

    def write(self, contents: Sequence[bytes], mtime_ns: int | None = None) -> None:
        """Write one content for each output.

        Raises:
            DataError: An output is not ours, or the disk refuses.
            OSError: The disk refuses the line.
        """
        self._write_from(0, contents, mtime_ns)

    def give_up(self, error: Exception, stop: Stop) -> str:
        """Note down why nothing came of the input, and return it; a full disk stops everything."""
        if is_disk_full(error):
            reason = DISK_FULL
            stop.request(reason)
        elif isinstance(error, DataError):
            reason = str(error).removeprefix(f"{self._shop.source / self._job.name}: ")
        else:
            reason = f"{type(error).__name__}: {error}"
        if self._shop.journal is not None:
            with suppress(OSError):  # a disk without room for the photo may have none for this
                self._shop.journal.add(self._entry((), (*self._job.ours, *self._written), reason))
        return reason

    def _write_from(self, index: int, contents: Sequence[bytes], mtime_ns: int | None) -> None:
        """Write the outputs from one on; each waits for all after it before it is renamed."""
        if index == len(contents):
            if self._shop.journal is not None:
                self._shop.journal.add(self._entry(tuple(self._written), self._job.ours, None))
            return

        def go_on(temporary: Path) -> None:
            if mtime_ns is not None:
                os.utime(temporary, ns=(mtime_ns, mtime_ns))
            self._written.append(self._output(self._job.outputs[index], temporary))
            self._write_from(index + 1, contents, mtime_ns)

        file = self._shop.target / self._job.outputs[index]
        self._expect_replaceable(self._job.outputs[index])
        needs_steps = self._shop.journal is not None or mtime_ns is not None or len(contents) > 1
        write_whole(contents[index], file, go_on if needs_steps else None)

    def _expect_replaceable(self, output: str) -> None:
        """Look once more: somebody may have put a file there since the run was planned."""
        target = self._shop.target
        if not self._shop.overwrite and not is_free(output, target, self._job.ours):
            raise DataError(f"{target / output}: appeared, or was changed, while the run went on")

    def _output(self, name: str, temporary: Path) -> Output:
        beside = name.rpartition("/")[0]
        place = f"{beside}/{temporary.name}" if beside else temporary.name
        return Output(name, *Stamp.of(temporary), place)

    def _entry(
        self, outputs: tuple[Output, ...], earlier: tuple[Output, ...], error: str | None
    ) -> Entry:
        return Entry(
            self._job.name,
            self._stamp,
            outputs,
            earlier,
            self._shop.source_name,
            self._facts,
            time.monotonic() - self._started,
            error,
        )
