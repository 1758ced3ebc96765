"""When one process of a run is gone, the others end too, instead of waiting for it for ever.

Whoever waits in a collective operation cannot look around. A second thread does: every process
watches process 0 and its own neighbour; who notices that one is gone tells all. A process that
fails says why, so that the others can repeat it.
"""

import os
import sys
import threading
from collections.abc import Callable
from contextlib import AbstractContextManager, nullcontext
from typing import Self

from translate.errors import SharedError, TrainingError, TranslateError
from translate.heartbeat import ENDED, GATHER_SECONDS, Heartbeat
from translate.processes import count_processes

LOOK_SECONDS = 1.0
SILENT_SECONDS = 40.0  # without a sign of life: killed, stopped, or its machine is gone
# For the operation that waits to fail by itself, and the main thread to end in order.
GRACE_SECONDS = 8.0
FAILED = "failed"
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
        self._watch = threading.Thread(target=self._look_around, name="watching", daemon=True)

    def __enter__(self) -> Self:
        self._heart.__enter__()
        self._watch.start()
        return self

    def __exit__(self, kind: object, error: BaseException | None, trace: object) -> None:
        self._ended.set()
        self._watch.join()
        if error is None or isinstance(error, SharedError):
            self._heart.__exit__()
            return
        reason = self._said() or self._gone()
        if reason is None and isinstance(error, RuntimeError) and _is_lost_connection(error):
            reason = self._wait_for_reason()
        if reason is not None:
            raise TrainingError(_because(reason)) from error
        self._tell(f"process {self._heart.rank} has ended: {_first_words(error)}")

    def _look_around(self) -> None:
        while not self._ended.wait(LOOK_SECONDS):
            reason = self._said() or self._gone()
            if reason is not None:
                self._tell(reason)
                if self._ended.wait(GRACE_SECONDS):
                    return  # the main thread has noticed, too
                print(f"error in process {self._heart.rank}: {_because(reason)}", file=sys.stderr)  # noqa: T201
                sys.stderr.flush()
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
                return "process 0 has ended, and what it kept for all with it"
            patience = SILENT_SECONDS if sign else GATHER_SECONDS
            if sign != ENDED and seconds > patience:
                return f"process {rank} has given no sign of life for {seconds:.0f} seconds"
        return None

    def _wait_for_reason(self) -> str:
        """Give the process that failed, or the thread of another, a moment to say so."""
        for _ in range(5):
            if (reason := self._said()) is not None:
                return reason
            threading.Event().wait(0.5)
        return "another process has ended without a word: killed, or out of memory"

    def _tell(self, reason: str) -> None:
        if not self._heart.has(FAILED):
            self._heart.put(FAILED, reason)


def accompanied() -> AbstractContextManager[object]:
    """Watch the other processes of this run, where there are any."""
    return Companions(Heartbeat("training")) if count_processes() > 1 else nullcontext()


def _because(reason: str) -> str:
    return (
        f"{reason}. This one ends with it. The last saved state is whole: start all processes "
        "again, with --resume latest."
    )


def _first_words(error: BaseException) -> str:
    text = str(error) if isinstance(error, TranslateError) else f"{type(error).__name__}: {error}"
    return text.partition("\n")[0].rstrip(".")


def _is_lost_connection(error: RuntimeError) -> bool:
    return any(word in str(error) for word in LOST)
