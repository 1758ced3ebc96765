"""One photo, translated to one file: no manifest, no lock."""

from pathlib import Path

from translate.errors import DataError
from translate.images import Encoding, fitting_suffix, suffixes_of
from translate.inference.folder import checks
from translate.inference.folder.jobs import Job
from translate.inference.folder.naming import Naming, numbered
from translate.inference.folder.pipeline import OnProgress, Pipeline
from translate.inference.folder.planning import Plan, look, places_of
from translate.inference.folder.report import FolderReport
from translate.inference.folder.stopping import Stop
from translate.inference.folder.wishes import Wishes
from translate.inference.folder.writing import Workshop
from translate.inference.translator import Translator

SUFFIXES = suffixes_of("bands")  # every one there is


def translate_one(
    photo: Path,
    target: Path,
    translator: Translator,
    wishes: Wishes,
    on_progress: OnProgress | None,
    stop: Stop,
    dry_run: bool,
) -> FolderReport:
    """Translate a photo into a folder, or to a file of any name.

    Raises:
        DataError: It would be replaced, a file is in the way, or the name does not fit.
    """
    made_of = translator.encodings[1]
    if target.suffix.lower() in SUFFIXES and not target.is_dir():
        folder, outputs = target.parent, _outputs_of_name(target, made_of, wishes)
    else:
        naming = Naming(made_of, wishes.format, wishes.suffix, wishes.samples)
        folder, outputs = target, naming.outputs_of(photo.name)
    job = Job(photo.name, outputs)
    _refuse_problems(job, photo, folder, wishes.overwrite)
    if dry_run:
        return FolderReport(planned=[job.name])
    workshop = Workshop(photo.parent, folder, "", {}, None, wishes.overwrite)
    report = FolderReport()
    Pipeline(translator, workshop, wishes, report, stop, on_progress).run([job])
    report.stopped, report.remarks = stop.reason, list(translator.remarks)
    return report


def _refuse_problems(job: Job, photo: Path, folder: Path, overwrite: bool) -> None:
    checks.check_writable(folder)
    candidate = look(job, photo)
    places = places_of([candidate], folder)
    plan = Plan([job])
    plan.trespasses = list(checks.find_trespass([candidate], places, photo, folder))
    plan.strangers = [] if overwrite else list(checks.find_strangers([job], places, folder))
    plan.refuse_problems()


def _outputs_of_name(target: Path, made_of: Encoding, wishes: Wishes) -> tuple[str, ...]:
    if wishes.format or wishes.suffix:
        raise DataError(
            f"{target}: names a file, so there is nothing that format and suffix could name. "
            "Leave them out, or name a folder."
        )
    fitting = fitting_suffix(target.suffix, made_of)
    if fitting != target.suffix:
        raise DataError(
            f"{target}: a translation made of {made_of.kind} ({made_of.least_depth} bits) is not "
            f"written as '{target.suffix}'. Name it {target.with_suffix(fitting).name}."
        )
    return numbered(target.name, wishes.samples)
