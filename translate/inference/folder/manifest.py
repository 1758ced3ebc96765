"""What a folder of translations remembers, so that a run can be interrupted at any moment.

A line is written ahead: after an output is whole on disk under a temporary name, before it gets its
own. Whenever a run is killed, the next one finds either no line (the temporary file is deleted and
the photo translated again), or a line and the temporary file (it is renamed), or both done.
"""

import json
import os
import threading
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from pathlib import Path
from typing import Self

from translate.errors import DataError
from translate.images.writing import UNFINISHED_SUFFIX
from translate.inference.folder.entries import Entry, is_free

NAME = ".photo-translate.jsonl"
LOCK = ".photo-translate.lock"
PARTS = ".photo-translate.*.jsonl"  # one for each process of a run of several
HEADER = json.dumps({"photo-translate": "manifest", "version": 1}).encode() + b"\n"
FEW_LINES = 64  # not worth rewriting


@contextmanager
def guarded(target: Path) -> Iterator[None]:
    """Say what is wrong where the notes of a run cannot be read or written.

    Raises:
        DataError: They cannot.
    """
    try:
        yield
    except OSError as error:
        raise DataError(
            f"{error.filename or target}: cannot be read or written ({error.strerror or error}), "
            f"but runs keep their notes in {target}. Look at the permissions there and at the free "
            "space, or choose another folder."
        ) from error


class Journal:
    """A manifest that is being written; any thread may add to it.

    Whole lines go to the end of the file at once. One that the disk takes only in part is no line,
    and does not spoil the next.
    """

    def __init__(self, file: Path) -> None:
        self._lock = threading.Lock()
        flags = os.O_RDWR | os.O_APPEND | os.O_CREAT | getattr(os, "O_BINARY", 0)
        self._descriptor = os.open(file, flags, 0o644)
        length = os.lseek(self._descriptor, 0, os.SEEK_END)
        self._is_torn = False
        if length < len(HEADER):  # new, or killed while it was
            os.ftruncate(self._descriptor, 0)
            self._append(HEADER)
        else:
            os.lseek(self._descriptor, length - 1, os.SEEK_SET)
            self._is_torn = os.read(self._descriptor, 1) != b"\n"

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *error: object) -> None:
        os.close(self._descriptor)

    def add(self, entry: Entry) -> None:
        """Add a line, and wait until it is safe: a name given after it must not outlive it.

        Raises:
            OSError: The disk does not take it.
        """
        with self._lock:
            self._append(entry.to_line())
        os.fsync(self._descriptor)

    def _append(self, line: bytes) -> None:
        rest = b"\n" + line if self._is_torn else line
        while rest:
            self._is_torn = True
            rest = rest[os.write(self._descriptor, rest) :]
        self._is_torn = False


def read_manifest(target: Path) -> dict[str, Entry]:
    """Read the last line of every input, from the manifest and the parts of several processes.

    Raises:
        DataError: A file of that name is not ours.
    """
    return _newest(entry for file in _files_of(target) for entry in _read(file))


def tidy(target: Path) -> dict[str, Entry]:
    """Read a manifest and put right what a killed run left; only one run may do so at a time.

    Files that were about to be renamed are renamed, unless somebody put another file in their place
    since. Other unfinished ones are deleted. Parts of several processes are merged, and a manifest
    that has grown too long is rewritten.

    Raises:
        DataError: A file of that name is not ours.
    """
    files = _files_of(target)
    entries, lines = {}, 0
    for file in files:
        for entry in _read(file):
            entries[entry.input], lines = entry, lines + 1
    leftovers = list(find_unfinished(target))
    undone = _finish(target, entries) if leftovers else {}
    entries |= undone
    for leftover in leftovers:
        leftover.unlink(missing_ok=True)
    if undone or len(files) > 1 or lines > max(2 * len(entries), FEW_LINES):
        _rewrite(target, entries)
        for file in files:
            if file.name != NAME:
                file.unlink()
    return entries


def _finish(target: Path, entries: Mapping[str, Entry]) -> dict[str, Entry]:
    """Rename what waits for it; return what is not done after all, for its place was taken."""
    undone = {}
    for name, entry in entries.items():
        for output in entry.outputs:
            if not output.waits(target):
                continue
            if is_free(output.file, target, entry.earlier):
                (target / output.temporary).replace(target / output.file)
            else:
                earlier = (*entry.earlier, *entry.outputs)  # other samples may have their names
                undone[name] = entry._replace(outputs=(), earlier=earlier)
    return undone


def find_unfinished(target: Path) -> Iterator[Path]:
    """Find what was being written when a run was killed.

    A folder inside that is the target of other runs is theirs: one may be writing there just now.
    """
    for folder, inside, names in os.walk(target):
        if folder != str(target) and {NAME, LOCK}.intersection(names):
            inside.clear()
            continue
        for name in names:
            if name.startswith(".") and name.endswith(UNFINISHED_SUFFIX):
                yield Path(folder, name)


def part_name(rank: int) -> str:
    """Name the part of one process of several."""
    return f".photo-translate.{rank}.jsonl"


def read_part(target: Path, rank: int) -> dict[str, Entry]:
    """Read what one process of several has noted down so far."""
    part = target / part_name(rank)
    return _newest(_read(part)) if part.exists() else {}


def _newest(entries: Iterator[Entry]) -> dict[str, Entry]:
    return {entry.input: entry for entry in entries}


def _files_of(target: Path) -> Sequence[Path]:
    """List a target's manifests, oldest first: parts are merged before a run starts."""
    main = target / NAME
    return [*([main] if main.exists() else []), *sorted(target.glob(PARTS))]


def _read(file: Path) -> Iterator[Entry]:
    facts: dict[str, dict[str, str]] = {}  # thousands of lines share one
    if not file.is_file():  # waiting for a pipe would have no end
        raise _foreign(file)
    with file.open("rb") as lines:
        head = lines.readline()
        if not HEADER.startswith(head):  # it may be torn, but not be something else
            raise _foreign(file)
        for line in lines:
            entry = Entry.from_line(line)
            if entry is not None:
                key = repr(entry.facts)
                yield entry._replace(facts=facts.setdefault(key, dict(entry.facts)))


def _foreign(file: Path) -> DataError:
    return DataError(
        f"{file}: is not the manifest of this version of photo-translate, which would keep its own "
        "under that name. Move it away, or choose another folder."
    )


def _rewrite(target: Path, entries: dict[str, Entry]) -> None:
    """Replace a manifest by one with a single line for each input, whole or not at all."""
    unfinished = target / f"{NAME}{UNFINISHED_SUFFIX}"
    with unfinished.open("wb") as file:
        file.write(HEADER)
        file.writelines(entry.to_line() for entry in entries.values())
        file.flush()
        os.fsync(file.fileno())
    unfinished.replace(target / NAME)
