"""Which of a folder's files are photos?"""

import os
from collections.abc import Collection, Iterator
from pathlib import Path
from typing import NamedTuple

from translate.images.photo import IMAGE_SUFFIXES

RAW_SUFFIXES = frozenset(
    {
        *(".cr2", ".cr3", ".nef", ".arw", ".dng", ".raf", ".orf"),
        *(".rw2", ".pef", ".srw", ".raw", ".3fr", ".iiq"),
    }
)
VIDEO_SUFFIXES = frozenset(
    {
        *(".mp4", ".mov", ".m4v", ".avi", ".mkv", ".webm", ".wmv", ".flv"),
        *(".mpg", ".mpeg", ".3gp", ".mts", ".m2ts"),
    }
)
RAW = "camera raw; develop it first and translate the TIFF or JPEG"
VIDEO = "a video"
HIDDEN = "hidden"
LEADS_BACK = "a link that leads back"
LEFT_OUT = "a link to the folder that is left out"
NOT_A_PHOTO = "not a photo"


class Found(NamedTuple):
    """What lies below a folder; all paths begin with it."""

    photos: list[Path]
    ignored: list[tuple[Path, str]]  # files and folders, and why
    unreadable: list[tuple[Path, str]]  # folders that cannot be listed, and why


class Place(NamedTuple):
    """A folder that is being searched, and what is still to be looked at in it."""

    real: str  # its path without any link
    entries: Iterator[os.DirEntry[str]]


def find_photos(
    folder: Path, never: Path | None = None, suffixes: Collection[str] = IMAGE_SUFFIXES
) -> Found:
    """Find the photos in a folder and the folders inside it, in the order of their paths.

    A photo is a file whose suffix is one of those wanted; it is not opened. Links to files and
    to folders are followed, but never to a folder that is being searched already: no circles.

    Args:
        never: A folder that is not entered, whatever link leads there.
        suffixes: In lower case; see `suffixes_of`.
    """
    found = Found([], [], [])
    wanted = frozenset(suffixes)
    left_out = None if never is None else os.path.realpath(never)
    places = [_enter(str(folder), os.path.realpath(folder), found)]
    while places:  # not by recursion: folders may lie deeper than Python's stack
        entry = next(places[-1].entries, None)
        if entry is None:
            places.pop()
        elif entry.name.startswith("."):
            found.ignored.append((Path(entry.path), HIDDEN))
        elif _is_folder(entry):
            real = _real_path(entry, places[-1].real)
            if real == left_out:
                found.ignored.append((Path(entry.path), LEFT_OUT))
            elif any(place.real == real for place in places):
                found.ignored.append((Path(entry.path), LEADS_BACK))
            else:
                places.append(_enter(entry.path, real, found))
        elif (reason := _why_ignored(entry, wanted)) is None:
            found.photos.append(Path(entry.path))
        else:
            found.ignored.append((Path(entry.path), reason))
    return found


def _enter(folder: str, real: str, found: Found) -> Place:
    """List a folder. What `os.scandir` knows of each entry saves asking the disk again."""
    try:
        with os.scandir(folder) as listing:
            entries = sorted(listing, key=lambda entry: entry.name)
    except OSError as error:
        found.unreadable.append((Path(folder), f"cannot be read ({error.strerror})"))
        entries = []
    return Place(real, iter(entries))


def _is_folder(entry: os.DirEntry[str]) -> bool:
    try:
        return entry.is_dir()
    except OSError:  # a link in a circle, or to where nobody may look
        return False


def _real_path(folder: os.DirEntry[str], parent: str) -> str:
    """Follow links only where there is one: it takes a question to the disk for each part."""
    if folder.is_symlink():
        return os.path.realpath(folder.path)
    return os.path.join(parent, folder.name)  # noqa: PTH118 - a Path takes ten times as long


def _why_ignored(file: os.DirEntry[str], wanted: frozenset[str]) -> str | None:
    """Judge by the name; but a pipe is no photo, while a broken link is one that will fail."""
    dot = file.name.rfind(".")
    suffix = file.name[dot:].lower() if dot > 0 else ""
    if suffix in wanted:
        return None if _is_file(file) or not os.path.exists(file) else NOT_A_PHOTO  # noqa: PTH110
    if suffix in RAW_SUFFIXES:
        return RAW
    return VIDEO if suffix in VIDEO_SUFFIXES else NOT_A_PHOTO


def _is_file(entry: os.DirEntry[str]) -> bool:
    try:
        return entry.is_file()
    except OSError:
        return False
