"""What was seen of photos before, in one file that lies with the user's other caches."""

import hashlib
import logging
import os
import sqlite3
from pathlib import Path
from typing import Self

import numpy as np

from translate.doctor.alignment import Agreement, Edges
from translate.doctor.entries import Entry
from translate.doctor.facts import FACTS
from translate.doctor.reading import Seen, Wanted
from translate.errors import ConfigError

logger = logging.getLogger(__name__)

USUAL = "doctor.sqlite"  # its name among the user's caches
FORMAT = 1  # goes up when anything that is kept comes to mean something else
MOST_ROWS = 1_000_000  # about a gigabyte; the oldest go first
AT_ONCE = 200  # rows between two commits: a run that is stopped keeps what it saw
DIGEST = 32  # bytes
EDGES_HEAD = 12  # bytes: height, width, and what one level is worth
TABLE = (
    "CREATE TABLE IF NOT EXISTS seen (key BLOB PRIMARY KEY, facts BLOB NOT NULL, "
    "digests BLOB NOT NULL, agreement BLOB, edges BLOB, features BLOB)"
)


class Cache:
    """Remember what was seen of files as long as their path, size and date stay the same.

    A cache that cannot be used is done without, unless the user has named it. It is a database of
    SQLite's, which several processes may use at once; all that is read from it are numbers.

    Args:
        file: None: nothing is remembered.
        is_named: Whether the user named it, so that trouble with it must be told.
        opening: What files are opened by: facts of one way are not those of another.

    Raises:
        ConfigError: The file was named and cannot be used.
    """

    def __init__(self, file: Path | None, is_named: bool = False, opening: str = "whole") -> None:
        self._file, self._opening = file, opening
        self._pending: list[tuple[bytes | None, ...]] = []
        self._database: sqlite3.Connection | None = None
        if file is None:
            return
        try:
            file.parent.mkdir(parents=True, exist_ok=True)
            self._database = sqlite3.connect(file, timeout=5.0)
            self._database.execute("PRAGMA synchronous = OFF")  # what is lost is seen again
            self._database.execute(TABLE)
        except (sqlite3.Error, OSError) as error:
            if is_named:
                raise ConfigError(
                    f"--cache: {file} cannot be used as a cache ({error}). Name a file that is not "
                    "there yet, in a folder that can be written."
                ) from error
            self._give_up(error)

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *error: object) -> None:
        self._write()
        if self._database is not None:
            self._database.close()

    def find(self, entry: Entry, wanted: Wanted) -> Seen | None:
        """Recall what was seen of an entry; None: not everything that is wanted, or it changed."""
        key = self._key(entry)
        if self._database is None or key is None:
            return None
        try:
            row = self._database.execute(
                "SELECT facts, digests, agreement, edges, features FROM seen WHERE key = ?", (key,)
            ).fetchone()
            return _unpack(row, entry, wanted) if row else None
        except sqlite3.Error as error:
            self._give_up(error)
        except (ValueError, TypeError, OverflowError):  # somebody else wrote into it
            pass
        return None

    def keep(self, entry: Entry, seen: Seen) -> None:
        """Remember what was seen of an entry."""
        key = self._key(entry)
        if self._database is None or key is None:
            return
        self._pending.append((key, *_pack(seen)))
        if len(self._pending) >= AT_ONCE:
            self._write()

    def _write(self) -> None:
        """Write in one go what waits for it, so that others who write need not wait long."""
        rows, self._pending = self._pending, []
        if self._database is None or not rows:
            return
        try:
            with self._database:
                self._database.executemany(
                    "INSERT OR REPLACE INTO seen VALUES (?, ?, ?, ?, ?, ?)", rows
                )
                self._database.execute(
                    "DELETE FROM seen WHERE rowid <= (SELECT max(rowid) FROM seen) - ?",
                    (MOST_ROWS,),
                )
        except sqlite3.Error as error:
            self._give_up(error)

    def _key(self, entry: Entry) -> bytes | None:
        digest = hashlib.sha256(f"{FORMAT} {self._opening} {entry.domains}".encode())
        for file in entry.files:
            try:
                found = file.stat()
            except OSError:
                return None
            path = os.fsencode(file.absolute())
            digest.update(b"%d %d %d " % (len(path), found.st_size, found.st_mtime_ns) + path)
        return digest.digest()

    def _give_up(self, error: Exception) -> None:
        logger.info("%s: going on without a cache (%s)", self._file, error)
        if self._database is not None:
            self._database.close()
        self._database = None


def _pack(seen: Seen) -> tuple[bytes | None, ...]:
    return (
        seen.facts.tobytes(),
        b"".join(seen.digests),
        None if seen.agreement is None else np.array(seen.agreement, np.float64).tobytes(),
        None if seen.edges is None else _pack_edges(seen),
        None if seen.features is None else seen.features.astype(np.float32).tobytes(),
    )


def _pack_edges(seen: Seen) -> bytes:
    """Write both as bytes, and what a byte is worth: a hundredth is as exact as they need be."""
    assert seen.edges is not None  # noqa: S101
    both = np.array(seen.edges)
    unit = max(float(np.abs(both).max()), 1e-6) / 127
    head = np.array([both.shape[1], both.shape[2], unit], np.float32)
    levels: bytes = np.rint(both / unit).astype(np.int8).tobytes()
    return head.tobytes() + levels


def _unpack_edges(packed: bytes) -> tuple[Edges, Edges]:
    height, width, unit = np.frombuffer(packed, np.float32, 3).tolist()
    levels = np.frombuffer(packed, np.int8, offset=EDGES_HEAD)
    both = levels.reshape(2, int(height), int(width)).astype(np.float32) * np.float32(unit)
    return both[0], both[1]


def _unpack(row: tuple[bytes | None, ...], entry: Entry, wanted: Wanted) -> Seen | None:
    facts, digests, agreement, edges, features = row
    lacks = (wanted.edges and entry.is_pair and edges is None) or (
        wanted.view_px is not None and features is None
    )
    images = len(entry.domains)
    if lacks or not facts or not digests or len(facts) != images * FACTS.itemsize:
        return None
    parts = tuple(digests[i : i + DIGEST] for i in range(0, len(digests), DIGEST))
    seen = Seen(np.frombuffer(facts, FACTS), parts)
    if agreement is not None:
        seen.agreement = Agreement(*np.frombuffer(agreement, np.float64).tolist())
    if edges is not None:
        seen.edges = _unpack_edges(edges)
    if features is not None:
        seen.features = np.frombuffer(features, np.float32).reshape(images, -1)
    return seen
