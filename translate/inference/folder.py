"""A folder of photos in, the same folder translated out."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import NamedTuple

from translate.errors import DataError
from translate.images import IMAGE_SUFFIXES, find_photos, open_photo, save_photo
from translate.inference.translator import Translator

OnProgress = Callable[[int, int, Path], None]
"""Called after each photo: how many are finished, how many there are, which one it was."""

LISTED = 3  # names in a message


class Failure(NamedTuple):
    """A photo, or a folder of them, that could not be translated."""

    file: Path
    reason: str


@dataclass(frozen=True)
class FolderReport:
    """What became of every file; all paths are relative to the source folder.

    Attributes:
        done: Photos translated, in the order of their paths.
        failed: Photos and folders that could not be read, translated or written, and why.
        ignored: What was not taken for photos: other kinds of files, hidden ones, and links that
            lead back to a folder above them. None of it is copied.
    """

    done: list[Path] = field(default_factory=list)
    failed: list[Failure] = field(default_factory=list)
    ignored: list[Path] = field(default_factory=list)


class Job(NamedTuple):
    """One photo to translate."""

    name: Path  # for the report
    photo: Path
    output: Path


def translate_folder(
    source: str | Path,
    target: str | Path,
    translator: Translator,
    on_progress: OnProgress | None = None,
    overwrite: bool = False,
) -> FolderReport:
    """Translate every photo below a folder, keeping names, formats, sizes, alpha and 16 bits.

    A photo that fails is reported and the rest goes on. One photo is in memory at a time, and no
    output is ever seen half written.

    Args:
        source: A folder, or one photo.
        target: A folder, made if missing; for one photo also the name of a file.
        on_progress: Called after each photo with (finished, all, path relative to source).
        overwrite: Replace outputs that exist. Without it a single one is an error, found before
            anything is written. Inputs are never replaced.

    Raises:
        DataError: Source is missing or holds no photo, target lies in source, or outputs exist.
    """
    source, target = Path(source), Path(target)
    report = FolderReport()
    jobs = _plan(source, target, report)
    _protect(jobs, overwrite)
    for finished, job in enumerate(jobs, start=1):
        reason = _translate_photo(job, translator)
        if reason is None:
            report.done.append(job.name)
        else:
            report.failed.append(Failure(job.name, reason))
        if on_progress is not None:
            on_progress(finished, len(jobs), job.name)
    return report


def _translate_photo(job: Job, translator: Translator) -> str | None:
    """Translate one photo; return why it failed, or None."""
    try:
        photo = open_photo(job.photo)
        save_photo(replace(photo, pixels=translator(photo.pixels)), job.output)
    except DataError as error:
        return str(error).removeprefix(f"{job.photo}: ")
    except Exception as error:
        return f"{type(error).__name__}: {error}"
    return None


def _plan(source: Path, target: Path, report: FolderReport) -> list[Job]:
    """List the photos, and note in the report what is not one."""
    if source.is_file():
        is_file_name = target.suffix.lower() in IMAGE_SUFFIXES and not target.is_dir()
        output = target if is_file_name else target / source.name
        return [Job(Path(source.name), source, output)]
    _check_folders(source, target)
    photos, ignored, unreadable = find_photos(source, never=target)
    report.ignored.extend(file.relative_to(source) for file in ignored)
    report.failed.extend(Failure(file.relative_to(source), why) for file, why in unreadable)
    if not photos:
        raise DataError(
            f"{source}: holds no photos ({' '.join(IMAGE_SUFFIXES)}); "
            f"{len(report.ignored)} other files and {len(report.failed)} unreadable folders were "
            "found. Name the folder that holds your photos."
        )
    names = [photo.relative_to(source) for photo in photos]
    return [Job(name, source / name, target / name) for name in names]


def _check_folders(source: Path, target: Path) -> None:
    if not source.is_dir():
        raise DataError(f"{source}: no such folder or photo. Correct the path.")
    if target.exists() and not target.is_dir():
        raise DataError(f"{target}: is a file, expected a folder to write to. Choose another name.")
    if target.resolve().is_relative_to(source.resolve()):
        raise DataError(
            f"{target}: lies in {source}, so translations would be taken for photos the next time. "
            "Choose a folder outside it."
        )


def _protect(jobs: Sequence[Job], overwrite: bool) -> None:
    """Refuse to write over a photo that is to be read, or, unasked, over anything."""
    inputs = {job.photo.resolve() for job in jobs}
    if clashes := [job.output for job in jobs if job.output.resolve() in inputs]:
        raise DataError(
            f"{_listing(clashes)}: would replace the photo itself. Choose another target."
        )
    existing = [] if overwrite else [job.output for job in jobs if job.output.exists()]
    if existing:
        raise DataError(
            f"{_listing(existing)}: already there, and nothing was translated. "
            "Choose an empty folder, or allow overwriting."
        )


def _listing(files: Sequence[Path]) -> str:
    names = ", ".join(str(file) for file in files[:LISTED])
    return f"{names} and {len(files) - LISTED} more" if len(files) > LISTED else names
