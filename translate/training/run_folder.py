"""Where a run lives: `runs/<name>`, numbered when taken."""

from pathlib import Path

from translate.errors import TrainingError
from translate.training.state import list_states

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
        return _make(wanted)
    number = 1
    while True:
        folder = RUNS / (name if number == 1 else f"{name}-{number}")
        if not folder.exists():
            return _make(folder)
        number += 1


def _make(folder: Path) -> Path:
    try:
        folder.mkdir(parents=True, exist_ok=True)
    except OSError as error:
        raise TrainingError(
            f"{folder}: cannot be made ({error.strerror}). Choose another with --run-folder."
        ) from error
    return folder


def find_state(resume: str, wanted: Path | None, name: str) -> Path:
    """Find the state to go on from.

    Args:
        resume: "latest", or the path of a state such as `runs/x/state/step_00000500`.
        wanted: The run's folder; None: of the runs named `name`, the one that saved last.

    Raises:
        TrainingError: There is none.
    """
    if resume != "latest":
        if (Path(resume) / "progress.json").is_file():
            return Path(resume)
        raise TrainingError(f"{resume}: is no saved state. Name one, or say --resume latest.")
    folders = [wanted] if wanted else [RUNS / name, *RUNS.glob(f"{name}-*")]
    states = [state for folder in folders for state in list_states(folder / "state")]
    if not states:
        places = ", ".join(str(folder) for folder in folders)
        raise TrainingError(
            f"There is nothing to resume in {places}: no state was saved there. "
            "Name the run's folder with --run-folder, or leave out --resume to start anew."
        )
    return max(states, key=lambda state: state.stat().st_mtime)
