"""Everything a run needs to go on, in a folder that is written whole or not at all.

`state/step_00001234/` holds `state.pt` (tensors and plain types) and `position.json` (where the run
stands, what it must share with the run that goes on, and the check sum of the other file). It is
written under a hidden name, brought to the disk, then renamed: killed at any instant, a run finds
its last state whole. A state is the run's, not a process's: more or fewer may go on from it.
"""

import hashlib
import json
import logging
import os
import pickle
import re
import shutil
from collections.abc import Sequence
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any

import torch

from translate.bundle.weights import sha256_of
from translate.errors import TrainingError
from translate.version import __version__

logger = logging.getLogger(__name__)

KEEP = 2  # newest states kept: the last one, and one in case it is damaged
FORMAT = 2  # 1 had a file for each process and no check sums

ASIDE = "aside"
NAME = re.compile(r"step_(\d+)(?:-(\d+))?")  # a second state of a step is `step_00001234-1`
POSITION_FILE, CONTENT_FILE = "position.json", "state.pt"
Facts = dict[str, int | str]

# What reading a file that is cut short, scrambled or hostile can raise.
DAMAGE = (OSError, ValueError, TypeError, RuntimeError, EOFError, KeyError, pickle.UnpicklingError)


@dataclass(frozen=True)
class Position:
    """Where a run stands."""

    epoch: int = 0  # the epoch to go on with, from 0
    batch: int = 0  # batches of that epoch already seen
    step: int = 0  # batches seen in all
    rollbacks: int = 0  # how often an alarm sent the run back


class DamagedStateError(TrainingError):
    """A state cannot be read; the one before it may still be whole."""


def save_state(
    folder: Path, position: Position, facts: Facts, content: dict[str, Any], is_sick: bool = False
) -> Path:
    """Write a state; called by the main process alone.

    Args:
        folder: The run's `state/`; the state becomes `state/step_00001234`.
        facts: What must be the same for the run to go on, in words for people.
        content: Tensors and plain types only: they are read back with `weights_only=True`.
        is_sick: An alarm is near or was raised: a rollback must not end here.

    Raises:
        OSError: The disk refuses, or the run's folder is gone. The states before are as they were.
    """
    folder.mkdir(exist_ok=True)  # but not the run's folder: if that is gone, somebody removed it
    for unfinished in folder.glob(".step_*.tmp"):  # of a run that was killed
        shutil.rmtree(unfinished, ignore_errors=True)
    final = folder / _new_name(folder, position.step)
    temporary = folder / f".{final.name}.tmp"
    temporary.mkdir()
    try:
        _write(content, temporary / CONTENT_FILE)
        about = {
            "format": FORMAT,
            "written_by": __version__,
            "position": asdict(position),
            "is_sick": is_sick,
            "facts": facts,
            "sha256": sha256_of(temporary / CONTENT_FILE),
        }
        about["sha256_of_the_above"] = _check_sum(about)
        (temporary / POSITION_FILE).write_text(json.dumps(about, indent=2) + "\n")
        for name in (CONTENT_FILE, POSITION_FILE, "."):
            _bring_to_disk(temporary / name)
        temporary.rename(final)
        _bring_to_disk(folder)
    except BaseException:
        shutil.rmtree(temporary, ignore_errors=True)
        raise
    _drop_old(folder)
    return final


def _write(content: dict[str, Any], file: Path) -> None:
    """Write tensors; where the disk refuses, PyTorch hides what it says behind an error of its own.

    Given a path instead of a stream, it would not even know.
    """
    try:
        with file.open("wb") as stream:
            torch.save(content, stream)
    except RuntimeError as error:
        if isinstance(error.__context__, OSError):
            raise error.__context__ from None
        raise


def list_states(folder: Path) -> list[Path]:
    """List the whole states under a run's `state/`, oldest first."""
    return sorted((s for s in folder.glob("step_*") if NAME.fullmatch(s.name)), key=_order)


def last_healthy_state(folder: Path) -> Path | None:
    """Find the newest state that was saved while no alarm was near."""
    healthy = [state for state in list_states(folder) if not _is_sick(state)]
    return healthy[-1] if healthy else None


def set_aside_after(chosen: Path) -> None:
    """Move newer states than one into `state/aside/`, damaged ones too: nobody goes on there.

    They are not removed: only who chose to go back knows whether they are still wanted.
    """
    for state in list_states(chosen.parent):
        if _order(state) > _order(chosen):
            aside = chosen.parent / ASIDE / state.name
            logger.warning("%s: moved to %s, for the run goes on before it", state, aside.parent)
            aside.parent.mkdir(exist_ok=True)
            shutil.rmtree(aside, ignore_errors=True)
            state.rename(aside)


def choose_whole(states: Sequence[Path]) -> Path:
    """Choose the last of some states that is whole, and say so where it is not the last of all.

    Raises:
        DamagedStateError: None is.
    """
    damages: list[str] = []
    for state in reversed(states):
        damage = find_damage(state)
        if damage is None:
            if damages:
                logger.warning("%s\nGoing on from the one before: %s", "\n".join(damages), state)
            return state
        damages.append(f"{state}: damaged ({damage})")
    lines = "".join(f"\n  {damage}" for damage in damages)
    raise DamagedStateError(
        f"No saved state can be read:{lines}\nStart a new run without --resume."
    )


def find_damage(state: Path) -> str | None:
    """Compare a state with its check sum; say what is wrong with it, or None."""
    try:
        about = json.loads((state / POSITION_FILE).read_text())
        if about.get("format", 1) != FORMAT:
            return None  # another version's: it is told when it is loaded
        if about.pop("sha256_of_the_above") != _check_sum(about):
            return f"{POSITION_FILE} does not match its own SHA-256"
        if sha256_of(state / CONTENT_FILE) != about["sha256"]:
            return f"{CONTENT_FILE} does not match its SHA-256 in {POSITION_FILE}"
    except DAMAGE as error:
        return str(error)
    return None


def expect_fitting(state: Path, facts: Facts) -> Path:
    """Return a state from which this run can go on.

    Args:
        facts: As they are now.

    Raises:
        DamagedStateError: It cannot be read.
        TrainingError: A fact has changed, or another version wrote the state.
    """
    try:
        about = json.loads((state / POSITION_FILE).read_text())
        _refuse_other_formats(state, about)
        _refuse_changes(state, about["facts"], facts)
    except DAMAGE as error:
        raise _damaged(state, error) from error
    return state


def load_state(state: Path) -> tuple[Position, dict[str, Any]]:
    """Read a state back: where the run stands, and all it needs to go on.

    Raises:
        DamagedStateError: A file is missing or unreadable.
    """
    try:
        about = json.loads((state / POSITION_FILE).read_text())
        content = torch.load(state / CONTENT_FILE, map_location="cpu", weights_only=True)
        return Position(**about["position"]), content
    except DAMAGE as error:
        raise _damaged(state, error) from error


def _damaged(state: Path, error: Exception) -> DamagedStateError:
    return DamagedStateError(
        f"{state}: damaged, it cannot be read ({error}). Go on from another state, or start a new "
        "run without --resume."
    )


def _check_sum(about: dict[str, Any]) -> str:
    return hashlib.sha256(json.dumps(about, sort_keys=True).encode()).hexdigest()


def _refuse_other_formats(state: Path, about: dict[str, Any]) -> None:
    found = about.get("format", 1)
    if found != FORMAT:
        writer = about.get("written_by", "an earlier version")
        raise TrainingError(
            f"{state}: was saved by photo-translate {writer} in format {found}; this version "
            f"({__version__}) goes on from format {FORMAT} only. Go on with the version that saved "
            "it, or start a new run without --resume. The state is left as it is."
        )


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


def _order(state: Path) -> tuple[int, int]:
    """Tell the step of a state, and how many of the same step were saved before."""
    step, before = NAME.fullmatch(state.name).groups()  # type: ignore[union-attr]
    return int(step), int(before or 0)


def _new_name(folder: Path, step: int) -> str:
    """Name a state so that it becomes the last of its step; the others stay until it is whole."""
    taken = [before for other, before in map(_order, list_states(folder)) if other == step]
    return f"step_{step:08d}" + (f"-{max(taken) + 1}" if taken else "")


def _drop_old(folder: Path) -> None:
    """Keep the newest states, and the newest that a rollback may go to."""
    states = list_states(folder)
    kept = {*states[-KEEP:], last_healthy_state(folder)}
    for state in states:
        if state not in kept:
            shutil.rmtree(state, ignore_errors=True)


def _is_sick(state: Path) -> bool:
    try:
        return bool(json.loads((state / POSITION_FILE).read_text())["is_sick"])
    except DAMAGE:
        return True


def _bring_to_disk(place: Path) -> None:
    """Wait until a file, or the names in a folder, would survive a power failure."""
    if place.is_dir() and os.name == "nt":
        return  # Windows opens no folders
    descriptor = os.open(place, os.O_RDONLY if place.is_dir() else os.O_RDWR)
    try:
        os.fsync(descriptor)
    finally:
        os.close(descriptor)
