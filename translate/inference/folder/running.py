"""One run over a folder: planned, refused or carried out, and reported."""

from collections.abc import Collection, Iterator, Mapping
from concurrent.futures import ThreadPoolExecutor
from contextlib import ExitStack, contextmanager
from pathlib import Path

from filelock import FileLock, Timeout

from translate.errors import DataError
from translate.inference.folder import checks
from translate.inference.folder.copying import copy_sidecars
from translate.inference.folder.entries import Entry
from translate.inference.folder.manifest import LOCK, NAME, Journal, guarded, read_manifest, tidy
from translate.inference.folder.naming import Naming
from translate.inference.folder.pipeline import OnProgress, Pipeline
from translate.inference.folder.planning import Plan, Scan, expect_photos, make_plan, scan
from translate.inference.folder.report import Failure, FolderReport
from translate.inference.folder.stopping import Stop
from translate.inference.folder.wishes import Wishes
from translate.inference.folder.writing import Workshop
from translate.inference.translator import Translator


class FolderRun:
    """Everything one run needs to know, and its steps.

    Attributes:
        report: What became of every file so far.
    """

    def __init__(
        self,
        source: Path,
        target: Path,
        translator: Translator,
        wishes: Wishes,
        on_progress: OnProgress | None,
        stop: Stop,
    ) -> None:
        self.source, self.target, self.translator, self.wishes = source, target, translator, wishes
        self.on_progress, self.stop = on_progress, stop
        self.naming = Naming(translator.encodings[1], wishes.format, wishes.suffix, wishes.samples)
        self.facts = {**translator.facts, **wishes.facts()}
        self.report = FolderReport()

    def scan(self) -> Scan:
        """List the source."""
        kind = self.translator.encodings[0].kind
        sidecars = self.wishes.copy_sidecars
        return scan(self.source, self.target, kind, self.naming, sidecars)

    def plan(
        self, listed: Scan, entries: Mapping[str, Entry], only: Collection[str] | None = None
    ) -> Plan:
        """Sort what is to be done.

        Args:
            only: The names to look at; None: all.
        """
        return make_plan(
            self.source,
            self.target,
            listed,
            self.naming,
            entries,
            self.facts,
            self.wishes.overwrite,
            only,
        )

    @contextmanager
    def prepared(self, may_be_empty: bool = False) -> Iterator[Plan]:
        """Plan a run, refuse what cannot be, and keep other runs out of the target meanwhile.

        Nothing is made before it is clear that the run can start.

        Raises:
            DataError: It cannot.
        """
        checks.check_folders(self.source, self.target)
        listed = self._list(may_be_empty)
        with ExitStack() as stack:
            is_new = not self.target.exists()
            if not is_new:
                stack.enter_context(locked(self.target))
            with guarded(self.target):
                entries = {} if is_new else tidy(self.target)
            plan = self._checked_plan(listed, entries)
            del listed, entries  # of a million photos they weigh more than a gigabyte
            if is_new:
                with guarded(self.target):
                    self.target.mkdir(parents=True, exist_ok=True)
                stack.enter_context(locked(self.target))
            yield plan

    def preview(self) -> FolderReport:
        """Report what would be done, and do none of it.

        Raises:
            DataError: A real run would be refused too.
        """
        checks.check_folders(self.source, self.target)
        with guarded(self.target):
            entries = read_manifest(self.target)
        plan = self._checked_plan(self._list(may_be_empty=False), entries)
        self.report.planned = [job.name for job in plan.jobs]
        self.report.estimated_bytes = plan.estimate
        return self.report

    def carry_out(self, plan: Plan, journal: Path) -> None:
        """Translate and copy what a plan says, and note it down in a journal."""
        with guarded(self.target):
            lines = Journal(journal)
        with lines, ThreadPoolExecutor(1, "copying") as copier:
            workshop = Workshop(
                self.source,
                self.target,
                str(self.source.resolve()),
                self.facts,
                lines,
                self.wishes.overwrite,
            )
            copying = copier.submit(copy_sidecars, plan.sidecars, workshop, self.report, self.stop)
            pipeline = Pipeline(
                self.translator, workshop, self.wishes, self.report, self.stop, self.on_progress
            )
            try:
                pipeline.run(plan.jobs)
            except BaseException:
                self.stop.request()  # else the sidecars would all be waited for
                raise
            copying.result()
        self.report.stopped = self.stop.reason
        self.report.remarks = list(self.translator.remarks)
        self.report.failed.sort()

    def refresh(self, listed: Scan) -> None:
        """Take what a scan has to say of what is no photo into the report."""
        self.report.ignored = listed.ignored
        known = set(self.report.failed)
        self.report.failed += [failure for failure in listed.failed if failure not in known]

    def fail(self, problems: Collection[tuple[str, str]]) -> None:
        """Add inputs that can have no output to the report, one by one."""
        for name, why in problems:
            self.report.failed.append(Failure(name, why))

    def _list(self, may_be_empty: bool) -> Scan:
        listed = self.scan()
        if not may_be_empty:
            expect_photos(listed, self.source, self.translator.encodings[0].kind)
        self.refresh(listed)
        return listed

    def _checked_plan(self, listed: Scan, entries: Mapping[str, Entry]) -> Plan:
        plan = self.plan(listed, entries)
        plan.refuse_problems()
        checks.check_space(self.target, plan.estimate)
        self.report.skipped = plan.skipped
        return plan


@contextmanager
def locked(target: Path) -> Iterator[None]:
    """Keep a folder to one run.

    Raises:
        DataError: Another one is at it.
    """
    lock = FileLock(target / LOCK, timeout=0)
    with guarded(target):
        try:
            lock.acquire()
        except Timeout as error:
            raise DataError(
                f"{target}: another run is writing there. Wait for it, or choose another folder. "
                "To use several processes start them together: accelerate launch "
                "scripts/translate_folder.py ..."
            ) from error
    try:
        yield
    finally:
        lock.release()


def main_journal(target: Path) -> Path:
    """Name the journal of a run of one process."""
    return target / NAME
