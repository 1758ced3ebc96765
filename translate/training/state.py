"""Everything a run needs to go on, in a folder that is written whole or not at all."""

import json
import pickle
import shutil
from collections.abc import Callable
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any

import torch

from translate.errors import TrainingError

KEEP = 2  # newest states kept: the last one, and one in case it is damaged

POSITION_FILE = "position.json"
Facts = dict[str, int | str]

# What reading a file that is cut short, scrambled or hostile can raise.
DAMAGE = (OSError, ValueError, TypeError, RuntimeError, EOFError, KeyError, pickle.UnpicklingError)


@dataclass(frozen=True)
class Position:
    """Where a run stands."""

    epoch: int = 0  # the epoch to go on with, from 0
    batch: int = 0  # batches of that epoch already seen
    step: int = 0  # batches seen in all


def save_state(
    folder: Path,
    position: Position,
    facts: Facts,
    shared: dict[str, Any],
    own: dict[str, Any],
    process: int = 0,
    wait: Callable[[], object] = lambda: None,
) -> Path:
    """Save what all processes share (written by process 0) and what each has of its own.

    Args:
        folder: The run's `state/`; the state becomes `state/step_00001234`.
        facts: What must be the same for the run to go on, in words for people.
        shared: Tensors and plain types only: they are read back with `weights_only=True`.
        own: The same, for this process alone: its randomness, its image pools.
        process: This process's number.
        wait: Returns when every process has called it.
    """
    final = folder / f"step_{position.step:08d}"
    temporary = folder / f".{final.name}.tmp"
    if process == 0:
        shutil.rmtree(temporary, ignore_errors=True)
        temporary.mkdir(parents=True)
        torch.save(shared, temporary / "shared.pt")
        (temporary / POSITION_FILE).write_text(json.dumps({**asdict(position), "facts": facts}))
    wait()
    torch.save(own, temporary / f"process_{process}.pt")
    wait()
    if process == 0:
        shutil.rmtree(final, ignore_errors=True)
        temporary.rename(final)
        for old in list_states(folder)[:-KEEP]:
            shutil.rmtree(old)
    wait()
    return final


def list_states(folder: Path) -> list[Path]:
    """List the whole states under a run's `state/`, oldest first."""
    return sorted(folder.glob("step_*"))


def load_state(
    state: Path, facts: Facts, process: int = 0
) -> tuple[Position, dict[str, Any], dict[str, Any]]:
    """Read a state back: where the run stands, what is shared, what is this process's own.

    Args:
        facts: As they are now; every process compares them, so that all of them stop together.

    Raises:
        TrainingError: A fact has changed, or a file is missing or unreadable.
    """
    try:
        position = json.loads((state / POSITION_FILE).read_text())
        _refuse_changes(state, position.pop("facts"), facts)
        own = _read(state / f"process_{process}.pt")
        return Position(**position), _read(state / "shared.pt"), own
    except DAMAGE as error:
        raise TrainingError(
            f"{state}: damaged, it cannot be read ({error}). Remove that folder to go on from "
            "the state before it."
        ) from error


def _refuse_changes(state: Path, before: Facts, now: Facts) -> None:
    changed = [
        f"\n  {name}: was {before.get(name)}, is now {value}"
        for name, value in now.items()
        if before.get(name) != value
    ]
    if changed:
        raise TrainingError(
            f"{state}: the run cannot go on from here, for it would be another run:"
            f"{''.join(changed)}\nMake it as it was, or start a new run without --resume."
        )


def _read(file: Path) -> dict[str, Any]:
    state: dict[str, Any] = torch.load(file, map_location="cpu", weights_only=True)
    return state
