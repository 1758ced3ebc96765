"""Where a run lives: `runs/<name>`, numbered when taken."""

import re
from pathlib import Path

from translate.errors import TrainingError
from translate.training.state import POSITION_FILE, list_states

RUNS = Path("runs")


def new_run_folder(wanted: Path | None, name: str) -> Path:
    """Make the folder of a new run.

    Args:
        wanted: The folder asked for; it must be new or empty. None: `runs/<name>`, or the first
            free of `runs/<name>-2`, `runs/<name>-3`, ...

    Raises:
        TrainingError: The folder asked for is taken, or cannot be made.
    """
    if wanted is not None:
        if wanted.is_file() or (wanted.is_dir() and any(wanted.iterdir())):
            raise TrainingError(
                f"{wanted}: already holds something. Name a new folder with --run-folder, or go "
                "on with the run in it by --resume latest."
            )
        _make(wanted)
        return wanted
    number = 1
    while not _make(folder := RUNS / (name if number == 1 else f"{name}-{number}"), anew=True):
        number += 1
    return folder


def _make(folder: Path, anew: bool = False) -> bool:
    """Make a folder; return False where it must be new and is taken, perhaps this very moment."""
    try:
        folder.mkdir(parents=True, exist_ok=not anew)
    except OSError as error:
        if anew and folder.exists():
            return False
        raise TrainingError(
            f"{folder}: cannot be made ({error.strerror}). Choose another with --run-folder."
        ) from error
    return True


def find_state(resume: str, wanted: Path | None, name: str) -> Path:
    """Find the state to go on from.

    Args:
        resume: "latest", or the path of a state such as `runs/x/state/step_00000500`.
        wanted: The run's folder; None: of the runs named `name`, the one that saved last.

    Raises:
        TrainingError: There is none, or the state asked for is of another run.
    """
    if resume != "latest":
        return _named_state(Path(resume).resolve(), wanted)
    folders = [wanted] if wanted else _runs_named(name)
    newest = [list_states(folder / "state")[-1:] for folder in folders]
    states = [state for states in newest for state in states]
    if not states:
        places = ", ".join(str(folder) for folder in folders) or str(RUNS / name)
        raise TrainingError(
            f"There is nothing to resume in {places}: no state was saved there. "
            "Name the run's folder with --run-folder, or leave out --resume to start anew."
        )
    return max(states, key=lambda state: state.stat().st_mtime)


def _named_state(state: Path, wanted: Path | None) -> Path:
    if not (state / POSITION_FILE).is_file():
        raise TrainingError(f"{state}: is no saved state. Name one, or say --resume latest.")
    if wanted is not None and wanted.resolve() != state.parents[1]:
        raise TrainingError(
            f"{state}: belongs to the run in {state.parents[1]}, not in {wanted}. "
            "Leave out --run-folder: a resumed run goes on where it is."
        )
    return state


def _runs_named(name: str) -> list[Path]:
    """List the folders of a recipe's runs; `name-big` is a run of another recipe."""
    numbered = re.compile(rf"{re.escape(name)}(-\d+)?")
    found = RUNS.iterdir() if RUNS.is_dir() else iter(())
    return sorted(folder for folder in found if numbered.fullmatch(folder.name))
