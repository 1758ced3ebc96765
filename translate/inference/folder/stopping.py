"""Stopping early, in order: by a wish from outside, or because the disk is full."""

import errno
import signal
import threading
from types import FrameType
from typing import Any, Self

INTERRUPTED = "interrupted"
DISK_FULL = "the disk is full"
FULL = (errno.ENOSPC, errno.EDQUOT)


class Stop:
    """A wish to end after the photos under way, and why; any thread may utter it.

    As a context manager it takes Ctrl-C and SIGTERM for such a wish; a second Ctrl-C stops at once.
    Signals can be caught in the main thread only; elsewhere nothing is caught.

        with Stop() as stop:
            report = translate_folder("photos", "translated", translator, stop=stop)
    """

    SIGNALS = (signal.SIGINT, signal.SIGTERM)

    def __init__(self) -> None:
        self.reason: str | None = None
        self._event = threading.Event()
        self._previous: dict[signal.Signals, Any] = {}

    def __enter__(self) -> Self:
        if threading.current_thread() is threading.main_thread():
            self._previous = {s: signal.signal(s, self._remember) for s in self.SIGNALS}
        return self

    def __exit__(self, *error: object) -> None:
        for number, handler in self._previous.items():
            signal.signal(number, handler)

    def request(self, reason: str = INTERRUPTED) -> None:
        """Ask to end early. The first reason is kept."""
        self.reason = self.reason or reason
        self._event.set()

    @property
    def is_requested(self) -> bool:
        """Whether somebody asked."""
        return self.reason is not None

    def wait(self, seconds: float) -> bool:
        """Sleep, unless somebody asks to stop meanwhile; say whether somebody did."""
        return self._event.wait(seconds)

    def _remember(self, number: int, frame: FrameType | None) -> None:
        # A second SIGTERM is no impatience: a scheduler and a launcher may each send one.
        if self.is_requested and number == signal.SIGINT:
            raise KeyboardInterrupt
        self.request()


def is_disk_full(error: BaseException | None) -> bool:
    """Look for a full disk, or a used up quota, behind an error."""
    while error is not None:
        if isinstance(error, OSError) and error.errno in FULL:
            return True
        error = error.__cause__
    return False
