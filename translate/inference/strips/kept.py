"""Feature maps that are computed once and remembered for as long as someone will read them."""

from collections import deque
from typing import NamedTuple
from weakref import WeakSet

import torch
from torch import Tensor

from translate.inference.strips.features import Features, Size, most_rows
from translate.inference.strips.scratch import Piece, Scratch


class _Held(NamedTuple):
    """Rows that were computed together."""

    top: int
    bottom: int
    piece: Piece


class Kept:
    """Features computed from the top down, as far as anyone has asked, and each row only once.

    A row is forgotten when every reader has said that it will not come back. Once the last row is
    there, what lies below is forgotten too, and with it all that was kept only for its sake.
    """

    def __init__(self, below: Features, scratch: Scratch, strip_bytes: int) -> None:
        self.size: Size = below.size
        self.row_bytes = 4.0 * below.size.channels * below.size.width
        self.recomputed = 0
        self._below: Features | None = below.reader()
        self._scratch, self._strip_bytes = scratch, strip_bytes
        self._filled = 0
        self._held: deque[_Held] = deque()
        # Weak, for readers hold what they read: it is to be gone with the last of them, at once.
        self._readers: WeakSet[_Reader] = WeakSet()
        self._like = torch.empty(0)

    def reader(self) -> "_Reader":
        """Give one reader its own place; the rows it has passed for good it does not need."""
        reader = _Reader(self)
        self._readers.add(reader)
        return reader

    def rows(self, top: int, bottom: int, for_good: bool) -> Tensor:
        """Read; see `Features`. Readers are told apart, so ask through `reader`."""
        self._fill(bottom)
        if top < self._held[0].top:
            raise RuntimeError(f"row {top} was passed for good, and is asked for again")
        result = torch.empty(
            (1, self.size.channels, bottom - top, self.size.width),
            dtype=self._like.dtype,
            device=self._like.device,
            memory_format=torch.channels_last,
        )
        for held in self._held:
            first, last = max(top, held.top), min(bottom, held.bottom)
            if first < last:
                target = result[..., first - top : last - top, :]
                held.piece.copy_to(target, first - held.top)
        return result

    def forget(self) -> None:
        """Drop what every reader has passed."""
        needed = min(reader.passed for reader in self._readers)
        while self._held and self._held[0].bottom <= needed:
            self._held.popleft()

    def _fill(self, bottom: int) -> None:
        while self._below is not None and self._filled < bottom:
            most = most_rows(self._below, self._strip_bytes)
            strips = -(-(bottom - self._filled) // most)
            end = self._filled + -(-(bottom - self._filled) // strips)
            strip = self._below.rows(self._filled, end, for_good=True)
            self._like = strip.new_empty(0)
            self._held.append(_Held(self._filled, end, self._scratch.keep(strip)))
            self._filled = end
            if end == self.size.height:
                self._below = None


class _Reader:
    """One reader of kept features."""

    def __init__(self, kept: Kept) -> None:
        self.size, self.row_bytes, self.recomputed = kept.size, kept.row_bytes, 0
        self.passed = 0  # rows above are not needed
        self._kept = kept

    def rows(self, top: int, bottom: int, for_good: bool) -> Tensor:
        """Read; see `Features`."""
        if for_good:
            self.passed = top
            self._kept.forget()
        return self._kept.rows(top, bottom, for_good)

    def reader(self) -> "_Reader":
        """Give another one, which begins at the top."""
        return self._kept.reader()
