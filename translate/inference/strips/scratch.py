"""Where rows wait until they are read: in memory as far as it goes, then in a file."""

import tempfile
from contextlib import ExitStack
from functools import cached_property
from io import FileIO
from typing import Protocol

import torch
from torch import Tensor

from translate.errors import TranslateError


class Piece(Protocol):
    """Some rows of a feature map that can be had again; its room is free when it is gone."""

    def copy_to(self, target: Tensor, first: int) -> None:
        """Write rows from `first` on into a tensor (1, channels, rows, width), kept alike."""
        ...


class Scratch:
    """Room for pieces: so many bytes of memory, and beyond that a file without a name.

    A file without a name is gone when the process is, however it ends.

    Args:
        memory_bytes: How much may wait in memory.
    """

    def __init__(self, memory_bytes: int) -> None:
        self.free_bytes = memory_bytes
        self.spilled_bytes = 0  # the length of the file
        self._closing = ExitStack()
        self._gaps: list[tuple[int, int]] = []  # places free again: start, end; in order

    def __enter__(self) -> "Scratch":
        return self

    def __exit__(self, *error: object) -> None:
        self._closing.close()

    @cached_property
    def _file(self) -> FileIO:
        """Made when it is first needed: most photos need none, and not every machine can."""
        try:
            file = tempfile.TemporaryFile(buffering=0)  # noqa: SIM115 - closed by `__exit__`
        except OSError as error:
            raise TranslateError(
                f"A large photo needs temporary space, and no file can be made there ({error}). "
                "Set TMPDIR to a folder that can be written, or allow more memory."
            ) from error
        self._closing.callback(file.close)
        return file

    def keep(self, rows: Tensor) -> Piece:
        """Take rows (1, channels, rows, width) over: the caller must not change them any more.

        They are kept with the channels of a pixel side by side, so that some of the rows are one
        piece of memory, and of the file.

        Raises:
            TranslateError: The file cannot be made, or cannot grow.
        """
        # Not a part of something larger, which would be kept with it.
        is_part = rows.untyped_storage().nbytes() > rows.nbytes
        rows = rows.clone() if is_part else rows
        rows = rows.contiguous(memory_format=torch.channels_last)
        if rows.nbytes <= self.free_bytes:
            self.free_bytes -= rows.nbytes
            return _InMemory(rows, self)
        place = self._place(rows.nbytes)
        try:
            self._write(place, _by_pixels(rows.cpu()))
        except OSError as error:
            raise TranslateError(
                f"A large photo needs {self.spilled_bytes / 2**30:.1f} GiB of temporary space in "
                f"{tempfile.gettempdir()}, which it does not have ({error}). Free some, set TMPDIR "
                "to a larger disk, or allow more memory."
            ) from error
        return _InFile(self, place, rows)

    def _place(self, size: int) -> int:
        for i, (start, end) in enumerate(self._gaps):
            if end - start >= size:
                self._gaps[i : i + 1] = [(start + size, end)] if end - start > size else []
                return start
        place = self.spilled_bytes
        self.spilled_bytes += size
        return place

    def _write(self, place: int, content: Tensor) -> None:
        self._file.seek(place)
        left = _as_bytes(content)
        while left:  # a disk that is almost full, or a call of more than 2 GiB, takes a part
            left = left[self._file.write(left) :]

    def read(self, place: int, target: Tensor) -> None:
        """Fill rows, as they were kept, on the CPU."""
        self._file.seek(place)
        left = _as_bytes(_by_pixels(target))
        while left:
            count = self._file.readinto(left)
            if not count:
                raise RuntimeError("the temporary file is shorter than what was written to it")
            left = left[count:]

    def release(self, place: int, size: int) -> None:
        """Let a place in the file be used again, as one with those beside it."""
        gaps: list[tuple[int, int]] = []
        for start, end in sorted([*self._gaps, (place, place + size)]):
            touches = gaps and gaps[-1][1] == start
            gaps.append((gaps.pop()[0], end) if touches else (start, end))
        self._gaps = gaps


def _by_pixels(rows: Tensor) -> Tensor:
    """See rows as they lie in memory: (rows, width, channels)."""
    return rows[0].permute(1, 2, 0)


def _as_bytes(tensor: Tensor) -> memoryview:
    """See a contiguous tensor of the CPU as bytes, whatever its numbers are."""
    return tensor.view(-1).view(torch.uint8).numpy().data


class _InMemory:
    def __init__(self, rows: Tensor, scratch: Scratch) -> None:
        self._rows, self._scratch = rows, scratch

    def copy_to(self, target: Tensor, first: int) -> None:
        target.copy_(self._rows[..., first : first + target.shape[-2], :])

    def __del__(self) -> None:
        self._scratch.free_bytes += self._rows.nbytes


class _InFile:
    def __init__(self, scratch: Scratch, place: int, rows: Tensor) -> None:
        self._scratch, self._place, self._size = scratch, place, rows.nbytes
        self._row_bytes = rows.nbytes // rows.shape[-2]

    def copy_to(self, target: Tensor, first: int) -> None:
        place = self._place + first * self._row_bytes
        if target.device.type == "cpu":
            self._scratch.read(place, target)
        else:
            rows = torch.empty_like(target, device="cpu")
            self._scratch.read(place, rows)
            target.copy_(rows)

    def __del__(self) -> None:
        self._scratch.release(self._place, self._size)
