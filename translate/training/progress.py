"""How far a run is, for people: bars on a terminal, plain lines in a log file."""

from collections.abc import Mapping
from typing import Self

from rich.console import Console
from rich.progress import BarColumn, MofNCompleteColumn, Progress, TextColumn, TimeRemainingColumn

LOSSES_SHOWN = 4


class ProgressDisplay:
    """Show epoch, step, images per second, time left and the first losses.

    Args:
        steps: All steps of the run.
        epochs: All epochs of the run.
        at: The step the run starts from.
        silent: True on every process but the main one.
    """

    def __init__(self, steps: int, epochs: int, at: int = 0, silent: bool = False) -> None:
        self.console = Console(quiet=silent, highlight=False, soft_wrap=True)
        self.steps, self.epochs = steps, epochs
        self._is_live = self.console.is_terminal
        self._bars = Progress(
            TextColumn("epoch {task.fields[epoch]}/{task.fields[epochs]}"),
            BarColumn(),
            MofNCompleteColumn(),
            TextColumn("{task.fields[rate]:.1f} images/s"),
            TimeRemainingColumn(),
            TextColumn("{task.fields[losses]}"),
            console=self.console,
            disable=not self._is_live,
        )
        self._task = self._bars.add_task(
            "", total=steps, completed=at, epoch=0, epochs=epochs, rate=0.0, losses=""
        )

    def __enter__(self) -> Self:
        self._bars.start()
        return self

    def __exit__(self, *error: object) -> None:
        self._bars.stop()

    def advance(self, step: int, epoch: int) -> None:
        """Move the bar; costs nothing on the device."""
        self._bars.update(self._task, completed=step, epoch=epoch + 1)

    def show(self, line: Mapping[str, float], seconds_per_step: float) -> None:
        """Show a journal line: in the bar, or as a line of its own where there is no terminal."""
        losses = " ".join(f"{k.rpartition('/')[2]} {v:.3f}" for k, v in _losses(line))
        rate = line["images_per_second"]
        self._bars.update(self._task, rate=rate, losses=losses)
        if not self._is_live:
            seconds = (self.steps - line["step"]) * seconds_per_step
            self.console.print(
                f"epoch {line['epoch'] + 1:.0f}/{self.epochs} step {line['step']:.0f}/{self.steps} "
                f"{rate:.1f} images/s, {_duration(seconds)} left, {losses}"
            )

    def say(self, sentence: str) -> None:
        """Print a sentence, above the bar where there is one."""
        self.console.print(sentence, markup=False)


def _losses(line: Mapping[str, float]) -> list[tuple[str, float]]:
    told = ("accuracy", "gradient_norm", "skipped", "health/")
    losses = [(k, v) for k, v in line.items() if "/" in k and not any(t in k for t in told)]
    return losses[:LOSSES_SHOWN]


def _duration(seconds: float) -> str:
    minutes, rest = divmod(round(seconds), 60)
    hours, minutes = divmod(minutes, 60)
    return f"{hours}:{minutes:02d}:{rest:02d}"
