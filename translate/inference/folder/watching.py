"""New photos, translated as they arrive."""

import time

from translate.inference.folder.entries import Stamp
from translate.inference.folder.manifest import read_manifest
from translate.inference.folder.planning import Scan
from translate.inference.folder.running import FolderRun, main_journal

EVERY_SECONDS = 2.0
SHARE_OF_TIME = 5  # at most a fifth of the time goes into looking

Stamps = dict[str, Stamp]


def watch(run: FolderRun) -> None:
    """Look for new and changed files again and again, until somebody asks to stop.

    A file counts when its size and its time are what they were a look ago: whoever is still copying
    it is left to finish. What failed is tried again when it has changed.
    """
    handled = {name: entry.stamp for name, entry in read_manifest(run.target).items()}
    before: Stamps = {}
    pause = EVERY_SECONDS
    while not run.stop.wait(pause):
        started = time.monotonic()
        listed = run.scan()
        now = _stamps_of(run, listed)
        ready = {n for n, stamp in now.items() if stamp == before.get(n) != handled.get(n)}
        pause = max(EVERY_SECONDS, SHARE_OF_TIME * (time.monotonic() - started))
        if ready:
            _translate(run, listed, ready)
            handled |= {name: now[name] for name in ready}
        before = now


def _translate(run: FolderRun, listed: Scan, ready: set[str]) -> None:
    run.report.forget(ready)
    run.refresh(listed)
    plan = run.plan(listed, read_manifest(run.target), ready)
    bad = {name: why for name, why in plan.problems() if name in ready}
    run.fail(list(bad.items()))
    plan.jobs = [job for job in plan.jobs if job.name not in bad]
    plan.sidecars = [job for job in plan.sidecars if job.name not in bad]
    run.carry_out(plan, main_journal(run.target))


def _stamps_of(run: FolderRun, listed: Scan) -> Stamps:
    stamps: Stamps = {}
    for name in [*listed.photos, *(job.name for job in listed.sidecars)]:
        try:
            stamps[name] = Stamp.of(run.source / name)
        except OSError:
            continue  # it is gone already, or a link to nowhere
    return stamps
