"""Where a run lives: `runs/<name>`, numbered when taken, and locked while it is at work."""

import errno
import logging
import re
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from filelock import FileLock, Timeout

from translate.errors import TrainingError
from translate.training.state import NAME, POSITION_FILE, list_states

logger = logging.getLogger(__name__)

RUNS = Path("runs")
LOCK = ".lock"
RECIPE = "recipe.yaml"
LOCKLESS = {errno.ENOLCK, errno.EOPNOTSUPP, errno.ENOTSUP, errno.ENOSYS}
NO_LOCKS = "%s: this disk knows no locks, so nothing keeps a second run out of the folder."
# Readers of a run that was killed hold its lock until they notice, within 5 seconds.
PATIENCE_SECONDS = 10.0


@contextmanager
def locked(folder: Path) -> Iterator[None]:
    """Keep a run's folder to this process; the system lets go of it when the process ends.

    Raises:
        TrainingError: Another process has it, or the folder cannot be written.
    """
    lock = FileLock(folder / LOCK)
    try:
        lock.acquire(timeout=PATIENCE_SECONDS)
    except NotImplementedError:
        logger.warning(NO_LOCKS, folder)
    except Timeout as error:
        raise TrainingError(
            f"{folder}: another run is at work in it. Wait for its end or stop it; or choose "
            "another folder with --run-folder."
        ) from error
    except OSError as error:
        if error.errno not in LOCKLESS:
            raise TrainingError(
                f"{folder}: cannot be written ({error.strerror}). A run keeps its notes there: "
                "look at the folder's permissions, or choose another with --run-folder."
            ) from error
        logger.warning(NO_LOCKS, folder)
    try:
        yield
    finally:
        lock.release()


@contextmanager
def writing(place: Path) -> Iterator[None]:
    """Say what is wrong where a file of the run cannot be written.

    Raises:
        TrainingError: It cannot.
    """
    try:
        yield
    except OSError as error:
        raise TrainingError(
            f"{place}: cannot be written ({error.strerror or error}), so the run has stopped. What "
            "was saved before is whole. See to the disk's free space and to the folder; then go on "
            "with --resume latest."
        ) from error


def new_run_folder(wanted: Path | None, name: str) -> Path:
    """Make the folder of a new run.

    Args:
        wanted: The folder asked for; it must be new, or hold no more than a run that was killed
            before it saved anything. None: `runs/<name>`, or the first
            free of `runs/<name>-2`, `runs/<name>-3`, ...

    Raises:
        TrainingError: The folder asked for is taken, or cannot be made.
    """
    if wanted is not None:
        refuse_taken(wanted)
        _make(wanted)
        return wanted
    number = 1
    while not _make(folder := RUNS / (name if number == 1 else f"{name}-{number}"), anew=True):
        number += 1
    return folder


def refuse_taken(folder: Path) -> None:
    """Refuse a folder for a new run that holds something.

    A run that was killed before its first state may begin again: nothing was learned yet.

    Raises:
        TrainingError: It does.
    """
    holds = {file.name for file in folder.iterdir()} if folder.is_dir() else set()
    if folder.is_file() or (holds - {LOCK} and not _has_just_begun(folder)):
        raise TrainingError(
            f"{folder}: already holds something. Name a new folder with --run-folder, or go "
            "on with the run in it by --resume latest."
        )


def _has_just_begun(folder: Path) -> bool:
    is_run = (folder / RECIPE).is_file() and not (folder / "bundle").exists()
    return is_run and not list_states(folder / "state")


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


def find_states(resume: str, wanted: Path | None, name: str) -> list[Path]:
    """Find the states to go on from: the best choice last, before it those to fall back to.

    Args:
        resume: "latest", or the path of a state such as `runs/x/state/step_00000500`, which has
            nothing to fall back to.
        wanted: The run's folder; None: of the runs named `name` that saved any, the one of the
            highest number, whatever the files' dates.

    Returns:
        None at all where the run was killed before it saved any: it begins again.

    Raises:
        TrainingError: There is none, or the state asked for is of another run.
    """
    if resume != "latest":
        return [_named_state(Path(resume).resolve(), wanted)]
    folders = [wanted] if wanted else _runs_named(name)
    found = [states for folder in folders if (states := list_states(folder / "state"))]
    if not found and any(map(_has_just_begun, folders)):
        return []
    if not found:
        places = ", ".join(str(folder) for folder in folders) or str(RUNS / name)
        raise TrainingError(
            f"There is nothing to resume in {places}: no state was saved there. "
            "Name the run's folder with --run-folder, or leave out --resume to start anew."
        )
    return found[-1]


def find_begun(wanted: Path | None, name: str) -> Path | None:
    """Find the folder of a run that was killed before it saved anything."""
    begun = [f for f in ([wanted] if wanted else _runs_named(name)) if _has_just_begun(f)]
    return begun[-1] if begun else wanted


def _named_state(state: Path, wanted: Path | None) -> Path:
    is_named = NAME.fullmatch(state.name) and state.parent.name == "state"
    if not is_named or not (state / POSITION_FILE).is_file():
        raise TrainingError(
            f"{state}: is no saved state of a run, as {RUNS}/x/state/step_00000500 is. Name one (a "
            "copy must be moved back first), or say --resume latest."
        )
    if wanted is not None and wanted.resolve() != state.parents[1]:
        raise TrainingError(
            f"{state}: belongs to the run in {state.parents[1]}, not in {wanted}. "
            "Leave out --run-folder: a resumed run goes on where it is."
        )
    return state


def _runs_named(name: str) -> list[Path]:
    """List the folders of a recipe's runs by number; `name-big` is a run of another recipe."""
    numbered = re.compile(rf"{re.escape(name)}(?:-(\d+))?")
    found = RUNS.iterdir() if RUNS.is_dir() else iter(())
    runs = [(match, folder) for folder in found if (match := numbered.fullmatch(folder.name))]
    return [folder for _, folder in sorted(runs, key=lambda run: int(run[0][1] or 1))]
