"""What is refused before anything starts: every message says that nothing was translated."""

import os
import shutil
import unicodedata
from collections.abc import Iterable, Iterator, Mapping, Sequence
from pathlib import Path

from translate.errors import DataError
from translate.inference.folder.jobs import Candidate, Job, Place

LISTED = 3  # names in a message
BYTES_PER_PIXEL = {
    **dict.fromkeys((".jpg", ".jpeg"), 0.9),  # at quality 95 and full colour, which is written
    ".webp": 0.4,
    **dict.fromkeys((".avif", ".heic", ".heif"), 0.25),
    **dict.fromkeys((".png", ".tif", ".tiff"), 2.0),
    ".gif": 0.7,
    **dict.fromkeys((".bmp", ".npy"), 3.0),
}
"""What photos take up in each format, roughly: only their ratios are used."""
BYTES_BEFORE = BYTES_PER_PIXEL | dict.fromkeys((".jpg", ".jpeg"), 0.6)  # as cameras write them
ROUGHLY = 2.0  # of a format not in the table


def expect_reachable(*paths: Path) -> None:
    """Refuse paths of which nobody can say whether anything is there.

    Raises:
        DataError: One is too long, leads in a circle, or through a folder that is closed to us.
    """
    for path in paths:
        try:
            path.stat()
        except (FileNotFoundError, NotADirectoryError):
            continue
        except OSError as error:
            raise DataError(
                f"{path}: cannot be looked at ({error.strerror}). Correct the path, or the "
                "permissions of the folders that lead there."
            ) from error


def check_folders(source: Path, target: Path) -> None:
    """Refuse a target that is a file, lies in the source, or cannot be written to.

    The source may lie in the target, as long as no output would land in it; see `find_trespass`.

    Raises:
        DataError: One of these.
    """
    if not source.is_dir():
        raise DataError(f"{source}: no such folder or photo. Correct the path.")
    if target.exists() and not target.is_dir():
        raise DataError(f"{target}: is a file, expected a folder to write to. Choose another name.")
    if _lies_in(target, source):
        raise DataError(
            f"{target}: lies in {source}, so translations would be taken for photos the next time. "
            "Choose a folder outside it."
        )
    check_writable(target)


def _lies_in(target: Path, source: Path) -> bool:
    """Ask the disk: on some, names that differ in their letters' case lead to one folder."""
    there = nearest_folder(target).resolve()
    return any(folder.samefile(source) for folder in (there, *there.parents))


def check_writable(target: Path) -> None:
    """Refuse a folder, there or to be made, that nothing can be written to.

    Raises:
        DataError: It is one of these.
    """
    there = nearest_folder(target)
    if not there.is_dir():
        raise DataError(f"{there}: is a file, so {target} cannot be made. Choose another folder.")
    if not os.access(there, os.W_OK | os.X_OK):
        raise DataError(
            f"{target}: cannot be written to ({there} is read-only for you). "
            "Change its permissions, or choose another folder."
        )


def nearest_folder(target: Path) -> Path:
    """Find the first of a folder and those above it that is there."""
    return next(folder for folder in (target, *target.absolute().parents) if folder.exists())


def find_clashes(jobs: Iterable[Job], target: Path) -> Iterator[tuple[str, str]]:
    """Find inputs whose output is another one's too, and say so, for both.

    Names that differ only in the case of their letters, or in how an accent is put together, are
    one name on disks that do not tell cases apart.
    """
    folds = folds_names(target)
    makers: dict[str, str] = {}
    for job in jobs:
        for output in job.outputs:
            key = unicodedata.normalize("NFC", output).casefold() if folds else output
            if (other := makers.setdefault(key, job.name)) != job.name:
                both = f"would be the translation of both {other} and {job.name}"
                yield other, f"{target / output}: {both}"
                yield job.name, f"{target / output}: {both}"


def folds_names(folder: Path) -> bool:
    """Say whether a folder's disk takes X and x for one name; nothing is written to find out."""
    for there in (nearest_folder(folder), *nearest_folder(folder).resolve().parents):
        other = there.with_name(there.name.swapcase()) if there.name else there
        if other.name != there.name:
            return other.exists() and other.samefile(there)
    return False


def find_trespass(
    candidates: Sequence[Candidate], places: Mapping[str, Place], source: Path, target: Path
) -> Iterator[tuple[str, str]]:
    """Find outputs that are inputs, under whatever name, or would become inputs the next time."""
    inside = _way_to(source, target)
    inputs = {candidate.identity for candidate in candidates} if places else set()
    for candidate in candidates:
        for output in candidate.job.outputs:
            if output in places and places[output].identity in inputs:
                why = f"{target / output}: would replace the photo itself"
            elif inside is not None and output.startswith(inside):
                why = f"{target / output}: lies in {source}, where the photos are"
            else:
                continue
            yield candidate.job.name, why


def _way_to(source: Path, target: Path) -> str | None:
    """Tell how outputs that would land in the source begin; None where none can."""
    real, start = source.resolve(), target.resolve()
    return f"{real.relative_to(start).as_posix()}/" if real.is_relative_to(start) else None


def find_strangers(
    jobs: Iterable[Job], places: Mapping[str, Place], target: Path
) -> Iterator[tuple[str, str]]:
    """Find outputs in whose place a file lies that is not ours, or no longer as we wrote it."""
    for job in jobs:
        ours = {output.file for output in job.ours}
        for output in job.outputs:
            if output in places and output not in ours:
                yield job.name, str(target / output)


def estimate_bytes(candidates: Iterable[Candidate]) -> int:
    """Estimate what the outputs will take up.

    The bytes of every input, times the number of its samples, times what its output's format takes
    up compared with its own.
    """
    total = 0.0
    for job, stamp, _ in candidates:
        before = BYTES_BEFORE.get(_suffix(job.name), ROUGHLY)
        after = sum(BYTES_PER_PIXEL.get(_suffix(output), ROUGHLY) for output in job.outputs)
        total += stamp.bytes * after / before if stamp else 0
    return round(total)


def check_space(target: Path, needed: int) -> None:
    """Refuse a disk with less room than outputs are estimated to take up.

    Raises:
        DataError: It is one of these.
    """
    free = shutil.disk_usage(nearest_folder(target)).free
    if needed > free:
        raise DataError(
            f"{target}: {needed / 1e6:,.1f} MB would be needed (the bytes of the photos, times "
            f"what the outputs' formats take up compared with theirs), and {free / 1e6:,.1f} MB "
            "are free. Nothing was translated. Make room, choose another disk, or a smaller format "
            "(jpg)."
        )


def listing(names: Sequence[str]) -> str:
    """Name the first few."""
    first = ", ".join(names[:LISTED])
    return f"{first} and {len(names) - LISTED} more" if len(names) > LISTED else first


def _suffix(name: str) -> str:
    return os.path.splitext(name)[1].lower()  # noqa: PTH122 - no object for each of 100,000 names
