"""When a run saves what it needs to go on."""

import time
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
import torch
from torch.utils.data import Dataset

from tests.toys import NoisePairs
from tests.trainer_toys import (
    last_state,
    make_trainer,
    press_ctrl_c_during,
    resumed,
    run_differences,
)
from translate.data import Draw
from translate.images import Pair
from translate.training import keeper
from translate.training.state import Position
from translate.training.stepper import Stepper


@pytest.fixture
def saved(monkeypatch: pytest.MonkeyPatch) -> list[int]:
    """The steps at which a run saves."""
    steps: list[int] = []
    save_state = keeper.save_state

    def noted(folder: Path, at: Position, *given: Any) -> Path:
        steps.append(at.step)
        return save_state(folder, at, *given)

    monkeypatch.setattr(keeper, "save_state", noted)
    return steps


def before_each_step(monkeypatch: pytest.MonkeyPatch, act: Callable[[], object]) -> None:
    step = Stepper.step
    monkeypatch.setattr(Stepper, "step", lambda self, *given: (act(), step(self, *given))[1])


def test_a_run_saves_when_it_begins_every_so_many_steps_and_when_it_ends(
    tmp_path: Path, saved: list[int]
) -> None:
    make_trainer(tmp_path, save_every_steps=3).train()

    assert saved == [0, 3, 6, 8]


def test_a_run_saves_every_so_many_minutes_of_a_clock_that_nobody_can_set(
    tmp_path: Path, saved: list[int], monkeypatch: pytest.MonkeyPatch
) -> None:
    seconds, date = 0.0, 1.7e9

    def go_on_and_jump() -> None:
        nonlocal seconds, date
        seconds += 25
        date += 1e8 if date < 1.75e9 else -1.5e8

    monkeypatch.setattr(time, "monotonic", lambda: seconds)
    monkeypatch.setattr(time, "time", lambda: date)
    before_each_step(monkeypatch, go_on_and_jump)

    make_trainer(tmp_path, save_every_minutes=1).train()

    assert saved == [0, 3, 6, 8]  # 75 seconds apart, and at the end


def test_a_clock_that_ticks_more_slowly_than_steps_are_taken_stops_no_run(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """On Windows the monotonic clock ticks 64 times a second."""
    monkeypatch.setattr(time, "monotonic", lambda: 1.0)

    assert make_trainer(tmp_path, log_every_steps=1).train()


def test_a_run_without_clock_and_steps_saves_when_it_begins_and_ends(
    tmp_path: Path, saved: list[int]
) -> None:
    make_trainer(tmp_path, save_every_minutes=None).train()

    assert saved == [0, 8]


class OneBroken(Dataset[Pair]):
    """Noise, but for one item that is not finite."""

    def __init__(self, epoch: int, index: int) -> None:
        self.broken = Draw(epoch, index)

    def __len__(self) -> int:
        return 8

    def __getitem__(self, draw: Draw) -> Pair:
        pair = NoisePairs()[draw]
        return Pair(pair.a * torch.nan, pair.b) if draw == self.broken else pair


def test_a_state_that_has_just_skipped_an_update_waits_for_the_next_good_one(
    tmp_path: Path, saved: list[int]
) -> None:
    order = list(make_trainer(tmp_path).order)
    photos = OneBroken(0, order[1][0].index)  # seen in step 2

    make_trainer(tmp_path, train=photos, save_every_steps=2).train()

    assert saved == [0, 3, 4, 6, 8]


def test_a_resumed_run_does_not_say_twice_that_updates_were_skipped(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Streaks of skipped updates are remembered too."""
    straight, stopped = tmp_path / "straight", tmp_path / "stopped"
    photos = OneBroken(0, list(make_trainer(straight).order)[1][0].index)
    assert make_trainer(straight, train=photos).train()
    with monkeypatch.context() as patched:
        press_ctrl_c_during(patched, 2)
        assert not make_trainer(stopped, train=photos).train()
    assert last_state(stopped)["stepper"]["learners"]["generators"]["streak"] == 1

    assert resumed(stopped, train=photos).train()

    assert run_differences(straight, stopped) == []
