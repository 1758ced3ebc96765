"""Which of a folder's files are photos?"""

from collections.abc import Collection
from pathlib import Path
from typing import NamedTuple

from translate.images.photo import IMAGE_SUFFIXES


class Found(NamedTuple):
    """What lies below a folder; all paths begin with it."""

    photos: list[Path]
    ignored: list[Path]  # other kinds of files, hidden ones, and links that lead back
    unreadable: list[tuple[Path, str]]  # folders that cannot be listed, and why


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
    closed = frozenset({folder.resolve(), (never or folder).resolve()})
    _search(folder, closed, frozenset(suffixes), found)
    return found


def _search(folder: Path, closed: frozenset[Path], suffixes: frozenset[str], found: Found) -> None:
    try:
        entries = [(entry, entry.is_dir()) for entry in sorted(folder.iterdir())]
    except OSError as error:
        found.unreadable.append((folder, f"cannot be read ({error.strerror})"))
        return
    for entry, is_folder in entries:
        if entry.name.startswith("."):
            found.ignored.append(entry)
        elif is_folder and entry.resolve() not in closed:
            _search(entry, closed | {entry.resolve()}, suffixes, found)
        elif not is_folder and _is_photo(entry, suffixes):
            found.photos.append(entry)
        else:
            found.ignored.append(entry)


def _is_photo(file: Path, suffixes: frozenset[str]) -> bool:
    """Judge by the name; but a pipe is no photo, while a broken link is one that will fail."""
    return file.suffix.lower() in suffixes and (file.is_file() or not file.exists())
