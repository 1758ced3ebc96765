"""Ctrl-C and SIGTERM as a wish to stop in order, not as an accident."""

import signal
import threading
from types import FrameType
from typing import Any, Self


class Interrupt:
    """Remember that somebody asked to stop. A second Ctrl-C stops at once.

    Signals can be caught in the main thread only; elsewhere nothing is caught.
    """

    SIGNALS = (signal.SIGINT, signal.SIGTERM)

    def __init__(self) -> None:
        self.is_requested = False
        self._previous: dict[signal.Signals, Any] = {}

    def __enter__(self) -> Self:
        if threading.current_thread() is threading.main_thread():
            self._previous = {s: signal.signal(s, self._remember) for s in self.SIGNALS}
        return self

    def __exit__(self, *error: object) -> None:
        for number, handler in self._previous.items():
            signal.signal(number, handler)

    def request(self) -> None:
        """Ask to stop."""
        self.is_requested = True

    def _remember(self, number: int, frame: FrameType | None) -> None:
        # A second SIGTERM is no impatience: a scheduler and a launcher may each send one.
        if self.is_requested and number == signal.SIGINT:
            raise KeyboardInterrupt
        self.request()
