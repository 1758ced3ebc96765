"""Killed or stopped at any instant, a run that goes on ends as one that never stopped."""

import os
import signal
import time
from collections.abc import Iterator
from dataclasses import replace
from functools import partial
from pathlib import Path
from typing import Any, NamedTuple

import pytest

from tests.killing_toys import Moment, killed_at, moments_of
from tests.trainer_toys import (
    BATCH_NORM,
    DROPOUT,
    PIX2PIX,
    during,
    journal,
    last_state,
    make_trainer,
    press_ctrl_c_during,
    resumed,
    run_differences,
)
from translate.bundle import Bundle, mend_bundle, save_bundle
from translate.training import watch
from translate.training.health import LIMITS, Health
from translate.training.state import list_states
from translate.training.trainer import Trainer

# A discriminator that is a little better or worse than chance is sick, line after line.
SENSITIVE = replace(LIMITS, grace_steps=0, least_steps=0, judge_lines=2, losing_accuracy=0.5)
EVERYTHING: dict[str, Any] = {
    "method": DROPOUT | {"pool_size": 3, "augment": ["colour", "cutout"], "penalty_weight": 1.0},
    "photos": 6,
    "epochs": 3,
    "save_every_steps": 2,
    "sample_every_epochs": 2,
    "validate_every_epochs": 1,
    "measure": "l1",
}
OTHERS: dict[str, dict[str, Any]] = {
    "accumulated": {"accumulate_steps": 2, "log_every_steps": 1},
    "batch norm": {"method": BATCH_NORM},
    "pix2pix": {"method": PIX2PIX, "side_px": 64, "validate_every_epochs": None},
    "readers": {"workers": 1},
    "no averages, rare saves": {"average_decay": None, "save_every_steps": 5},
}


@pytest.fixture(scope="module", autouse=True)
def _alarms_come_soon() -> Iterator[None]:
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(watch, "Health", lambda: Health(SENSITIVE))
        yield


def publish(trainer: Trainer) -> None:
    generators = trainer.stepper.averages.networks
    made: Any = {way: generators[name] for way, name in trainer.method.exports.items()}
    bundle = Bundle("any", trainer.data.domains, made, training_side_px=16)
    save_bundle(bundle, trainer.folder / "bundle_best")


def go_on(folder: Path, **settings: Any) -> Trainer:
    """What a door does with --resume latest, as far as it matters here."""
    mend_bundle(folder / "bundle_best")
    return resumed(folder, publish=publish, **EVERYTHING | settings)


class Straight(NamedTuple):
    """A run that nobody disturbed, and the moments at which it might have been killed."""

    folder: Path
    moments: list[Moment]


@pytest.fixture(scope="module")
def straight(tmp_path_factory: pytest.TempPathFactory) -> Straight:
    folder = tmp_path_factory.mktemp("straight")
    return Straight(folder, moments_of(partial(go_on, folder)))


def test_the_straight_run_has_something_to_lose(straight: Straight) -> None:
    """Or the tests below would prove nothing."""
    lines = journal(straight.folder)
    assert [line["step"] for line in lines if "alarm" in line] == [4, 4]
    assert [line["step"] for line in lines if "validation" in line] == [3, 6, 9]
    assert [line["step"] for line in lines if "learning_rate" in line] == [2, 4, 6, 8, 9]
    state = last_state(straight.folder)
    assert len(state["stepper"]["method"]["pool_a"]["images"]) == 3
    assert state["best"]["epoch"] is not None
    assert state["watch"]["spells"]
    assert (straight.folder / "bundle_best" / "model.json").exists()
    assert len(straight.moments) > 80


def test_a_run_that_is_killed_again_and_again_ends_as_one_that_was_not(
    tmp_path: Path, straight: Straight
) -> None:
    for moment in straight.moments[1::6]:
        assert killed_at(moment, partial(go_on, tmp_path)), f"was not reached: {moment}"

    assert go_on(tmp_path).train()

    assert run_differences(straight.folder, tmp_path) == []


@pytest.mark.slow
def test_killed_at_any_one_moment_a_run_ends_as_one_that_was_not(
    tmp_path: Path, straight: Straight
) -> None:
    for number, moment in enumerate(straight.moments[::2]):
        killed = tmp_path / str(number)
        assert killed_at(moment, partial(go_on, killed)), f"was not reached: {moment}"
        assert go_on(killed).train()
        assert run_differences(straight.folder, killed) == [], f"killed {moment}"


@pytest.mark.slow
@pytest.mark.parametrize("settings", OTHERS.values(), ids=OTHERS)
def test_runs_of_other_kinds_survive_being_killed_again_and_again(
    tmp_path: Path, settings: dict[str, Any]
) -> None:
    straight, killed = tmp_path / "straight", tmp_path / "killed"
    for moment in moments_of(partial(go_on, straight, **settings))[::2]:
        assert killed_at(moment, partial(go_on, killed, **settings)), f"not reached: {moment}"

    assert go_on(killed, **settings).train()

    assert run_differences(straight, killed) == []


def test_a_run_that_is_stopped_at_every_step_ends_as_one_that_was_not(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, straight: Straight
) -> None:
    stopped = tmp_path / "run"
    for step in range(1, 10):
        with monkeypatch.context() as patched:
            press_ctrl_c_during(patched, 1)
            run = go_on(stopped)
            assert not run.train()
            assert run.at.step == step
    assert go_on(stopped).train()

    assert run_differences(straight.folder, stopped) == []


@pytest.mark.slow
def test_a_stop_waits_for_gradients_that_have_come_together_to_be_learned_from(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    straight, stopped = tmp_path / "straight", tmp_path / "stopped"
    chosen = {"photos": 10, "accumulate_steps": 3, "validate_every_epochs": None}
    assert go_on(straight, **chosen).train()
    with monkeypatch.context() as patched:
        press_ctrl_c_during(patched, 7)  # steps 6, 7 and 8 make up an update
        run = go_on(stopped, **chosen)
        assert not run.train()
        assert run.at.step == 8

    assert go_on(stopped, **chosen).train()

    assert run_differences(straight, stopped) == []


def test_sigterm_stops_a_run_in_order_too(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    during(monkeypatch, 3, lambda: os.kill(os.getpid(), signal.SIGTERM))

    assert not make_trainer(tmp_path).train()

    assert list_states(tmp_path / "state")[-1].name == "step_00000003"


def test_a_second_ctrl_c_stops_at_once_and_what_was_saved_stays(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, straight: Straight
) -> None:
    stopped = tmp_path / "run"

    def press_twice() -> None:
        os.kill(os.getpid(), signal.SIGINT)
        os.kill(os.getpid(), signal.SIGINT)

    with monkeypatch.context() as patched:
        during(patched, 6, press_twice)
        with pytest.raises(KeyboardInterrupt):
            go_on(stopped).train()

    assert list_states(stopped / "state")[-1].name == "step_00000004"
    assert go_on(stopped).train()
    assert run_differences(straight.folder, stopped) == []


def test_a_date_that_jumps_changes_nothing_about_a_run(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, straight: Straight
) -> None:
    jumping = tmp_path / "run"
    dates = iter([1e9, 2e9, 3e8, 4e9] * 1000)
    monkeypatch.setattr(time, "time", lambda: next(dates))
    with monkeypatch.context() as patched:
        press_ctrl_c_during(patched, 5)
        assert not go_on(jumping).train()
    for state in list_states(jumping / "state"):
        os.utime(state, (1e9 - int(state.name[-1]), 1e9 - int(state.name[-1])))  # newest: oldest

    assert go_on(jumping).train()

    assert run_differences(straight.folder, jumping) == []


def test_going_on_from_an_earlier_state_leaves_one_consistent_run(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, straight: Straight
) -> None:
    """It is stopped before it reaches the later state, and goes on from the latest."""
    back = tmp_path / "run"
    with monkeypatch.context() as patched:
        press_ctrl_c_during(patched, 8)
        assert not go_on(back).train()
    earlier = list_states(back / "state")[-2]
    assert earlier.name == "step_00000006"
    again = make_trainer(back, publish=publish, **EVERYTHING)
    again.resume([earlier])
    with monkeypatch.context() as patched:
        press_ctrl_c_during(patched, 1)
        assert not again.train()

    latest = go_on(back)

    assert latest.at.step == 7
    assert latest.train()
    assert run_differences(straight.folder, back) == []
