"""Signs of life among processes that were started together by `accelerate launch` or `torchrun`.

They go through the store that PyTorch's launchers set up, and not through collective operations:
whoever waits in a collective for a process that is gone waits in vain.
"""

import os
import threading
import time
from collections.abc import Callable
from datetime import timedelta
from typing import Any, Self

from torch.distributed import (  # type: ignore[attr-defined]  # public, but not said so
    PrefixStore,
    Store,
    rendezvous,
)

from translate.errors import TranslateError

BEAT_SECONDS = 2.0
ANSWER_SECONDS = 5.0
GATHER_SECONDS = 600  # until all processes have started
ENDED = b"ended"


class Heartbeat:
    """Show at intervals that this process is alive, and look when others last did.

    Attributes:
        rank: The number of this process.
        size: How many there are.

    Raises:
        TranslateError: The others did not appear.
    """

    def __init__(self, name: str) -> None:
        self.rank, self.size = int(os.environ["RANK"]), int(os.environ["WORLD_SIZE"])
        try:
            store, _, _ = next(rendezvous("env://", timeout=timedelta(seconds=GATHER_SECONDS)))
        except (RuntimeError, ValueError) as error:
            raise TranslateError(
                f"process {self.rank} of {self.size} did not find the others ({error}). Start all "
                "of them with one command: accelerate launch, or torchrun."
            ) from error
        self._store: Store = PrefixStore(name, store)
        self._ended = threading.Event()
        self._heart = threading.Thread(target=self._beat, name="beating", daemon=True)
        self._seen: dict[int, tuple[bytes, float]] = {}

    def __enter__(self) -> Self:
        self._heart.start()
        return self

    def __exit__(self, *error: object) -> None:
        self._ended.set()
        self._heart.join(timeout=BEAT_SECONDS)
        self.hurriedly(lambda: self.put(f"beat {self.rank}", ENDED.decode()))

    def silence_of(self, rank: int) -> tuple[bytes | None, float]:
        """Return a process's last sign, and for how many seconds it has been the last.

        b"": it has not shown itself yet. `ENDED`: it left in order. None: the store is gone, and
        with it the process that kept it.
        """
        key = f"beat {rank}"
        is_there = self.has(key)
        if is_there is None:
            return None, 0.0
        sign = self.get(key) if is_there else b""
        last, since = self._seen.setdefault(rank, (sign, time.monotonic()))
        if sign != last:
            since = time.monotonic()
            self._seen[rank] = (sign, since)
        return sign, time.monotonic() - since

    def has(self, key: str) -> bool | None:
        """Look whether somebody put something down; None: the store is gone."""
        found: bool | None = self.talk(lambda: self._store.check([key]))
        return found

    def get(self, key: str) -> bytes:
        """Read what `has` found; nothing where the store is gone."""
        return self.talk(lambda: self._store.get(key)) or b""

    def put(self, key: str, value: str) -> None:
        """Put something down for the others."""
        self.talk(lambda: self._store.set(key, value))

    def talk(self, words: Callable[[], Any]) -> Any:
        """Talk to the store; None where it is gone."""
        try:
            return words()
        except RuntimeError:
            return None

    def hurriedly(self, words: Callable[[], Any]) -> None:
        """Say something, but do not wait long: a store whose keeper is stopped never answers."""
        saying = threading.Thread(target=words, daemon=True)
        saying.start()
        saying.join(timeout=ANSWER_SECONDS)

    def _beat(self) -> None:
        number = 0
        while not self._ended.wait(BEAT_SECONDS if number else 0):
            number += 1
            self.put(f"beat {self.rank}", str(number))
