"""Stopping early, in order: by a wish from outside, or because the disk is full."""

import errno
import threading

from translate.interrupt import Interrupt

INTERRUPTED = "interrupted"
DISK_FULL = "the disk is full"
FULL = (errno.ENOSPC, errno.EDQUOT)


class Stop(Interrupt):
    """A wish to end after the photos under way, and why; any thread may utter it.

    As a context manager it takes Ctrl-C and SIGTERM for such a wish:

        with Stop() as stop:
            report = translate_folder("photos", "translated", translator, stop=stop)
    """

    def __init__(self) -> None:
        super().__init__()
        self.reason: str | None = None
        self._event = threading.Event()

    def request(self, reason: str = INTERRUPTED) -> None:
        """Ask to end early. The first reason is kept."""
        super().request()
        self.reason = self.reason or reason
        self._event.set()

    def wait(self, seconds: float) -> bool:
        """Sleep, unless somebody asks to stop meanwhile; say whether somebody did."""
        return self._event.wait(seconds)


def is_disk_full(error: BaseException | None) -> bool:
    """Look for a full disk, or a used up quota, behind an error."""
    while error is not None:
        if isinstance(error, OSError) and error.errno in FULL:
            return True
        error = error.__cause__
    return False
