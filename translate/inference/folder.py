"""A folder of images in, the same folder translated out."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import NamedTuple

from translate.errors import DataError
from translate.images import Encoding, find_photos, fitting_suffix, save_photo, suffixes_of
from translate.inference.kinds import open_source
from translate.inference.translator import Translator

OnProgress = Callable[[int, int, Path], None]
"""Called after each photo: how many are finished, how many there are, which one it was."""

LISTED = 3  # names in a message
SUFFIXES = suffixes_of("bands")  # every one there is


class Failure(NamedTuple):
    """A photo, or a folder of them, that could not be translated."""

    file: Path
    reason: str


@dataclass(frozen=True)
class FolderReport:
    """What became of every file; all paths are relative to the source folder.

    Attributes:
        done: Photos translated, in the order of their paths; once, however many samples were taken.
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
    outputs: tuple[Path, ...]  # one for each sample


def translate_folder(
    source: str | Path,
    target: str | Path,
    translator: Translator,
    on_progress: OnProgress | None = None,
    overwrite: bool = False,
    *,
    samples: int | None = None,
    seed: int = 0,
) -> FolderReport:
    """Translate every photo below a folder, keeping names, formats, sizes, alpha and 16 bits.

    A photo that fails is reported and the rest goes on. One photo is in memory at a time, and no
    output is ever seen half written. Where a format cannot hold what the translation is made of,
    as JPEG cannot hold a label map, the output's suffix is that of one that can.

    Args:
        source: A folder, or one photo.
        target: A folder, made if missing; for one photo also the name of a file.
        on_progress: Called after each photo with (finished, all, path relative to source).
        overwrite: Replace outputs that exist. Without it a single one is an error, found before
            anything is written. Inputs are never replaced.
        samples: How many translations to write of each photo, `photo.png` becoming `photo_1.png`,
            `photo_2.png` and so on. None: one, of the photo's own name. More than one can be
            had only if the translator's mode is `paper`, of a generator with dropout.
        seed: In the mode `paper`, which translations: see `Translator`. The same for every photo.

    Raises:
        DataError: Source is missing or holds no photo, target lies in source, outputs exist, or
            two photos would become one file.
        TranslateError: The translator cannot give so many samples.
    """
    source, target = Path(source), Path(target)
    translator.check_samples(samples, seed)
    report = FolderReport()
    jobs = _plan(source, target, translator, samples, report)
    _protect(jobs, overwrite)
    for finished, job in enumerate(jobs, start=1):
        reason = _translate_photo(job, translator, samples, seed)
        if reason is None:
            report.done.append(job.name)
        else:
            report.failed.append(Failure(job.name, reason))
        if on_progress is not None:
            on_progress(finished, len(jobs), job.name)
    return report


def _translate_photo(
    job: Job, translator: Translator, samples: int | None, seed: int
) -> str | None:
    """Translate one photo; return why it failed, or None."""
    try:
        photo = open_source(job.photo, translator.encodings[0])
        translated = translator(photo, samples or 1, seed)
        for each, output in zip(translated, job.outputs, strict=True):
            save_photo(each, output)
    except DataError as error:
        return str(error).removeprefix(f"{job.photo}: ")
    except Exception as error:
        return f"{type(error).__name__}: {error}"
    return None


def _plan(
    source: Path, target: Path, translator: Translator, samples: int | None, report: FolderReport
) -> list[Job]:
    """List the photos, and note in the report what is not one."""
    taken, given = translator.encodings
    if source.is_file():
        name = Path(source.name)
        if target.suffix.lower() in SUFFIXES and not target.is_dir():
            output = _expect_fitting(target, given)
        else:
            output = _fitting(target / name, given)
        return [Job(name, source, _numbered(output, samples))]
    _check_folders(source, target)
    suffixes = suffixes_of(taken.kind)
    photos, ignored, unreadable = find_photos(source, never=target, suffixes=suffixes)
    report.ignored.extend(file.relative_to(source) for file in ignored)
    report.failed.extend(Failure(file.relative_to(source), why) for file, why in unreadable)
    if not photos:
        raise DataError(
            f"{source}: holds no photos ({' '.join(suffixes)}); "
            f"{len(report.ignored)} other files and {len(report.failed)} unreadable folders were "
            "found. Name the folder that holds your photos."
        )
    names = [photo.relative_to(source) for photo in photos]
    return [
        Job(name, source / name, _numbered(_fitting(target / name, given), samples))
        for name in names
    ]


def _fitting(output: Path, encoding: Encoding) -> Path:
    """Change a suffix whose format cannot hold what is to be written; leave every other as it is.

    How deep a source is shows only when it is opened, and does not matter here: of what may become
    photos only PNG and TIFF hold 16 bits, and those keep their suffix.
    """
    return output.with_suffix(fitting_suffix(output.suffix, encoding))


def _expect_fitting(output: Path, encoding: Encoding) -> Path:
    fitting = _fitting(output, encoding)
    if fitting != output:
        raise DataError(
            f"{output}: a translation made of {encoding.kind} ({encoding.least_depth} bits) is not "
            f"written as '{output.suffix}'. Name it {fitting.name}."
        )
    return output


def _numbered(output: Path, samples: int | None) -> tuple[Path, ...]:
    if samples is None:
        return (output,)
    return tuple(output.with_stem(f"{output.stem}_{i}") for i in range(1, samples + 1))


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
    """Refuse to write over a photo that is to be read, over an output, or, unasked, over a file."""
    inputs = {job.photo.resolve() for job in jobs}
    outputs = [output for job in jobs for output in job.outputs]
    if clashes := [output for output in outputs if output.resolve() in inputs]:
        raise DataError(
            f"{_listing(clashes)}: would replace the photo itself. Choose another target."
        )
    makers: dict[Path, Path] = {}
    for name, output in ((job.name, output) for job in jobs for output in job.outputs):
        if (other := makers.setdefault(output, name)) != name:
            raise DataError(
                f"{output}: would be the translation of both {other} and {name}, and nothing was "
                "translated. Rename one of them."
            )
    existing = [] if overwrite else [output for output in outputs if output.exists()]
    if existing:
        raise DataError(
            f"{_listing(existing)}: already there, and nothing was translated. "
            "Choose an empty folder, or allow overwriting."
        )


def _listing(files: Sequence[Path]) -> str:
    names = ", ".join(str(file) for file in files[:LISTED])
    return f"{names} and {len(files) - LISTED} more" if len(files) > LISTED else names
