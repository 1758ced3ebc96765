import os
from pathlib import Path

import pytest

from translate.errors import TrainingError
from translate.training.run_folder import find_state, new_run_folder
from translate.training.state import Position, save_state


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
        save_state(Path(f"runs/sample{number}/state"), Position(step=step), {}, {}, {})
        for number, step in (("", 900), ("-2", 100), ("-big", 5000))
    ]
    os.utime(states[0], (1, 1))  # and of sample-big, which is no run of sample, nothing

    assert find_state("latest", None, "sample") == states[1]
    assert find_state("latest", Path("runs/sample"), "sample") == states[0]
    assert find_state(str(states[0]), None, "sample") == states[0].absolute()


def test_of_one_run_the_latest_state_is_the_one_of_most_steps() -> None:
    states = [save_state(Path("runs/x/state"), Position(step=s), {}, {}, {}) for s in (5, 40)]
    for state in states:
        os.utime(state, (1, 1))  # copied, so that times say nothing

    assert find_state("latest", None, "x") == states[1]


def test_a_state_is_not_resumed_in_the_folder_of_another_run() -> None:
    state = save_state(Path("runs/x/state"), Position(step=5), {}, {}, {})

    with pytest.raises(TrainingError, match=r"belongs to the run in .*runs/x, not in runs/y"):
        find_state(str(state), Path("runs/y"), "x")


def test_nothing_to_resume_is_said_with_where_it_was_sought() -> None:
    with pytest.raises(TrainingError, match="nothing to resume in runs/sample"):
        find_state("latest", None, "sample")
    with pytest.raises(TrainingError, match="elsewhere: is no saved state"):
        find_state("elsewhere", None, "sample")
