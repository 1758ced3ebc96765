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

# What reading a file that is cut short, scrambled or hostile can raise.
DAMAGE = (OSError, ValueError, TypeError, RuntimeError, EOFError, pickle.UnpicklingError)


@dataclass(frozen=True)
class Progress:
    """Where a run stands."""

    epoch: int = 0  # the epoch to go on with, from 0
    batch: int = 0  # batches of that epoch already seen
    step: int = 0  # batches seen in all


def save_state(
    folder: Path,
    progress: Progress,
    shared: dict[str, Any],
    own: dict[str, Any],
    process: int = 0,
    wait: Callable[[], object] = lambda: None,
) -> Path:
    """Save what all processes share (written by process 0) and what each has of its own.

    Args:
        folder: The run's `state/`; the state becomes `state/step_00001234`.
        shared: Tensors and plain types only: they are read back with `weights_only=True`.
        own: The same, for this process alone: its randomness, its image pools.
        process: This process's number.
        wait: Returns when every process has called it.
    """
    final = folder / f"step_{progress.step:08d}"
    temporary = folder / f".{final.name}.tmp"
    if process == 0:
        shutil.rmtree(temporary, ignore_errors=True)
        temporary.mkdir(parents=True)
        torch.save(shared, temporary / "shared.pt")
        (temporary / "progress.json").write_text(json.dumps(asdict(progress)))
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


def load_state(state: Path, process: int = 0) -> tuple[Progress, dict[str, Any], dict[str, Any]]:
    """Read a state back: progress, what is shared, what is this process's own.

    Raises:
        TrainingError: A file is missing or unreadable, or was saved by fewer processes.
    """
    own = state / f"process_{process}.pt"
    try:
        progress = Progress(**json.loads((state / "progress.json").read_text()))
        return progress, _read(state / "shared.pt"), _read(own)
    except FileNotFoundError as error:
        raise TrainingError(
            f"{error.filename}: missing, so the run cannot go on from {state}. "
            "Resume with as many processes as saved it, or from another state."
        ) from error
    except (
        OSError,
        ValueError,
        TypeError,
        RuntimeError,
        EOFError,
        pickle.UnpicklingError,
    ) as error:
        raise TrainingError(
            f"{state}: damaged, it cannot be read ({error}). Remove that folder to go on from "
            "the state before it."
        ) from error


def _read(file: Path) -> dict[str, Any]:
    state: dict[str, Any] = torch.load(file, map_location="cpu", weights_only=True)
    return state
