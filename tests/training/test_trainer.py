import os
import signal
from pathlib import Path
from typing import Any

import pytest
from torch import Tensor

from tests.toys import NoisePairs, noise, tiny_cyclegan, tiny_training
from translate.errors import DataError
from translate.images import Pair
from translate.phase import Scalars
from translate.training.devices import make_accelerator
from translate.training.journal import read_journal
from translate.training.state import list_states
from translate.training.stepper import Stepper
from translate.training.trainer import Trainer

SAMPLES = Pair(noise(2, 3, 20, 20), noise(2, 3, 20, 20, seed=1))


def trainer(folder: Path, photos: int = 8, **settings: Any) -> Trainer:
    folder.mkdir(exist_ok=True)
    domains = {"a": "summer", "b": "winter"}
    chosen = tiny_training(**settings)
    accelerator = make_accelerator(chosen)
    return Trainer(
        tiny_cyclegan(), NoisePairs(photos), SAMPLES, domains, chosen, accelerator, folder
    )


def weights(trainer: Trainer) -> dict[str, Tensor]:
    return {
        f"{name}.{key}": value
        for name, network in trainer.stepper.trained.items()
        for key, value in network.state_dict().items()
    }


def stop_at(monkeypatch: pytest.MonkeyPatch, steps: int) -> None:
    """Press Ctrl-C during a step."""
    taken = 0
    step = Stepper.step

    def counted(self: Stepper, pair: Pair) -> Scalars:
        nonlocal taken
        taken += 1
        if taken == steps:
            os.kill(os.getpid(), signal.SIGINT)
        return step(self, pair)

    monkeypatch.setattr(Stepper, "step", counted)


def test_a_run_leaves_journal_grids_and_state(tmp_path: Path) -> None:
    assert trainer(tmp_path, epochs=3, sample_every_epochs=2, save_every_epochs=1).train()

    lines = read_journal(tmp_path / "journal.jsonl")
    assert [line["step"] for line in lines] == [2, 4, 6, 8, 10, 12]
    assert [line["epoch"] for line in lines] == [0, 0, 1, 1, 2, 2]
    assert lines[-1]["learning_rate"] == pytest.approx(2e-4 / 2)
    assert {"images_per_second", "discriminators/accuracy_real_a"} <= lines[0].keys()
    grids = sorted(file.name for file in (tmp_path / "samples").iterdir())
    assert grids == ["epoch_0000.png", "epoch_0002.png", "epoch_0003.png"]
    states = [state.name for state in list_states(tmp_path / "state")]
    assert states == ["step_00000008", "step_00000012"]


def test_stopped_and_resumed_ends_bit_equal_to_never_stopped(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    straight = trainer(tmp_path / "straight")
    assert straight.train()
    with monkeypatch.context() as patched:
        stop_at(patched, steps=3)
        assert not trainer(tmp_path / "stopped").train()

    resumed = trainer(tmp_path / "stopped")
    (state,) = list_states(tmp_path / "stopped" / "state")
    resumed.resume(state)
    assert state.name == "step_00000003"
    assert resumed.train()

    assert all(value.equal(weights(straight)[key]) for key, value in weights(resumed).items())
    steps = [line["step"] for line in read_journal(tmp_path / "stopped" / "journal.jsonl")]
    assert steps == [2, 4, 6, 8]


def test_two_readers_give_the_run_of_none(tmp_path: Path) -> None:
    alone, helped = trainer(tmp_path / "a"), trainer(tmp_path / "b", workers=2)

    alone.train()
    helped.train()

    assert all(value.equal(weights(alone)[key]) for key, value in weights(helped).items())


def test_training_may_run_longer_than_one_batch_of_gradients(tmp_path: Path) -> None:
    run = trainer(tmp_path, accumulate_steps=2)

    assert run.train()
    assert run.at.step == 8


def test_a_set_smaller_than_a_batch_is_refused(tmp_path: Path) -> None:
    with pytest.raises(DataError, match=r"3 training photos do not fill one batch of 4"):
        trainer(tmp_path, photos=3, batch_size=4)
