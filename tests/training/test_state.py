from pathlib import Path

import pytest
import torch

from translate.errors import TrainingError
from translate.training.state import Facts, Position, list_states, load_state, save_state

FACTS: Facts = {"processes": 1, "training photos": "abc"}


def save(folder: Path, step: int) -> Path:
    shared = {"networks": {"g": {"weight": torch.arange(3.0)}}}
    own = {"random": torch.get_rng_state()}
    return save_state(folder, Position(2, 5, step), FACTS, shared, own)


def test_a_state_comes_back_as_it_was(tmp_path: Path) -> None:
    progress, shared, own = load_state(save(tmp_path, 40), FACTS)

    assert progress == Position(epoch=2, batch=5, step=40)
    assert torch.equal(shared["networks"]["g"]["weight"], torch.arange(3.0))
    assert torch.equal(own["random"], torch.get_rng_state())


def test_the_newest_two_states_are_kept(tmp_path: Path) -> None:
    for step in (5, 100, 20_000):
        save(tmp_path, step)

    assert [state.name for state in list_states(tmp_path)] == ["step_00000100", "step_00020000"]
    assert not list(tmp_path.glob(".*"))


def test_a_state_that_was_not_finished_is_no_state(tmp_path: Path) -> None:
    (tmp_path / ".step_00000007.tmp").mkdir()

    assert list_states(tmp_path) == []


@pytest.mark.parametrize("process", [0, 1])
def test_a_state_of_other_processes_or_photos_is_refused_by_all(
    tmp_path: Path, process: int
) -> None:
    state = save(tmp_path, 1)

    with pytest.raises(TrainingError, match="processes: was 1, is now 2"):
        load_state(state, {**FACTS, "processes": 2}, process)
    with pytest.raises(TrainingError, match="training photos: was abc, is now xyz"):
        load_state(state, {**FACTS, "training photos": "xyz"}, process)


def test_a_missing_part_is_damage(tmp_path: Path) -> None:
    state = save(tmp_path, 1)
    (state / "process_0.pt").unlink()

    with pytest.raises(TrainingError, match=r"damaged.*process_0\.pt"):
        load_state(state, FACTS)


@pytest.mark.parametrize("content", [b"", b"PK\x03\x04 cut short", b"not a state"])
def test_a_damaged_state_is_refused(tmp_path: Path, content: bytes) -> None:
    state = save(tmp_path, 1)
    (state / "shared.pt").write_bytes(content)

    with pytest.raises(TrainingError, match="damaged"):
        load_state(state, FACTS)


def test_a_state_that_would_run_code_is_refused(tmp_path: Path) -> None:
    state = save(tmp_path, 1)
    torch.save({"run": print}, state / "shared.pt")

    with pytest.raises(TrainingError, match="damaged"):
        load_state(state, FACTS)
