"""When one process of a run is gone, the others end too, instead of waiting for it for ever.

Whoever waits in a collective operation cannot look around. A second thread does: every process
watches process 0 and its own neighbour; who notices that one is gone tells all. A process that
fails says why, so that the others can repeat it.
"""

import os
import sys
import threading
import time
from collections.abc import Callable
from contextlib import AbstractContextManager, nullcontext
from typing import Self

from translate.errors import SharedError, TrainingError, TranslateError
from translate.heartbeat import ENDED, GATHER_SECONDS, Heartbeat
from translate.processes import count_processes

LOOK_SECONDS = 1.0
SILENT_SECONDS = 30.0  # without a sign of life: killed, stopped, or its machine is gone
# For the operation that waits to fail by itself, and the main thread to end in order.
GRACE_SECONDS = 6.0
WAIT_SECONDS = 0.6
FAILED = "failed"
AGAIN = "The last saved state is whole: start all processes again, with --resume latest."
EXIT_CODE = 2  # as doors return for what a user can put right
# How PyTorch says that another process no longer answers.
LOST = ("gloo", "NCCL", "Connection", "recvBytes", "Broken pipe", "process group", "ProcessGroup")


class Companions:
    """The other processes of a run, watched by this one.

    Raises:
        TranslateError: The others did not appear.
    """

    def __init__(self, heart: Heartbeat, leave: Callable[[int], None] = os._exit) -> None:
        self._heart, self._leave = heart, leave
        self._ended = threading.Event()
        self._reason: str | None = None  # why this process has to end
        self._heard = time.monotonic()  # when the store last answered
        self._threads = [
            threading.Thread(target=work, name=name, daemon=True)
            for name, work in (("listening", self._listen), ("watching", self._watch))
        ]

    def __enter__(self) -> Self:
        self._heart.__enter__()
        for thread in self._threads:
            thread.start()
        return self

    def __exit__(self, kind: object, error: BaseException | None, trace: object) -> None:
        is_lost = isinstance(error, RuntimeError) and _is_lost_connection(error)
        reason = self._wait_for_reason() if is_lost else None
        self._ended.set()
        if error is None or isinstance(error, SharedError):
            self._heart.__exit__()
        elif reason is not None:
            raise TrainingError(f"{reason} This one ends with it.") from error
        else:
            words = f"process {self._heart.rank} has ended: {_first_words(error)}."
            self._heart.hurriedly(lambda: self._tell(words))

    def _listen(self) -> None:
        """Ask the store; it may never answer again, so nobody waits for this thread."""
        while not self._ended.wait(LOOK_SECONDS):
            reason = self._said() or self._gone()
            self._heard = time.monotonic()
            if reason is not None and self._reason is None:
                self._reason = reason
                self._tell(reason)

    def _watch(self) -> None:
        """End this process once there is a reason and the main thread does not end it itself."""
        while not self._ended.wait(LOOK_SECONDS):
            silence = time.monotonic() - self._heard
            if self._reason is None and silence > SILENT_SECONDS:
                self._reason = f"process 0 has not answered for {silence:.0f} seconds. {AGAIN}"
            if self._reason is not None:
                if self._ended.wait(GRACE_SECONDS):
                    return  # the main thread has noticed, too
                words = (
                    f"error in process {self._heart.rank}: {self._reason} This one ends with it."
                )
                print(words, file=sys.stderr, flush=True)  # noqa: T201
                self._leave(EXIT_CODE)
                return

    def _said(self) -> str | None:
        """Read why another process failed, if one did."""
        return self._heart.get(FAILED).decode() if self._heart.has(FAILED) else None

    def _gone(self) -> str | None:
        """Say who is gone without a word, of those whom this process watches."""
        neighbour = (self._heart.rank + 1) % self._heart.size
        for rank in {0, neighbour} - {self._heart.rank}:
            sign, seconds = self._heart.silence_of(rank)
            if sign is None:
                return f"process 0 has ended, and what it kept for all with it. {AGAIN}"
            patience = SILENT_SECONDS if sign else GATHER_SECONDS
            if sign != ENDED and seconds > patience:
                silence = f"process {rank} has given no sign of life for {seconds:.0f} seconds"
                return f"{silence}. {AGAIN}"
        return None

    def _wait_for_reason(self) -> str:
        """Give the process that failed a moment to say so."""
        for _ in range(5):
            if self._reason is not None:
                return self._reason
            self._ended.wait(WAIT_SECONDS)
        return f"another process has ended without a word: killed, or out of memory. {AGAIN}"

    def _tell(self, reason: str) -> None:
        if not self._heart.has(FAILED):
            self._heart.put(FAILED, reason)


def accompanied() -> AbstractContextManager[object]:
    """Watch the other processes of this run, where there are any."""
    return Companions(Heartbeat("training")) if count_processes() > 1 else nullcontext()


def _first_words(error: BaseException) -> str:
    text = str(error) if isinstance(error, TranslateError) else f"{type(error).__name__}: {error}"
    return text.partition("\n")[0].rstrip(".")


def _is_lost_connection(error: RuntimeError) -> bool:
    return any(word in str(error) for word in LOST)
