"""How far a folder is, for people: a bar on a terminal, now and then a line in a log file."""

import sys
import time
from typing import TYPE_CHECKING, Self

from rich.console import Console
from rich.progress import BarColumn, MofNCompleteColumn, Progress, TextColumn, TimeRemainingColumn

if TYPE_CHECKING:
    from translate.inference.folder import Progress as FolderStep

LINE_EVERY_SECONDS = 60.0


class FolderProgress:
    """Show photos, images per second, megapixels per second and the time left.

    Args:
        title: What is being done.
        is_silent: True on every process but the first.
    """

    def __init__(self, title: str, is_silent: bool = False) -> None:
        console = Console(file=sys.stderr, quiet=is_silent, highlight=False, soft_wrap=True)
        self._console, self._is_live = console, console.is_terminal
        self._bars = Progress(
            TextColumn("{task.description}"),
            BarColumn(),
            MofNCompleteColumn(),
            TextColumn("{task.fields[rates]}"),
            TimeRemainingColumn(),
            console=console,
            disable=not self._is_live,
            transient=True,
        )
        self._task = self._bars.add_task(title, total=None, rates="")
        self._started = self._last_line = time.monotonic()

    def __enter__(self) -> Self:
        self._bars.start()
        return self

    def __exit__(self, *error: object) -> None:
        self._bars.stop()

    def show(self, step: "FolderStep") -> None:
        """Move the bar; where there is no terminal, write a line once a minute."""
        now = time.monotonic()
        seconds = max(now - self._started, 1e-3)
        speed = step.finished / seconds
        rates = f"{speed:.1f} images/s {step.megapixels / seconds:.2f} MP/s"
        self._bars.update(self._task, completed=step.finished, total=step.photos, rates=rates)
        if not self._is_live and now - self._last_line >= LINE_EVERY_SECONDS:
            self._last_line = now
            left = (step.photos - step.finished) / speed / 60
            self._console.print(f"{step.finished}/{step.photos} {rates}, {left:.0f} min left")
