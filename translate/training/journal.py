"""What a run says about itself: one JSON line per note, and the trackers Accelerate offers."""

import json
from pathlib import Path
from typing import Any

import torch
from accelerate import Accelerator
from torch import Tensor

from translate.phase import Scalars


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

    def go_on_from(self, step: int) -> None:
        """Take out lines of later steps, which a run that goes on from here writes again."""
        if self.accelerator.is_main_process:
            _drop_lines_after(self.file, step)

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
        if self.accelerator.is_main_process:
            with self.file.open("a", encoding="utf-8") as lines:
                lines.write(json.dumps(line) + "\n")
        self.accelerator.log({k: v for k, v in line.items() if k != "step"}, step=step)
        return line

    def state_dict(self) -> dict[str, Any]:
        """Return the means under way, so that a resumed run's next line is the straight run's."""
        return {"sums": dict(self._sums), "counts": dict(self._counts)}

    def load_state_dict(self, state: dict[str, Any]) -> None:
        """Take up what `state_dict` returned."""
        device = self.accelerator.device
        self._sums = {name: total.to(device) for name, total in state["sums"].items()}
        self._counts = dict(state["counts"])

    def _means(self) -> dict[str, float]:
        if not self._sums:
            return {}
        stacked: Tensor = torch.stack([s / self._counts[n] for n, s in self._sums.items()])
        means: list[float] = self.accelerator.reduce(stacked, reduction="mean").tolist()
        return dict(zip(self._sums, means, strict=True))


def read_journal(file: Path) -> list[dict[str, Any]]:
    """Read a journal's lines; a last line that a crash cut short is left out."""
    lines = file.read_text(encoding="utf-8").splitlines(keepends=True) if file.exists() else []
    return [json.loads(line) for line in lines if line.endswith("\n")]


def _drop_lines_after(file: Path, step: int) -> None:
    kept = [line for line in read_journal(file) if line["step"] <= step]
    temporary = file.with_suffix(".tmp")
    temporary.write_text("".join(json.dumps(line) + "\n" for line in kept), encoding="utf-8")
    temporary.replace(file)
