import errno
import multiprocessing
import os
import shutil
import threading
from pathlib import Path

import pytest

from translate.errors import TrainingError
from translate.training import run_folder
from translate.training.run_folder import find_begun, find_states, locked, new_run_folder, writing
from translate.training.state import Position, save_state


def saved(folder: Path, position: Position) -> Path:
    """Save an empty state in the folder of a run."""
    folder.parent.mkdir(parents=True, exist_ok=True)
    return save_state(folder, position, {}, {})


@pytest.fixture(autouse=True)
def _work_in_an_empty_folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)


def test_runs_of_one_name_are_numbered() -> None:
    folders = [new_run_folder(None, "sample") for _ in range(3)]

    assert [f.as_posix() for f in folders] == ["runs/sample", "runs/sample-2", "runs/sample-3"]
    assert all(folder.is_dir() for folder in folders)


def test_a_folder_asked_for_is_taken_if_empty_and_refused_if_not() -> None:
    wanted = Path("mine")

    assert new_run_folder(wanted, "sample") == new_run_folder(wanted, "sample") == wanted
    (wanted / "journal.jsonl").touch()
    with pytest.raises(TrainingError, match=r"mine: already holds something.*--resume latest"):
        new_run_folder(wanted, "sample")


def test_a_folder_that_cannot_be_made_is_refused() -> None:
    Path("file").touch()

    with pytest.raises(TrainingError, match="cannot be made"):
        new_run_folder(Path("file") / "run", "sample")


def test_a_place_for_runs_that_leads_nowhere_is_refused() -> None:
    Path("runs").symlink_to("gone")

    with pytest.raises(TrainingError, match="cannot be made"):
        new_run_folder(None, "sample")


def test_latest_is_the_state_saved_last_of_all_runs_of_the_name() -> None:
    states = [
        saved(Path(f"runs/sample{number}/state"), Position(step=step))
        for number, step in (("", 900), ("-2", 100), ("-big", 5000))
    ]
    os.utime(states[0], (1, 1))  # and of sample-big, which is no run of sample, nothing

    assert find_states("latest", None, "sample") == [states[1]]
    assert find_states("latest", Path("runs/sample"), "sample") == [states[0]]
    assert find_states(str(states[0]), None, "sample") == [states[0].absolute()]


def test_of_many_runs_of_a_name_the_one_of_the_highest_number_goes_on_whatever_the_dates() -> None:
    states = [
        saved(Path(f"runs/sample{number}/state"), Position(step=1)) for number in ("", "-2", "-10")
    ]
    for age, state in enumerate(states):
        os.utime(state, (1000 - age, 1000 - age))

    assert find_states("latest", None, "sample") == [states[2]]


def test_a_run_that_was_killed_before_it_saved_anything_begins_again() -> None:
    folder = new_run_folder(Path("mine"), "sample")
    (folder / "recipe.yaml").touch()
    (folder / "samples").mkdir()

    assert find_states("latest", folder, "sample") == []
    assert find_begun(folder, "sample") == folder
    assert new_run_folder(folder, "sample") == folder
    saved(folder / "state", Position())
    with pytest.raises(TrainingError, match="already holds something"):
        new_run_folder(folder, "sample")


def test_a_numbered_run_that_was_killed_before_it_saved_anything_is_found_by_name() -> None:
    for _ in range(2):
        (new_run_folder(None, "sample") / "recipe.yaml").touch()

    assert find_states("latest", None, "sample") == []
    assert find_begun(None, "sample") == Path("runs/sample-2")


@pytest.mark.parametrize(
    "error", [OSError(errno.ENOLCK, "No locks available"), NotImplementedError()]
)
def test_a_disk_without_locks_is_told_and_used(
    monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture, error: Exception
) -> None:
    def refuse(*_: object, **__: object) -> None:
        raise error

    monkeypatch.setattr(run_folder.FileLock, "acquire", refuse)

    with locked(new_run_folder(Path("mine"), "sample")):
        pass

    assert "mine: this disk knows no locks" in caplog.text


def test_of_one_run_the_latest_state_is_the_one_of_most_steps() -> None:
    states = [saved(Path("runs/x/state"), Position(step=s)) for s in (5, 40)]
    for state in states:
        os.utime(state, (1, 1))  # copied, so that times say nothing

    assert find_states("latest", None, "x") == states


def test_a_state_is_not_resumed_in_the_folder_of_another_run() -> None:
    state = saved(Path("runs/x/state"), Position(step=5))

    with pytest.raises(TrainingError, match=r"belongs to the run in .*runs/x, not in runs/y"):
        find_states(str(state), Path("runs/y"), "x")


@pytest.mark.parametrize("name", ["state/before the holiday", "state/aside/step_00000005"])
def test_a_state_that_was_moved_must_be_moved_back_first(name: str) -> None:
    state = saved(Path("runs/x/state"), Position(step=5))
    moved = Path("runs/x") / name
    moved.parent.mkdir(exist_ok=True)
    state.rename(moved)

    with pytest.raises(TrainingError, match=r"is no saved state of a run.*moved back first"):
        find_states(str(moved), None, "x")


def test_nothing_to_resume_is_said_with_where_it_was_sought() -> None:
    with pytest.raises(TrainingError, match="nothing to resume in runs/sample"):
        find_states("latest", None, "sample")
    with pytest.raises(TrainingError, match="elsewhere: is no saved state"):
        find_states("elsewhere", None, "sample")


def test_a_second_run_in_a_folder_is_refused(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(run_folder, "PATIENCE_SECONDS", 0.1)
    folder = new_run_folder(Path("mine"), "sample")

    refused = pytest.raises(TrainingError, match="mine: another run is at work in it")
    with locked(folder), refused, locked(folder):
        pass

    with locked(folder):
        pass  # it is free again


def test_a_lock_ends_with_the_process_that_held_it(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(run_folder, "PATIENCE_SECONDS", 5.0)
    folder = new_run_folder(Path("mine"), "sample")
    context = multiprocessing.get_context("fork")
    holds = context.Event()

    def hold() -> None:
        with locked(folder):
            holds.set()
            threading.Event().wait(60)

    holder = context.Process(target=hold)
    holder.start()
    assert holds.wait(20)
    holder.kill()

    with locked(folder):
        pass


def test_a_folder_with_nothing_but_a_lock_is_free_for_a_new_run() -> None:
    folder = new_run_folder(Path("mine"), "sample")
    with locked(folder):
        pass

    assert new_run_folder(folder, "sample") == folder


def test_a_folder_that_is_gone_cannot_be_locked() -> None:
    folder = new_run_folder(Path("mine"), "sample")
    shutil.rmtree(folder)
    Path("mine").touch()

    with pytest.raises(TrainingError, match=r"mine: cannot be written"), locked(folder):
        pass


def test_what_cannot_be_written_is_told_with_the_way_on() -> None:
    with (
        pytest.raises(
            TrainingError, match=r"gone/x: cannot be written \(No such .*--resume latest"
        ),
        writing(Path("gone/x")),
    ):
        Path("gone/x").write_text("")
