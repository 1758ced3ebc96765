"""Fetch one file from the web: go on where a download broke off, and believe nothing unchecked."""

import hashlib
import json
import re
import shutil
import time
from collections.abc import Callable, Iterator
from http.client import HTTPException, HTTPResponse
from pathlib import Path
from typing import NamedTuple

from translate.data.web import DropError, OutOfRangeError, ask
from translate.errors import DataError

ATTEMPTS = 5  # in a row that bring no new byte
FIRST_PAUSE_S = 1.0  # doubles with every attempt
CHUNK_BYTES = 2**20
MOST_BYTES = 100 * 2**30  # of one file; the largest public set has 8 GiB
SPARE_BYTES = 2**28  # must stay free on the disk
CONTENT_RANGE = re.compile(r"bytes (\d+)-\d+/(\d+|\*)")

OnProgress = Callable[[int, int | None], None]
"""Called with the bytes there are and the bytes there will be; None: not known."""


class Sums(NamedTuple):
    """By what a file is recognised; None: not known."""

    size_bytes: int | None = None
    sha256: str | None = None


class _Part:
    """A file on its way: what arrived of it, and a note on which file that is a part of."""

    def __init__(self, address: str, file: Path) -> None:
        self.address, self.file = address, file
        self.path = file.with_name(f"{file.name}.part")
        self.note_file = file.with_name(f"{file.name}.note")
        self.validator: str | None = None  # ETag or date: tells one version from the next
        self.total: int | None = None
        try:
            note = json.loads(self.note_file.read_text(encoding="utf-8"))
            known, self.validator, self.total = (
                note[key] for key in ("address", "validator", "total")
            )
        except (OSError, ValueError, LookupError, TypeError):
            self.path.unlink(missing_ok=True)
        else:
            if known != address:
                self.discard()

    @property
    def size(self) -> int:
        return self.path.stat().st_size if self.path.exists() else 0

    def begin(self, validator: str | None, total: int | None) -> None:
        self.path.unlink(missing_ok=True)  # first: else the note might speak of older bytes
        self.validator, self.total = validator, total
        note = {"address": self.address, "validator": validator, "total": total}
        self.note_file.write_text(json.dumps(note), encoding="utf-8")

    def discard(self) -> None:
        self.validator = self.total = None
        for file in (self.path, self.file, self.note_file):
            file.unlink(missing_ok=True)


def fetch_file(
    address: str, file: Path, expected: Sums, on_progress: OnProgress = lambda _, __: None
) -> Sums:
    """Download one file, or go on with a download that broke off, and check what arrived.

    A file that is already there, whole and as expected, is not fetched again; one that is there and
    is not as expected is left as it is.

    Raises:
        DataError: The address gives nothing, or something else than expected; or there is no room.
        OSError: The file cannot be written.
    """
    file.parent.mkdir(parents=True, exist_ok=True)
    part = _Part(address, file)
    was_there = file.exists()
    if not was_there:
        _receive_patiently(part, expected, on_progress)
        part.path.rename(file)
    found = _measure(file)
    if any(wanted not in {None, got} for wanted, got in zip(expected, found, strict=True)):
        if was_there:
            raise DataError(
                f"{file}: expected a file of {_in_words(expected)}, found one of "
                f"{_in_words(found)}. Delete it, and it is fetched anew."
            )
        part.discard()
        raise DataError(
            f"{address}: expected a file of {_in_words(expected)}, got one of {_in_words(found)}, "
            "and deleted it. Try again; if this repeats, the file was changed: do not use it "
            "before its authors or the makers of its card say which one is right."
        )
    return found


def forget(address: str, file: Path) -> None:
    """Delete a fetched file, and what was noted about it."""
    _Part(address, file).discard()


def _receive_patiently(part: _Part, expected: Sums, on_progress: OnProgress) -> None:
    most = part.size
    failures = 0
    while True:
        try:
            return _receive(part, expected, on_progress)
        except DropError as drop:
            failures = 1 if part.size > most else failures + 1
            most = max(most, part.size)
            if failures == ATTEMPTS:
                raise DataError(
                    f"{part.address}: could not be downloaded ({drop}), after {ATTEMPTS} attempts. "
                    "See that this computer is online, or try later: what arrived is kept, and "
                    "the same command goes on with it."
                ) from drop
            time.sleep(FIRST_PAUSE_S * 2 ** (failures - 1))


def _receive(part: _Part, expected: Sums, on_progress: OnProgress) -> None:
    """Make one attempt to receive the rest of a file."""
    if part.total is not None and part.size == part.total:
        return
    headers = {}
    if part.size and part.validator:
        headers = {"Range": f"bytes={part.size}-", "If-Range": part.validator}
    try:
        reply = ask(part.address, headers)
    except OutOfRangeError:
        part.discard()
        raise
    with reply:
        start, total = _offer(part, reply)
        _expect_usable(part, reply, start, total, expected.size_bytes)
        if start == 0:
            part.begin(_validator(reply), total)
        most = expected.size_bytes or MOST_BYTES
        with part.path.open("ab" if start else "wb") as target:
            for chunk in _chunks(reply, None if total is None else total - start):
                start += len(chunk)
                if start > most:
                    raise DataError(
                        f"{part.address}: sends more than {most:,} bytes, which is wrong."
                    )
                target.write(chunk)
                on_progress(start, total)


def _offer(part: _Part, reply: HTTPResponse) -> tuple[int, int | None]:
    """Read from which byte on the server sends the file, and how many it has in all."""
    if reply.status == 200:
        return 0, reply.length
    span = CONTENT_RANGE.fullmatch(reply.headers.get("Content-Range", ""))
    is_same_file = _validator(reply) in {None, part.validator}
    if reply.status == 206 and span and int(span[1]) == part.size and is_same_file:
        return part.size, int(span[2]) if span[2] != "*" else part.total
    part.discard()
    raise DropError(f"the server sent something else than the rest of the file: {reply.status}")


def _expect_usable(
    part: _Part, reply: HTTPResponse, start: int, total: int | None, wanted: int | None
) -> None:
    """Refuse what cannot be right, before it is downloaded."""
    if reply.headers.get_content_type() == "text/html":
        raise DataError(
            f"{part.address}: answers with a web page, expected an archive. The file may have "
            "moved: look at the data set's web page, and correct download.address in its card."
        )
    if total is not None and (wanted not in {None, total} or total > MOST_BYTES):
        raise DataError(
            f"{part.address}: expected {f'{wanted:,}' if wanted else f'at most {MOST_BYTES:,}'} "
            f"bytes, but the server offers {total:,}. The file was changed: do not use it before "
            "its authors or the makers of its card say which one is right."
        )
    needed = max((total or wanted or 0) - start, 0) + SPARE_BYTES
    free = shutil.disk_usage(part.file.parent).free
    if free < needed:
        raise DataError(
            f"{part.file.parent}: needs {needed / 1e6:,.0f} MB for {part.file.name}, has "
            f"{free / 1e6:,.0f} MB free. Make room on this disk."
        )


def _validator(reply: HTTPResponse) -> str | None:
    """Find what tells this version of the file from others. A weak ETag does not."""
    tag = reply.headers.get("ETag")
    return tag if tag and not tag.startswith("W/") else reply.headers.get("Last-Modified")


def _chunks(reply: HTTPResponse, left: int | None) -> Iterator[bytes]:
    """Read a reply piece by piece, as they come. None: until the server says it is the end."""
    while left is None or left > 0:
        try:
            chunk = reply.read1(CHUNK_BYTES if left is None else min(left, CHUNK_BYTES))
        except (OSError, HTTPException) as error:
            raise DropError(str(error) or type(error).__name__) from error
        if not chunk and left is None:
            return
        if not chunk:
            raise DropError(f"the connection ended {left:,} bytes too early")
        left = None if left is None else left - len(chunk)
        yield chunk


def _measure(file: Path) -> Sums:
    with file.open("rb") as content:
        return Sums(file.stat().st_size, hashlib.file_digest(content, "sha256").hexdigest())


def _in_words(sums: Sums) -> str:
    size = f"{sums.size_bytes:,} bytes" if sums.size_bytes is not None else "any size"
    return f"{size} with SHA-256 {sums.sha256}" if sums.sha256 else size
