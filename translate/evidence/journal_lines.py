"""A run's journal, sorted by what its lines are about."""

import json
import math
from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, NamedTuple


class Measurement(NamedTuple):
    """One measurement on held-out photos."""

    step: float
    epoch: float
    measure: str
    value: float
    is_best: bool  # of all until then


class AlarmLine(NamedTuple):
    """An alarm, as it was raised."""

    step: float
    epoch: float
    name: str
    says: str
    came_from: float | None  # the step from which it sent the run back


@dataclass(frozen=True)
class JournalLines:
    """What a journal tells.

    Attributes:
        numbers: Lines of training: name -> number; NaN where it was not finite.
        unreadable: How many whole lines could not be made sense of.
    """

    numbers: list[dict[str, float]] = field(default_factory=list)
    measurements: list[Measurement] = field(default_factory=list)
    alarms: list[AlarmLine] = field(default_factory=list)
    unreadable: int = 0

    def names(self) -> list[str]:
        """List what training noted, in the order in which it first appears."""
        return list(dict.fromkeys(name for line in self.numbers for name in line))

    def series(self, name: str) -> tuple[list[float], list[float]]:
        """Return steps, and what was noted at each under a name."""
        lines = [line for line in self.numbers if name in line]
        return [line["step"] for line in lines], [line[name] for line in lines]

    def last(self, name: str) -> float:
        """Return what was noted last; NaN where nothing was."""
        return next((line[name] for line in reversed(self.numbers) if name in line), math.nan)

    def best(self) -> Measurement | None:
        """Return the best measurement."""
        return next((m for m in reversed(self.measurements) if m.is_best), None)


def read_lines(file: Path) -> JournalLines:
    """Read a journal; a last line that a crash cut short, or that is being written, is left out."""
    found, unreadable = JournalLines(), 0
    try:
        with file.open(encoding="utf-8", errors="replace") as lines:
            for line in lines:
                if line.endswith("\n") and not _sort(line, found):
                    unreadable += 1
    except OSError:
        pass  # no journal yet: a run shorter than its first line is one too
    return JournalLines(found.numbers, found.measurements, found.alarms, unreadable)


def _sort(line: str, found: JournalLines) -> bool:
    """Put a line where it belongs; say whether it made sense."""
    try:
        values = json.loads(line)
    except (ValueError, RecursionError):
        return False
    if not isinstance(values, dict) or not math.isfinite(_number(values.get("step"))):
        return False
    step, epoch = _number(values["step"]), _number(values.get("epoch"))
    if "alarm" in values:
        found.alarms.append(_alarm(values, step, epoch))
    elif "validation" in values:
        value, is_best = _number(values.get("value")), values.get("is_best") is True
        found.measurements.append(
            Measurement(step, epoch, str(values["validation"]), value, is_best)
        )
    else:
        found.numbers.append({key: _number(value) for key, value in values.items()})
    return True


def _alarm(values: Mapping[str, Any], step: float, epoch: float) -> AlarmLine:
    came_from = _number(values.get("rolled_back_from_step"))
    known = came_from if math.isfinite(came_from) else None
    return AlarmLine(step, epoch, str(values["alarm"]), str(values.get("says", "")), known)


def _number(value: object) -> float:
    """Take a JSON value as a number; anything else, such as null, is NaN."""
    if isinstance(value, bool) or not isinstance(value, int | float):
        return math.nan
    try:
        return float(value)
    except OverflowError:
        return math.nan
