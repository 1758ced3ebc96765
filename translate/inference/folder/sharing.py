"""A run shared by several processes: one plans, all translate, one reports."""

from pathlib import Path

from translate.errors import TranslateError
from translate.inference.folder.crew import Crew
from translate.inference.folder.jobs import Job
from translate.inference.folder.manifest import part_name, read_part, tidy
from translate.inference.folder.planning import Plan
from translate.inference.folder.report import Failure, FolderReport
from translate.inference.folder.running import FolderRun


def run_shared(run: FolderRun, crew: Crew) -> FolderReport:
    """Carry out a run's share of a folder, and return the report of all processes.

    Every process writes a manifest of its own, so that nothing is lost whoever is killed; process
    0 puts them together at the end, or at the start of the next run.

    Raises:
        DataError: The run cannot start.
        TranslateError: The other processes cannot be found.
    """
    return _lead(run, crew) if crew.rank == 0 else _follow(run, crew)


def _lead(run: FolderRun, crew: Crew) -> FolderReport:
    is_planned = False
    try:
        with run.prepared() as plan:
            is_planned = True
            shares = crew.hand_out(plan.jobs)
            _carry_out(run, crew, Plan(shares[0], plan.sidecars))
            _merge(run, crew, shares)
    except TranslateError as error:
        if not is_planned:
            crew.refuse(str(error))
        raise
    return run.report


def _follow(run: FolderRun, crew: Crew) -> FolderReport:
    _carry_out(run, crew, Plan(crew.receive()))
    merged = crew.report(run.report.to_json())
    if merged is not None:
        return FolderReport.from_json(merged)
    run.report.stopped = "process 0 is gone: this is what the present one did. Run again"
    return run.report


def _merge(run: FolderRun, crew: Crew, shares: list[list[Job]]) -> None:
    """Put all reports and manifests together."""
    reports = crew.collect()
    for rank, text in reports.items():
        if text is not None:
            run.report.add(FolderReport.from_json(text))
        else:
            run.report.add(_reconstruct(run.target, rank, shares[rank]))
    present = [rank for rank, text in reports.items() if text is not None]
    if len(present) == len(reports):  # else one may still be writing, though it does not answer
        tidy(run.target)
    crew.publish(run.report.to_json(), present)


def _reconstruct(target: Path, rank: int, share: list[Job]) -> FolderReport:
    """Find out from its manifest what a process did that is gone."""
    lines = read_part(target, rank)
    attempted = [lines[job.name] for job in share if job.name in lines]
    return FolderReport(
        done=[entry.input for entry in attempted if entry.error is None],
        failed=[Failure(entry.input, entry.error) for entry in attempted if entry.error],
        not_attempted=len(share) - len(attempted),
        stopped=f"process {rank} is gone: run again to finish its share",
    )


def _carry_out(run: FolderRun, crew: Crew, plan: Plan) -> None:
    run.carry_out(plan, run.target / part_name(crew.rank))
    if run.report.stopped is not None:
        crew.hurry()
