"""Going on with a run: what is refused, what is told, and what comes of it."""

import json
import shutil
from pathlib import Path
from typing import Any

import pytest
import yaml

from tests.killing_toys import die, is_killed
from tests.recipe_toys import eight_steps, go_on, start, whole_states
from tests.trainer_toys import during, press_ctrl_c_during, run_differences
from translate.bundle import load_bundle
from translate.errors import ConfigError, TrainingError
from translate.recipe.run import run
from translate.training import run_folder
from translate.training.run_folder import locked


@pytest.fixture(scope="module")
def straight(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A run of the same recipe that nobody disturbed."""
    return start(tmp_path_factory.mktemp("good"), "run").folder


@pytest.fixture
def home(tmp_path: Path) -> Path:
    return tmp_path


def test_a_second_run_in_the_folder_of_one_at_work_is_refused_and_disturbs_nothing(
    home: Path, straight: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(run_folder, "PATIENCE_SECONDS", 0.1)
    told: list[str] = []

    def start_others() -> None:
        for resume in (None, "latest"):
            with pytest.raises(TrainingError) as refused:
                run(eight_steps(home), home / "bad", resume)
            told.append(str(refused.value))

    during(monkeypatch, 4, start_others)

    assert start(home, "bad").is_finished
    assert told[0].startswith(f"{home / 'bad'}: already holds something. Name a new folder")
    assert told[1].startswith(f"{home / 'bad'}: another run is at work in it. Wait for its end")
    assert run_differences(straight, home / "bad") == []


def test_of_two_runs_started_on_one_new_folder_the_second_is_refused(
    home: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(run_folder, "PATIENCE_SECONDS", 0.1)
    (home / "bad").mkdir()

    with locked(home / "bad"), pytest.raises(TrainingError, match="another run is at work in it"):
        start(home, "bad")

    assert [file.name for file in (home / "bad").iterdir()] == [".lock"]


def test_a_run_that_waited_for_another_to_end_goes_on_from_what_that_saved_last(
    home: Path, straight: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    """Who stops a run and starts it again at once must not go back to a state before the last."""
    for resume, steps in ((None, 3), ("latest", 2)):
        with monkeypatch.context() as patched:
            press_ctrl_c_during(patched, steps)
            assert not start(home, "bad", resume).is_finished
        shutil.copytree(home / "bad", home / f"after {steps}")
    shutil.rmtree(home / "bad")
    shutil.copytree(home / "after 3", home / "bad")

    def other_ends(folder: Path) -> Any:
        shutil.rmtree(folder)
        shutil.copytree(home / "after 2", folder)
        return locked(folder)

    monkeypatch.setattr("translate.recipe.run.locked", other_ends)

    assert go_on(home, "bad").is_finished
    assert "after step 5" in capsys.readouterr().out
    assert run_differences(straight, home / "bad") == []


def test_a_damaged_newest_state_falls_back_to_the_one_before_and_says_so(
    home: Path, straight: Path, monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    with monkeypatch.context() as patched:
        press_ctrl_c_during(patched, 5)
        start(home, "bad")
    newest = whole_states(home)[-1]
    (newest / "state.pt").write_bytes((newest / "state.pt").read_bytes()[:-1])

    assert go_on(home, "bad").is_finished
    assert f"{newest}: damaged (state.pt does not match its SHA-256" in caplog.text
    assert "Going on from the one before: " in caplog.text
    assert run_differences(straight, home / "bad") == []


def test_a_state_of_an_older_version_is_refused_and_left_as_it_is(home: Path) -> None:
    start(home, "bad", epochs=2)
    newest = whole_states(home)[-1]
    about = json.loads((newest / "position.json").read_text())
    (newest / "position.json").write_text(json.dumps(about | {"format": 1, "written_by": "0.0.1"}))
    before = {file: file.read_bytes() for file in (home / "bad").rglob("*") if file.is_file()}

    with pytest.raises(
        TrainingError, match=r"was saved by photo-translate 0\.0\.1 in format 1; this version"
    ):
        go_on(home, "bad")

    after = {file: file.read_bytes() for file in (home / "bad").rglob("*") if file.is_file()}
    assert after == before


def test_other_epochs_are_told_and_noted_in_the_runs_recipe(
    home: Path, caplog: pytest.LogCaptureFixture
) -> None:
    start(home, "bad", epochs=2)
    caplog.clear()

    result = go_on(home, "bad", epochs=3)

    assert "Going on with another training.epochs: was 2, is now 3" in caplog.text
    assert yaml.safe_load((home / "bad" / "recipe.yaml").read_text())["training"]["epochs"] == 3
    assert result.is_finished
    assert whole_states(home)[-1].name == "step_00000006"


def test_what_is_refused_is_not_noted(home: Path) -> None:
    start(home, "bad", epochs=2)
    before = (home / "bad" / "recipe.yaml").read_bytes()

    with pytest.raises(ConfigError, match=r"training\.seed: was 0, is now 1"):
        go_on(home, "bad", epochs=3, seed=1)
    with pytest.raises(TrainingError, match="photos per step: was 2, is now 1"):
        go_on(home, "bad", epochs=3, batch_size=1)

    assert (home / "bad" / "recipe.yaml").read_bytes() == before


def test_a_stopped_run_leaves_its_bundle_and_is_not_evaluated(
    home: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    press_ctrl_c_during(monkeypatch, 3)

    result = start(home, "bad")

    assert not result.is_finished
    assert load_bundle(home / "bad" / "bundle").facts["steps"] == 3
    assert not (home / "bad" / "evaluation.json").exists()


def test_a_run_that_is_killed_before_its_first_step_can_go_on(home: Path, straight: Path) -> None:
    def run_until_killed() -> None:
        with pytest.MonkeyPatch.context() as patch:
            during(patch, 1, die)
            start(home, "bad")

    assert is_killed(run_until_killed)
    assert go_on(home, "bad").is_finished
    assert run_differences(straight, home / "bad") == []
