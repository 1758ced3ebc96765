import shutil
from pathlib import Path
from typing import Any

import pytest
import torch

from tests.process_toys import pretend_company
from translate.errors import TrainingError
from translate.training.keeper import Keeper
from translate.training.state import DamagedStateError, Facts, Position, list_states

FACTS: Facts = {"photos per step": 2}


class Thing:
    """Remembers a number, as a tensor."""

    def __init__(self, number: float = 0.0) -> None:
        self.number = torch.tensor(number)

    def state_dict(self) -> dict[str, Any]:
        return {"number": self.number}

    def load_state_dict(self, state: dict[str, Any]) -> None:
        self.number = state["number"]


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    return tmp_path / "state"


def keeper(folder: Path, **parts: Thing) -> Keeper:
    return Keeper(folder, parts, FACTS)


def names(folder: Path) -> list[str]:
    return [state.name for state in list_states(folder)]


def saved(folder: Path, *steps: int, sick: tuple[int, ...] = ()) -> list[Path]:
    """Save states of a run whose two parts remember the step and its half."""
    first, second = Thing(), Thing()
    keep = keeper(folder, first=first, second=second)
    for step in steps:
        first.number, second.number = torch.tensor(float(step)), torch.tensor(step / 2)
        keep.save(Position(step=step), is_sick=step in sick)
    return list_states(folder)


def test_all_parts_come_back_together(folder: Path) -> None:
    states = saved(folder, 4)
    first, second = Thing(), Thing()

    at = keeper(folder, first=first, second=second).resume(states)

    assert at == Position(step=4)
    assert (first.number, second.number) == (4, 2)


def test_what_has_just_been_saved_is_not_saved_again(folder: Path) -> None:
    keep = keeper(folder, first=Thing())
    for at in (Position(step=4), Position(step=4), Position(1, 0, 4), Position(1, 0, 4, 1)):
        keep.save(at, is_sick=False)

    assert len(names(folder)) == 2  # three were written, and the newest two are kept
    assert names(folder)[-1] == "step_00000004-2"


def test_nor_is_what_the_run_has_just_gone_on_from(folder: Path) -> None:
    states = saved(folder, 4)
    keep = keeper(folder, first=Thing(), second=Thing())

    keep.save(keep.resume(states), is_sick=False)

    assert names(folder) == ["step_00000004"]


def test_a_run_goes_on_from_the_state_before_a_damaged_one_and_drops_that(
    folder: Path, caplog: pytest.LogCaptureFixture
) -> None:
    """The journal is cut back to the state: one that counts on more of it must not be found."""
    states = saved(folder, 4, 6)
    (states[1] / "state.pt").write_bytes(b"")
    first = Thing()

    at = keeper(folder, first=first).resume(states)

    assert at == Position(step=4)
    assert first.number == 4
    assert "step_00000006: damaged" in caplog.text
    assert names(folder) == ["step_00000004"]


def test_going_on_from_an_earlier_state_sets_the_later_ones_aside(folder: Path) -> None:
    states = saved(folder, 4, 6)

    keeper(folder, first=Thing()).resume(states[:1])

    assert names(folder) == ["step_00000004"]


def test_states_are_left_alone_where_the_run_cannot_go_on(folder: Path) -> None:
    states = saved(folder, 4, 6)

    with pytest.raises(TrainingError, match="photos per step: was 2, is now 3"):
        Keeper(folder, {"first": Thing()}, {"photos per step": 3}).resume(states[:1])
    with pytest.raises(TrainingError, match=r"step_00000004: does not fit this run \('third'\)"):
        keeper(folder, third=Thing()).resume(states[:1])

    assert list_states(folder) == states


def test_where_all_are_damaged_all_are_named(folder: Path) -> None:
    states = saved(folder, 4, 6)
    for state in states:
        (state / "state.pt").unlink()

    with pytest.raises(DamagedStateError, match=r"step_00000006.*\n.*step_00000004"):
        keeper(folder, first=Thing()).resume(states)


def test_going_back_ends_at_the_last_healthy_state(folder: Path) -> None:
    saved(folder, 2, 4, 6, 8, sick=(6, 8))
    first, second = Thing(), Thing(77)

    at = keeper(folder, first=first, second=second).go_back(but={"second"})

    assert at == Position(step=4)
    assert (first.number, second.number) == (4, 77)


def test_going_back_sets_later_states_aside_at_once(folder: Path) -> None:
    saved(folder, 2, 4, 6, 8, sick=(6, 8))

    keeper(folder, first=Thing()).go_back()

    assert names(folder) == ["step_00000004"]


def test_where_no_state_is_healthy_there_is_no_way_back(folder: Path) -> None:
    first = Thing(5)
    keep = keeper(folder, first=first)

    assert keep.go_back() is None
    saved(folder, 2, 4, sick=(2, 4))
    assert keep.go_back() is None
    assert first.number == 5
    assert names(folder) == ["step_00000002", "step_00000004"]


def test_a_folder_that_is_gone_is_told_with_the_way_on(folder: Path) -> None:
    keep = keeper(folder / "deeper", first=Thing())
    shutil.rmtree(folder, ignore_errors=True)

    with pytest.raises(TrainingError, match=r"cannot be written \(No such file.*--resume latest"):
        keep.save(Position(step=1), is_sick=False)


def test_of_several_processes_only_the_first_writes(
    folder: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    pretend_company(monkeypatch, 1)

    keeper(folder, first=Thing()).save(Position(step=4), is_sick=False)

    assert not folder.exists()
