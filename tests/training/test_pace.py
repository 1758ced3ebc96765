import time

import pytest

from translate.training.pace import SavingPace


class Clock:
    """Monotonic time that passes when told to, and a date that anyone may set."""

    def __init__(self, monkeypatch: pytest.MonkeyPatch) -> None:
        self.seconds = 1000.0
        self.date = 1.7e9
        monkeypatch.setattr(time, "monotonic", lambda: self.seconds)
        monkeypatch.setattr(time, "time", lambda: self.date)


@pytest.fixture
def clock(monkeypatch: pytest.MonkeyPatch) -> Clock:
    return Clock(monkeypatch)


def test_it_is_time_after_so_many_minutes_and_then_anew(clock: Clock) -> None:
    pace = SavingPace(minutes=2, steps=None)
    due = []
    for step in range(1, 9):
        clock.seconds += 50
        due.append(pace.is_due(step))

    # 100 s are not enough, 150 are; the next 120 then begin at 150.
    assert due == [False, False, True, False, False, True, False, False]


@pytest.mark.usefixtures("clock")
def test_it_is_time_every_so_many_steps() -> None:
    pace = SavingPace(minutes=None, steps=3)

    assert [step for step in range(1, 10) if pace.is_due(step)] == [3, 6, 9]


def test_saving_by_steps_lets_the_minutes_begin_anew(clock: Clock) -> None:
    pace = SavingPace(minutes=1, steps=4)
    due = []
    for step in range(1, 9):
        clock.seconds += 25
        due.append(pace.is_due(step))

    assert due == [False, False, True, True, False, False, True, True]


def test_without_minutes_and_steps_it_is_never_time(clock: Clock) -> None:
    pace = SavingPace(None, None)
    clock.seconds += 1e9

    assert not any(pace.is_due(step) for step in range(1, 100))


def test_a_date_that_jumps_changes_nothing(clock: Clock) -> None:
    pace = SavingPace(minutes=1, steps=None)
    due = []
    for step, jump in enumerate((1e8, -2e8, 1e9, -1e9, 0)):
        clock.date += jump
        clock.seconds += 25
        due.append(pace.is_due(step))

    assert due == [False, False, True, False, False]
