"""Features remembered from one evaluation to the next, by what the file holds."""

import contextlib
import sqlite3
import zlib
from collections.abc import Iterator
from pathlib import Path

import numpy as np
import torch
from torch import Tensor

from translate.errors import DataError

USUAL = "features.sqlite"  # its name among the user's caches
CHECK = 4  # bytes of a check sum, before the numbers of a vector


class FeatureCache:
    """Feature vectors by key, in one SQLite file that several processes may share.

    What is in it can always be computed again, so a file that is damaged, or that cannot be
    written, costs time and nothing else: each vector carries its check sum. Used as a context.

    Args:
        file: None: nothing is remembered.
    """

    def __init__(self, file: Path | None) -> None:
        self.file = file
        self._connection: sqlite3.Connection | None = None

    def __enter__(self) -> "FeatureCache":
        """Open the file, or go without."""
        if self.file is not None:
            try:
                self._connection = _open(self.file)
            except (OSError, sqlite3.Error):
                self._connection = None
        return self

    def __exit__(self, *error: object) -> None:
        """Close it."""
        if self._connection is not None:
            self._connection.close()
            self._connection = None

    def get(self, key: str) -> Tensor | None:
        """Return a vector; None: it is not there.

        Shape:
            (D,), float32.
        """
        row = None
        with self._tolerant() as connection:
            if connection is not None:
                wanted = "SELECT vector FROM features WHERE key = ?"
                row = connection.execute(wanted, (key,)).fetchone()
        content = row[0] if row else None
        if not isinstance(content, bytes) or _check(content[CHECK:]) != content[:CHECK]:
            return None
        return torch.from_numpy(np.frombuffer(content[CHECK:], dtype="<f4").copy())

    def put(self, key: str, vector: Tensor) -> None:
        """Remember a vector."""
        content = vector.detach().cpu().float().numpy().astype("<f4").tobytes()
        with self._tolerant() as connection:
            if connection is not None:
                insert = "INSERT OR REPLACE INTO features VALUES (?, ?)"
                connection.execute(insert, (key, _check(content) + content))
                connection.commit()

    @contextlib.contextmanager
    def _tolerant(self) -> Iterator[sqlite3.Connection | None]:
        """Lend the connection; after the first trouble there is none."""
        try:
            yield self._connection
        except sqlite3.Error:
            connection, self._connection = self._connection, None
            if connection is not None:
                with contextlib.suppress(sqlite3.Error):
                    connection.close()


def _check(content: bytes) -> bytes:
    return zlib.crc32(content).to_bytes(CHECK, "little")


def _open(file: Path) -> sqlite3.Connection:
    file.parent.mkdir(parents=True, exist_ok=True)
    connection = sqlite3.connect(file, timeout=10)
    try:
        # What a power failure takes is computed again.
        connection.execute("PRAGMA synchronous = OFF")
        table = "CREATE TABLE IF NOT EXISTS features (key TEXT PRIMARY KEY, vector BLOB)"
        connection.execute(table)
    except sqlite3.Error:
        connection.close()
        raise
    return connection


def expect_file(file: Path) -> None:
    """Refuse a cache where a folder is.

    Raises:
        DataError: Naming it.
    """
    if file.is_dir():
        raise DataError(f"{file}: is a folder, expected a file to remember features in. Name one.")
