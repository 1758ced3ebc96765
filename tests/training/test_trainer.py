import time
from pathlib import Path
from typing import Any

import pytest

from tests.trainer_toys import (
    BATCH_NORM,
    DROPOUT,
    PIX2PIX,
    journal,
    make_trainer,
    press_ctrl_c_during,
    weights,
)
from translate.errors import DataError, TrainingError
from translate.training.journal import read_journal
from translate.training.state import list_states
from translate.training.trainer import Trainer


def test_a_run_leaves_journal_grids_and_state(tmp_path: Path) -> None:
    assert make_trainer(tmp_path, epochs=3, sample_every_epochs=2, save_every_steps=4).train()

    lines = read_journal(tmp_path / "journal.jsonl")
    assert [line["step"] for line in lines] == [2, 4, 6, 8, 10, 12]
    assert [line["epoch"] for line in lines] == [0, 0, 1, 1, 2, 2]
    assert lines[-1]["learning_rate"] == pytest.approx(2e-4 / 2)
    assert {"images_per_second", "discriminators/accuracy_real_a"} <= lines[0].keys()
    grids = sorted(file.name for file in (tmp_path / "samples").iterdir())
    drawn = [f"epoch_{epoch:04d}" for epoch in (0, 2, 3)]
    assert grids == [f"{name}{kind}.png" for name in drawn for kind in ("", "_scores")]
    states = [state.name for state in list_states(tmp_path / "state")]
    assert states == ["step_00000008", "step_00000012"]


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
    straight = make_trainer(tmp_path / "straight", **settings)
    assert straight.train()
    with monkeypatch.context() as patched:
        press_ctrl_c_during(patched, steps)
        assert not make_trainer(tmp_path / "stopped", **settings).train()

    resumed = make_trainer(tmp_path / "stopped", **settings)
    resumed.resume(list_states(tmp_path / "stopped" / "state"))
    assert resumed.at.step == steps
    assert resumed.train()

    assert all(value.equal(weights(straight)[key]) for key, value in weights(resumed).items())
    for line, other in zip(
        journal(tmp_path / "straight"), journal(tmp_path / "stopped"), strict=True
    ):
        assert line == other


def test_a_finished_run_can_be_resumed_and_adds_nothing(tmp_path: Path) -> None:
    make_trainer(tmp_path, log_every_steps=3).train()
    before = journal(tmp_path)

    again = make_trainer(tmp_path, log_every_steps=3)
    again.resume(list_states(tmp_path / "state"))

    assert again.train()
    assert journal(tmp_path) == before


def test_the_speed_in_the_journal_is_that_of_training_alone(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(Trainer, "draw_samples", lambda self: time.sleep(0.5))

    make_trainer(tmp_path, epochs=1, decay_epochs=0, log_every_steps=3).train()

    assert min(line["images_per_second"] for line in read_journal(tmp_path / "journal.jsonl")) > 5


@pytest.mark.slow
@pytest.mark.parametrize("method", [{}, PIX2PIX], ids=["cyclegan", "pix2pix"])
def test_bf16_runs_end_to_end(tmp_path: Path, method: dict[str, Any]) -> None:
    assert make_trainer(tmp_path, method=method, side_px=64, precision="bf16").train()


def test_sample_grids_translate_in_the_mode_of_the_run(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    modes: list[str] = []
    draw = "translate.training.trainer.draw_samples"
    monkeypatch.setattr(draw, lambda *given: modes.append(given[-1]))

    make_trainer(tmp_path, epochs=1, decay_epochs=0, inference_mode="eval").train()

    assert modes == ["eval", "eval"]  # before the first step, and after the last


def test_the_last_steps_of_a_run_are_in_the_journal(tmp_path: Path) -> None:
    make_trainer(tmp_path, epochs=1, decay_epochs=0, log_every_steps=3).train()

    assert [line["step"] for line in journal(tmp_path)] == [3, 4]


def test_every_epoch_ends_with_an_update_however_few_gradients_there_are(tmp_path: Path) -> None:
    run = make_trainer(tmp_path, epochs=1, decay_epochs=0, accumulate_steps=50)
    before = {key: value.clone() for key, value in weights(run).items()}

    run.train()

    assert any(not value.equal(before[key]) for key, value in weights(run).items())


def test_other_photos_are_refused_on_resume(tmp_path: Path) -> None:
    make_trainer(tmp_path, fingerprint="these").train()

    with pytest.raises(TrainingError, match="training photos: was these, is now those"):
        make_trainer(tmp_path, fingerprint="those").resume(list_states(tmp_path / "state"))


def test_other_networks_are_refused_on_resume(tmp_path: Path) -> None:
    make_trainer(tmp_path).train()

    with pytest.raises(TrainingError, match="does not fit this run"):
        make_trainer(tmp_path, method=BATCH_NORM).resume(list_states(tmp_path / "state"))


def test_two_readers_give_the_run_of_none(tmp_path: Path) -> None:
    alone = make_trainer(tmp_path / "a", method=DROPOUT)
    alone.train()
    helped = make_trainer(tmp_path / "b", method=DROPOUT, workers=2)
    helped.train()

    assert all(value.equal(weights(alone)[key]) for key, value in weights(helped).items())


def test_training_may_run_longer_than_one_batch_of_gradients(tmp_path: Path) -> None:
    run = make_trainer(tmp_path, accumulate_steps=2)

    assert run.train()
    assert run.at.step == 8


def test_a_set_smaller_than_a_batch_is_refused(tmp_path: Path) -> None:
    with pytest.raises(DataError, match=r"3 training photos do not fill one batch of 4"):
        make_trainer(tmp_path, photos=3, batch_size=4)
