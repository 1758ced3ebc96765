"""What a run says about itself: one JSON line per note, and the trackers Accelerate offers.

A line of numbers has `learning_rate` among others; a line about a measurement on held-out photos
has `validation`, one about an alarm has `alarm`. All have `step` and `epoch`.
"""

import json
import math
import os
from pathlib import Path
from typing import Any

import torch
from accelerate import Accelerator
from torch import Tensor

from translate.phase import Scalars
from translate.training.run_folder import writing


class Journal:
    """Gather scalars on the device, and write their means as a line now and then.

    Nothing is read back from the device between two lines, so noting a step costs no waiting.

    Args:
        file: `journal.jsonl`; each line has at least `step` and `epoch`.
    """

    def __init__(self, file: Path, accelerator: Accelerator) -> None:
        self.file = file
        self.accelerator = accelerator
        self._sums: Scalars = {}
        self._counts: dict[str, int] = {}
        self._lines = 0

    def begin(self) -> None:
        """Take out lines that are newer than the state: a run that goes on writes them again."""
        if self.accelerator.is_main_process:
            with writing(self.file):
                _keep_lines(self.file, self._lines)

    def note(self, scalars: Scalars) -> None:
        """Add one step's scalars to the running means."""
        for name, value in scalars.items():
            total = self._sums.get(name)
            self._sums[name] = value.detach().float() if total is None else total + value.detach()
            self._counts[name] = self._counts.get(name, 0) + 1

    def write(self, step: int, epoch: int, **facts: float) -> dict[str, float]:
        """Write one line: the means since the last, over all processes, and some facts."""
        line = {"step": step, "epoch": epoch, **facts, **self._means()}
        self._sums, self._counts = {}, {}
        self._add(line)
        self.accelerator.log({k: v for k, v in line.items() if k != "step"}, step=step)
        return line

    def remark(self, step: int, epoch: int, **facts: Any) -> None:
        """Write a line of another kind, such as an alarm; trackers get its numbers."""
        self._add({"step": step, "epoch": epoch, **facts})
        numbers = {k: v for k, v in facts.items() if isinstance(v, float)}
        if numbers:
            self.accelerator.log(numbers, step=step)

    def bring_to_disk(self) -> None:
        """Wait until all lines would survive a power failure: a state counts on them."""
        if self.accelerator.is_main_process:
            with writing(self.file), self.file.open("a") as lines:
                os.fsync(lines.fileno())

    def state_dict(self) -> dict[str, Any]:
        """Return how many lines there are, and the means under way to the next.

        Every process must ask: the means are those of all of them.
        """
        sums = dict(zip(self._sums, self._reduced(list(self._sums.values())), strict=True))
        return {"lines": self._lines, "sums": sums, "counts": dict(self._counts)}

    def load_state_dict(self, state: dict[str, Any]) -> None:
        """Take up what `state_dict` returned."""
        device = self.accelerator.device
        self._sums = {name: total.to(device) for name, total in state["sums"].items()}
        self._counts = dict(state["counts"])
        self._lines = state["lines"]

    def _means(self) -> dict[str, float]:
        means = self._reduced([s / self._counts[n] for n, s in self._sums.items()])
        return {name: float(mean) for name, mean in zip(self._sums, means, strict=True)}

    def _reduced(self, scalars: list[Tensor]) -> Tensor:
        """Average over all processes, in one go."""
        if not scalars:
            return torch.zeros(0)
        reduced: Tensor = self.accelerator.reduce(torch.stack(scalars), reduction="mean")
        return reduced.cpu()

    def _add(self, line: dict[str, Any]) -> None:
        self._lines += 1
        if self.accelerator.is_main_process:
            with writing(self.file), self.file.open("a", encoding="utf-8") as lines:
                lines.write(_to_json(line) + "\n")


def read_journal(file: Path) -> list[dict[str, Any]]:
    """Read a journal's lines, of all kinds; a last line that a crash cut short is left out.

    A number that was not finite is NaN.
    """
    lines = file.read_text(encoding="utf-8").splitlines(keepends=True) if file.exists() else []
    return [
        {key: math.nan if value is None else value for key, value in json.loads(line).items()}
        for line in lines
        if line.endswith("\n")
    ]


def read_numbers(file: Path) -> list[dict[str, float]]:
    """Read a journal's lines of numbers alone."""
    return [line for line in read_journal(file) if "learning_rate" in line]


def _to_json(line: dict[str, Any]) -> str:
    """Write what is not finite as null, for JSON knows no NaN."""
    return json.dumps(
        {k: None if isinstance(v, float) and not math.isfinite(v) else v for k, v in line.items()}
    )


def _keep_lines(file: Path, count: int) -> None:
    lines = file.read_bytes().splitlines(keepends=True) if file.exists() else []
    temporary = file.with_suffix(".tmp")
    with temporary.open("wb") as kept:
        kept.writelines(lines[:count])
        kept.flush()
        os.fsync(kept.fileno())
    temporary.replace(file)
