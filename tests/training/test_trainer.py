import os
import signal
import time
from pathlib import Path
from typing import Any

import pytest
from accelerate.state import AcceleratorState, GradientState
from torch import Tensor

from tests.toys import (
    NoisePairs,
    noise,
    noise_splits,
    tiny_cyclegan,
    tiny_pix2pix,
    tiny_training,
)
from translate.errors import DataError, TrainingError
from translate.images import Pair
from translate.phase import Scalars
from translate.training.devices import make_accelerator
from translate.training.journal import read_journal
from translate.training.state import list_states
from translate.training.stepper import Stepper
from translate.training.trainer import Trainer


def trainer(
    folder: Path,
    photos: int = 8,
    fingerprint: str = "",
    method: dict[str, Any] | None = None,
    side_px: int = 16,
    **settings: Any,
) -> Trainer:
    """A new run; forget what Accelerate remembers of the one before."""
    AcceleratorState._reset_state(reset_partial_state=True)
    GradientState._reset_state()
    folder.mkdir(exist_ok=True)
    chosen = tiny_training(**settings)
    accelerator = make_accelerator(chosen)
    data = noise_splits(NoisePairs(photos, side_px), side_px, fingerprint)
    larger = (2, 3, 2 * side_px, 2 * side_px)
    samples = Pair(noise(*larger), noise(*larger, seed=1))
    method = method or {}
    made = (tiny_pix2pix if method.get("name") == "pix2pix" else tiny_cyclegan)(**method)
    return Trainer(made, data, samples, chosen, accelerator, folder)


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

    def counted(self: Stepper, pair: Pair, ends_epoch: bool = False) -> Scalars:
        nonlocal taken
        taken += 1
        if taken == steps:
            os.kill(os.getpid(), signal.SIGINT)
        return step(self, pair, ends_epoch)

    monkeypatch.setattr(Stepper, "step", counted)


def test_a_run_leaves_journal_grids_and_state(tmp_path: Path) -> None:
    assert trainer(tmp_path, epochs=3, sample_every_epochs=2, save_every_steps=4).train()

    lines = read_journal(tmp_path / "journal.jsonl")
    assert [line["step"] for line in lines] == [2, 4, 6, 8, 10, 12]
    assert [line["epoch"] for line in lines] == [0, 0, 1, 1, 2, 2]
    assert lines[-1]["learning_rate"] == pytest.approx(2e-4 / 2)
    assert {"images_per_second", "discriminators/accuracy_real_a"} <= lines[0].keys()
    grids = sorted(file.name for file in (tmp_path / "samples").iterdir())
    assert grids == ["epoch_0000.png", "epoch_0002.png", "epoch_0003.png"]
    states = [state.name for state in list_states(tmp_path / "state")]
    assert states == ["step_00000008", "step_00000012"]


RESNET = {"name": "resnet", "base_channels": 4, "blocks": 1}
DROPOUT = {"generator": RESNET | {"dropout": True}}
BATCH_NORM = {"generator": RESNET | {"norm": "batch"}}
PIX2PIX = {  # the shallowest U-Net with dropout
    "name": "pix2pix",
    "generator": {"name": "unet", "base_channels": 2, "depth": 6},
}


@pytest.mark.parametrize(
    ("steps", "settings"),
    [
        (3, {}),
        (4, {}),  # the end of an epoch
        (5, {"workers": 1}),
        (3, {"method": DROPOUT}),
        (3, {"method": BATCH_NORM, "clip_norm": 0.1}),
        (3, {"photos": 6, "accumulate_steps": 2}),  # 3 steps an epoch: 2 updates
        (3, {"method": PIX2PIX, "side_px": 64}),
    ],
    ids=["inside", "between", "workers", "dropout", "batch norm", "accumulated", "pix2pix"],
)
def test_stopped_and_resumed_ends_bit_equal_to_never_stopped(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, steps: int, settings: dict[str, Any]
) -> None:
    straight = trainer(tmp_path / "straight", **settings)
    assert straight.train()
    with monkeypatch.context() as patched:
        stop_at(patched, steps)
        assert not trainer(tmp_path / "stopped", **settings).train()

    resumed = trainer(tmp_path / "stopped", **settings)
    resumed.resume(list_states(tmp_path / "stopped" / "state"))
    assert resumed.at.step == steps
    assert resumed.train()

    assert all(value.equal(weights(straight)[key]) for key, value in weights(resumed).items())
    for line, other in zip(
        journal(tmp_path / "straight"), journal(tmp_path / "stopped"), strict=True
    ):
        assert line == other


def journal(folder: Path) -> list[dict[str, Any]]:
    """All lines of a run, but for how fast it was."""
    lines = read_journal(folder / "journal.jsonl")
    return [{k: v for k, v in line.items() if k != "images_per_second"} for line in lines]


def test_a_finished_run_can_be_resumed_and_adds_nothing(tmp_path: Path) -> None:
    trainer(tmp_path, log_every_steps=3).train()
    before = journal(tmp_path)

    again = trainer(tmp_path, log_every_steps=3)
    again.resume(list_states(tmp_path / "state"))

    assert again.train()
    assert journal(tmp_path) == before


def test_the_speed_in_the_journal_is_that_of_training_alone(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(Trainer, "draw_samples", lambda self: time.sleep(0.5))

    trainer(tmp_path, epochs=1, decay_epochs=0, log_every_steps=3).train()

    assert min(line["images_per_second"] for line in read_journal(tmp_path / "journal.jsonl")) > 5


@pytest.mark.slow
@pytest.mark.parametrize("method", [{}, PIX2PIX], ids=["cyclegan", "pix2pix"])
def test_bf16_runs_end_to_end(tmp_path: Path, method: dict[str, Any]) -> None:
    assert trainer(tmp_path, method=method, side_px=64, precision="bf16").train()


def test_sample_grids_translate_in_the_mode_of_the_run(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    modes: list[str] = []
    draw = "translate.training.trainer.draw_samples"
    monkeypatch.setattr(draw, lambda *given: modes.append(given[-1]))

    trainer(tmp_path, epochs=1, decay_epochs=0, inference_mode="eval").train()

    assert modes == ["eval", "eval"]  # before the first step, and after the last


def test_the_last_steps_of_a_run_are_in_the_journal(tmp_path: Path) -> None:
    trainer(tmp_path, epochs=1, decay_epochs=0, log_every_steps=3).train()

    assert [line["step"] for line in journal(tmp_path)] == [3, 4]


def test_every_epoch_ends_with_an_update_however_few_gradients_there_are(tmp_path: Path) -> None:
    run = trainer(tmp_path, epochs=1, decay_epochs=0, accumulate_steps=50)
    before = {key: value.clone() for key, value in weights(run).items()}

    run.train()

    assert any(not value.equal(before[key]) for key, value in weights(run).items())


def test_other_photos_are_refused_on_resume(tmp_path: Path) -> None:
    trainer(tmp_path, fingerprint="these").train()

    with pytest.raises(TrainingError, match="training photos: was these, is now those"):
        trainer(tmp_path, fingerprint="those").resume(list_states(tmp_path / "state"))


def test_other_networks_are_refused_on_resume(tmp_path: Path) -> None:
    trainer(tmp_path).train()

    with pytest.raises(TrainingError, match="does not fit this run"):
        trainer(tmp_path, method=BATCH_NORM).resume(list_states(tmp_path / "state"))


def test_two_readers_give_the_run_of_none(tmp_path: Path) -> None:
    alone = trainer(tmp_path / "a", method=DROPOUT)
    alone.train()
    helped = trainer(tmp_path / "b", method=DROPOUT, workers=2)
    helped.train()

    assert all(value.equal(weights(alone)[key]) for key, value in weights(helped).items())


def test_training_may_run_longer_than_one_batch_of_gradients(tmp_path: Path) -> None:
    run = trainer(tmp_path, accumulate_steps=2)

    assert run.train()
    assert run.at.step == 8


def test_a_set_smaller_than_a_batch_is_refused(tmp_path: Path) -> None:
    with pytest.raises(DataError, match=r"3 training photos do not fill one batch of 4"):
        trainer(tmp_path, photos=3, batch_size=4)
