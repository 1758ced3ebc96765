"""Sidecars, copied beside the translations."""

import time
from collections.abc import Sequence

from translate.errors import DataError
from translate.inference.folder.entries import Stamp
from translate.inference.folder.jobs import Job
from translate.inference.folder.planning import COPIED
from translate.inference.folder.reading import UNKNOWN
from translate.inference.folder.report import Failure, FolderReport
from translate.inference.folder.stopping import Stop
from translate.inference.folder.writing import Workshop, Writing


def copy_sidecars(
    jobs: Sequence[Job], workshop: Workshop, report: FolderReport, stop: Stop
) -> None:
    """Copy files as they are, with their times, each whole or not at all."""
    for job in jobs:
        if stop.is_requested:
            return
        file, started, stamp = workshop.source / job.name, time.monotonic(), UNKNOWN
        try:
            stamp = Stamp.of(file)
            content = file.read_bytes()
            writing = Writing(workshop, job, stamp, started, COPIED)
            writing.write([content] * len(job.outputs), stamp.mtime_ns)
        except (OSError, DataError) as error:
            writing = Writing(workshop, job, stamp, started, COPIED)
            report.failed.append(Failure(job.name, writing.give_up(error, stop)))
        else:
            report.copied.append(job.name)
