"""Which photos are there, and which of them can be used?"""

import hashlib
import logging
import os
from collections import Counter
from collections.abc import Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from pathlib import Path

from translate.errors import DataError
from translate.images import IMAGE_SUFFIXES, find_fault, find_photos

logger = logging.getLogger(__name__)

LEAST_PX = 16  # a smaller side is that of an icon or a tracking pixel, not of a photo
SCAN_THREADS = 8  # enough to hide a slow disk; the work itself is light
LISTED = 10  # files or names in a message before "and N more"


@dataclass(frozen=True)
class BadFile:
    """A photo that cannot be used."""

    file: Path
    reason: str  # reads on after the file's name: "is empty (0 bytes)"


def list_photos(folder: Path, suffixes: Sequence[str] = IMAGE_SUFFIXES) -> list[Path]:
    """Find all photos in a folder and the folders inside it, in an order that never changes.

    Hidden files, and files whose suffix is none of `suffixes`, are passed over. Linked
    folders are searched like others, but never in circles.

    Raises:
        DataError: There is no such folder, a part of it cannot be read, or it holds no photo.
    """
    if not folder.is_dir():
        raise DataError(f"{folder}: {describe_absence(folder)}")
    files, _, unreadable = find_photos(folder, suffixes=suffixes)
    if unreadable:
        closed, reason = unreadable[0]
        raise DataError(f"{closed}: {reason}. Allow reading it, or move it out of {folder}.")
    if not files:
        raise DataError(
            f"{folder}: holds no photos ({' '.join(suffixes)}), {_contents(folder)}. "
            "Put photos there or name another folder."
        )
    return sorted(files, key=lambda file: file.relative_to(folder).as_posix())


def describe_absence(folder: Path) -> str:
    """Say that a folder is not there, what is there instead, and what to do."""
    if folder.is_file():
        return "is a file, expected a folder of photos. Name the folder that holds it."
    nearest = next(parent for parent in folder.absolute().parents if parent.is_dir())
    return f"there is no such folder; {nearest} exists, {_contents(nearest)}. Correct the path."


def scan_photos(files: Sequence[Path], least_px: int) -> tuple[list[Path], list[BadFile]]:
    """Part the usable photos from the broken and the tiny ones, each in the order given.

    Args:
        least_px: The smallest side a photo may have.
    """
    with ThreadPoolExecutor(SCAN_THREADS) as pool:
        faults = list(pool.map(lambda file: find_fault(file, least_px), files))
    usable = [file for file, fault in zip(files, faults, strict=True) if fault is None]
    bad_files = [
        BadFile(file, fault) for file, fault in zip(files, faults, strict=True) if fault is not None
    ]
    return usable, bad_files


def usable_photos(folder: Path, least_px: int, skip_bad_files: bool) -> list[Path]:
    """Find all photos in a folder and vouch for them, before hours of work are built on them.

    Raises:
        DataError: Files cannot be used and may not be skipped, or nothing is left.
    """
    usable, bad_files = scan_photos(list_photos(folder), least_px)
    if bad_files and not skip_bad_files:
        raise DataError(
            f"{folder}: {len(bad_files)} of {len(usable) + len(bad_files)} photos cannot be used:\n"
            f"{_listing(bad_files)}\n"
            "Mend or remove them, or set data.skip_bad_files to go on without them."
        )
    if not usable:
        raise DataError(
            f"{folder}: none of its {len(bad_files)} photos can be used:\n{_listing(bad_files)}\n"
            "Mend them or name another folder."
        )
    if bad_files:
        kinds = Counter(bad.reason.split(" (")[0].split(":")[0] for bad in bad_files)
        counted = ", ".join(f"{count} x '{kind}'" for kind, count in kinds.most_common())
        logger.warning(
            "%s: %d of %d photos are left out: %s",
            folder,
            len(bad_files),
            len(usable) + len(bad_files),
            counted,
        )
    return usable


def overlap(one: Path, other: Path) -> bool:
    """Say whether one folder is the other, or lies inside it; links are followed."""
    one, other = one.resolve(), other.resolve()
    return one.is_relative_to(other) or other.is_relative_to(one)


def describe_leak(learned: Path, looked_at: Path) -> str | None:
    """Say that folders overlap whose photos must be kept apart; None: they do not."""
    if not overlap(learned, looked_at):
        return None
    return (
        f"{looked_at}: lies in {learned} or holds it, so images to look at would be "
        "learned from too. Name two separate folders."
    )


def fingerprint(*folders: tuple[Path, Sequence[Path]]) -> str:
    """Tell one set of photos from another by names and sizes; no photo is opened.

    Args:
        folders: Each with those of its files that count.

    Returns:
        A SHA-256 in hexadecimal, the same wherever each of the folders lies.
    """
    digest = hashlib.sha256()
    for folder, files in folders:
        digest.update(f"{len(files)}\n".encode())  # a photo moved to the next folder is a change
        for file in files:
            name = file.absolute().relative_to(folder.absolute())
            digest.update(os.fsencode(name.as_posix()) + f"\0{file.stat().st_size}\n".encode())
    return digest.hexdigest()


def _listing(bad_files: Sequence[BadFile]) -> str:
    lines = [f"  {bad.file}: {bad.reason}" for bad in bad_files[:LISTED]]
    if len(bad_files) > LISTED:
        lines.append(f"  ... and {len(bad_files) - LISTED} more")
    return "\n".join(lines)


def _contents(folder: Path) -> str:
    """Name what a folder holds, to help its owner see what went wrong."""
    names = sorted(entry.name + "/" * entry.is_dir() for entry in folder.iterdir())
    shown = [name for name in names if not name.startswith(".")]
    more = f" and {len(shown) - LISTED} more" if len(shown) > LISTED else ""
    return f"and holds {', '.join(shown[:LISTED])}{more}" if shown else "and is empty"
