"""What a sick run does: go on, stop, or go back and learn more slowly."""

import shutil
from collections.abc import Iterator, Mapping
from dataclasses import replace
from functools import partial
from pathlib import Path
from typing import Any

import pytest

from tests.killing_toys import killed_at, moments_of
from tests.trainer_toys import (
    differences,
    during,
    journal,
    last_state,
    make_trainer,
    press_ctrl_c_during,
    resumed,
    run_differences,
)
from translate.errors import SharedError
from translate.training import watch
from translate.training.health import LIMITS, Health
from translate.training.state import list_states
from translate.training.symptoms import Symptom
from translate.training.validating import Validator

RATE = 2e-4
TWELVE_STEPS: dict[str, Any] = {"epochs": 3, "decay_epochs": 0, "save_every_steps": 2}
BACK = TWELVE_STEPS | {"on_alarm": "rollback"}
ACCUMULATED = {"photos": 12, "epochs": 2, "accumulate_steps": 3}  # updates at 3, 6, 9 and 12


class TooFast(Health):
    """A run that is well until step 5, and from then on only if it learns slowly enough.

    With lines at every second step, it looks sick at step 6, and step 8 raises the alarm.
    """

    def __init__(self, bearable_rate: float = 0.7 * RATE) -> None:
        super().__init__(replace(LIMITS, grace_steps=0, least_steps=0, losing_accuracy=-1.0))
        self.bearable_rate = bearable_rate

    def _gradient_symptoms(self, line: Mapping[str, float]) -> Iterator[Symptom]:
        rate = line["learning_rate"]
        is_seen = rate > self.bearable_rate and line["step"] > 5
        yield Symptom("too_fast", is_seen, 2, f"it learns with {rate:g}")


@pytest.fixture(autouse=True)
def _half_the_rate_is_bearable(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(watch, "Health", TooFast)


@pytest.fixture
def _no_rate_is_bearable(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(watch, "Health", lambda: TooFast(0))


def steps_and_rates(folder: Path) -> list[tuple[int, float]]:
    return [(li["step"], li["learning_rate"]) for li in journal(folder) if "learning_rate" in li]


def alarms(folder: Path) -> list[dict[str, Any]]:
    return [line for line in journal(folder) if "alarm" in line]


def names(folder: Path) -> list[str]:
    return [state.name for state in list_states(folder / "state")]


ALARM = {"step": 8, "epoch": 1, "alarm": "too_fast", "says": "it learns with 0.0002"}
GONE_BACK = ALARM | {"step": 4, "rolled_back_from_step": 8}


def test_a_warned_run_goes_on_and_says_so_once_in_journal_and_console(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    assert make_trainer(tmp_path, **TWELVE_STEPS).train()

    assert alarms(tmp_path) == [ALARM]
    assert capsys.readouterr().out.count("alarm: too_fast: it learns with 0.0002\n") == 1
    assert steps_and_rates(tmp_path) == [(step, RATE) for step in range(2, 13, 2)]


def test_a_run_that_is_to_stop_saves_first_and_says_how_to_go_on(tmp_path: Path) -> None:
    with pytest.raises(
        SharedError,
        match=r"^The run was stopped at step 8 by an alarm: too_fast\. .*everything is saved\. "
        r".*--training\.on-alarm warn --resume latest\.$",
    ):
        make_trainer(tmp_path, **TWELVE_STEPS, on_alarm="stop").train()

    assert alarms(tmp_path) == [ALARM]
    assert names(tmp_path)[-1] == "step_00000008"


@pytest.mark.parametrize(
    "settings",
    [pytest.param({}, marks=pytest.mark.slow), ACCUMULATED],
    ids=["plain", "accumulated"],
)
def test_a_stopped_run_that_goes_on_ends_as_one_that_was_only_warned(
    tmp_path: Path, settings: dict[str, Any]
) -> None:
    """An alarm between two updates is obeyed after the next, or its gradients would be lost."""
    warned, stopped = tmp_path / "warned", tmp_path / "stopped"
    chosen = TWELVE_STEPS | settings
    make_trainer(warned, **chosen).train()
    with pytest.raises(SharedError):
        make_trainer(stopped, **chosen, on_alarm="stop").train()

    assert resumed(stopped, **chosen, on_alarm="warn").train()

    assert run_differences(warned, stopped) == []


def test_a_run_goes_back_to_its_last_healthy_state_and_learns_at_half_the_rate(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    run = make_trainer(tmp_path, **BACK)

    assert run.train()

    assert run.at.rollbacks == 1
    rates = [RATE if step <= 4 else RATE / 2 for step in range(2, 13, 2)]
    assert steps_and_rates(tmp_path) == list(zip(range(2, 13, 2), rates, strict=True))
    assert alarms(tmp_path) == [GONE_BACK]
    said = capsys.readouterr().out
    assert said.count("alarm: too_fast: it learns with 0.0002\n") == 1
    assert said.count("going back from step 8 to 4, at half the rate\n") == 1


@pytest.mark.parametrize(
    ("healthy", "settings"),
    [pytest.param(4, {}, marks=pytest.mark.slow), (3, ACCUMULATED)],
    ids=["plain", "accumulated"],
)
def test_what_was_learned_after_that_state_is_forgotten(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, healthy: int, settings: dict[str, Any]
) -> None:
    """It ends as a run that had stopped there, and went on with the half of its rate."""
    back, stopped = tmp_path / "back", tmp_path / "stopped"
    make_trainer(back, **BACK | settings).train()
    with monkeypatch.context() as patched:
        press_ctrl_c_during(patched, healthy)
        make_trainer(stopped, **BACK | settings).train()
    slower = resumed(stopped, **BACK | settings)
    assert slower.at.step == healthy
    slower.at = replace(slower.at, rollbacks=1)
    slower.train()

    one, other = last_state(back), last_state(stopped)
    assert differences(one["stepper"], other["stepper"], "stepper") == []


def test_states_from_after_the_last_healthy_one_are_dropped(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    press_ctrl_c_during(monkeypatch, 9)  # the first after the rollback, the fifth of its time

    assert not make_trainer(tmp_path, **BACK).train()

    assert names(tmp_path) == ["step_00000004-1", "step_00000005"]


def test_a_resume_after_a_rollback_goes_on_with_half_the_rate(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    straight, stopped = tmp_path / "straight", tmp_path / "stopped"
    make_trainer(straight, **BACK).train()
    with monkeypatch.context() as patched:
        press_ctrl_c_during(patched, 10)
        assert not make_trainer(stopped, **BACK).train()

    assert resumed(stopped, **BACK).train()

    assert steps_and_rates(stopped)[-1] == (12, RATE / 2)
    assert run_differences(straight, stopped) == []


@pytest.mark.usefixtures("_no_rate_is_bearable")
def test_a_run_that_stays_sick_is_given_up_after_so_many_rollbacks(tmp_path: Path) -> None:
    run = make_trainer(tmp_path, **BACK)

    with pytest.raises(SharedError, match="stopped at step 8 by an alarm: too_fast"):
        run.train()

    assert run.at.rollbacks == 3
    rates = [RATE, RATE, RATE / 8, RATE / 8]
    assert steps_and_rates(tmp_path) == list(zip((2, 4, 6, 8), rates, strict=True))
    came_from = [line.get("rolled_back_from_step") for line in alarms(tmp_path)]
    assert came_from == [8, 8, 8, None]


@pytest.mark.usefixtures("_no_rate_is_bearable")
def test_the_rollbacks_of_a_run_are_counted_across_its_resumptions(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """It goes back to step 4 each time; in one process after another it is stopped at step 5."""
    for rollbacks, steps in ((1, 9), (2, 4), (3, 4)):
        with monkeypatch.context() as patched:
            press_ctrl_c_during(patched, steps)
            run = resumed(tmp_path, **BACK)
            assert not run.train()
        assert (run.at.step, run.at.rollbacks) == (5, rollbacks)
        shutil.rmtree(list_states(tmp_path / "state")[-1])  # so that it is 4 that it goes on from

    with pytest.raises(SharedError):
        resumed(tmp_path, **BACK).train()


def test_without_a_healthy_state_a_run_stops(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    during(monkeypatch, 6, lambda: shutil.rmtree(tmp_path / "state"))  # 6 and 8 are sick

    with pytest.raises(SharedError, match="stopped at step 8 by an alarm: too_fast"):
        make_trainer(tmp_path, **BACK).train()

    assert names(tmp_path) == ["step_00000006", "step_00000008"]
    assert steps_and_rates(tmp_path)[-1] == (8, RATE)


def test_before_the_first_regular_state_a_run_goes_back_to_its_beginning(tmp_path: Path) -> None:
    settings = BACK | {"save_every_steps": None, "save_every_minutes": None}

    assert make_trainer(tmp_path, **settings).train()

    assert steps_and_rates(tmp_path) == [(step, RATE / 2) for step in range(2, 13, 2)]
    assert alarms(tmp_path) == [GONE_BACK | {"step": 0, "epoch": 0}]


def test_what_was_the_best_before_a_rollback_stays_the_best(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """For its bundle is still there; here the run goes back to its beginning."""
    values = iter([0.3, 0.5, 0.4, 0.6])
    monkeypatch.setattr(Validator, "__call__", lambda *_: next(values))
    published: list[int] = []
    settings = BACK | {"save_every_steps": None, "validate_every_epochs": 1, "measure": "l1"}

    make_trainer(tmp_path, publish=lambda run: published.append(run.at.step), **settings).train()

    assert published == [4]
    told = [line["is_best"] for line in journal(tmp_path) if "validation" in line]
    assert told == [False, False, False]


def test_killed_on_its_way_back_a_run_goes_back_as_one_that_was_not(tmp_path: Path) -> None:
    straight, killed = tmp_path / "straight", tmp_path / "killed"
    make = partial(resumed, **BACK)
    moments = moments_of(partial(make, straight))
    back = next(i for i, moment in enumerate(moments) if moment.rollbacks == 1)

    for moment in moments[back - 1 : back + 5]:
        assert killed_at(moment, partial(make, killed)), f"was not reached: {moment}"
    assert make(killed).train()

    assert run_differences(straight, killed) == []


@pytest.mark.slow
def test_killed_at_any_one_moment_a_run_goes_back_as_one_that_was_not(tmp_path: Path) -> None:
    straight = tmp_path / "straight"
    make = partial(resumed, **BACK)
    for number, moment in enumerate(moments_of(partial(make, straight))[::3]):
        killed = tmp_path / str(number)
        assert killed_at(moment, partial(make, killed)), f"was not reached: {moment}"
        assert make(killed).train()
        assert run_differences(straight, killed) == [], f"killed {moment}"
