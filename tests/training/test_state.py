from pathlib import Path

import pytest
import torch

from translate.errors import TrainingError
from translate.training.state import Progress, list_states, load_state, save_state


def save(folder: Path, step: int) -> Path:
    shared = {"networks": {"g": {"weight": torch.arange(3.0)}}}
    return save_state(folder, Progress(2, 5, step), shared, {"random": torch.get_rng_state()})


def test_a_state_comes_back_as_it_was(tmp_path: Path) -> None:
    progress, shared, own = load_state(save(tmp_path, 40))

    assert progress == Progress(epoch=2, batch=5, step=40)
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


def test_a_state_of_fewer_processes_is_refused(tmp_path: Path) -> None:
    state = save(tmp_path, 1)

    with pytest.raises(TrainingError, match=r"process_1\.pt: missing.*as many processes"):
        load_state(state, process=1)


@pytest.mark.parametrize("content", [b"", b"PK\x03\x04 cut short", b"not a state"])
def test_a_damaged_state_is_refused(tmp_path: Path, content: bytes) -> None:
    state = save(tmp_path, 1)
    (state / "shared.pt").write_bytes(content)

    with pytest.raises(TrainingError, match="damaged"):
        load_state(state)


def test_a_state_that_would_run_code_is_refused(tmp_path: Path) -> None:
    state = save(tmp_path, 1)
    torch.save({"run": print}, state / "shared.pt")

    with pytest.raises(TrainingError, match="damaged"):
        load_state(state)
