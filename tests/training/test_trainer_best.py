"""The best epoch is published, and a run that finds no better one may end early."""

import math
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import pytest
from torch import nn

from tests.trainer_toys import journal, press_ctrl_c_during, resumed, run_differences
from translate.training.best import Best
from translate.training.state import list_states
from translate.training.trainer import Trainer
from translate.training.validating import Validator

MEASURED: dict[str, Any] = {
    "validate_every_epochs": 1,
    "measure": "l1",
    "decay_epochs": 0,
    "photos": 2,  # a step an epoch
}
NOTE = "bundle_best/epoch.txt"


def publish(trainer: Trainer) -> None:
    """Note of which epoch the bundle would be; one that is not needed would be noted too."""
    (trainer.folder / NOTE).parent.mkdir(exist_ok=True)
    with (trainer.folder / NOTE).open("a") as note:
        note.write(f"{trainer.at.epoch} ")


VALUES = dict(enumerate((0.5, 0.4, 0.6, math.nan, 0.4, 0.3, 0.9, 0.2), start=1))


@pytest.fixture(autouse=True)
def _values_are_given(monkeypatch: pytest.MonkeyPatch) -> None:
    """What is measured after each epoch, whatever the networks; of l1, the less the better."""
    measure = Best.measure

    def told(self: Best, generators: Mapping[str, nn.Module], epoch: int) -> dict[str, Any]:
        monkeypatch.setattr(Validator, "__call__", lambda *_: VALUES[epoch])
        return measure(self, generators, epoch)

    monkeypatch.setattr(Best, "measure", told)


def make(folder: Path, **settings: Any) -> Trainer:
    return resumed(folder, publish=publish, **MEASURED | settings)


def measured(folder: Path) -> list[tuple[int, bool]]:
    """The epochs that were measured, and whether each was the best so far."""
    return [(li["epoch"], li["is_best"]) for li in journal(folder) if "validation" in li]


def published(folder: Path) -> list[int]:
    return [int(epoch) for epoch in (folder / NOTE).read_text().split()]


def test_an_epoch_is_published_where_it_is_better_than_all_before_and_only_there(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    assert make(tmp_path, epochs=6).train()

    best = [True, True, False, False, False, True]
    assert measured(tmp_path) == list(zip(range(1, 7), best, strict=True))
    assert published(tmp_path) == [1, 2, 6]
    said = capsys.readouterr().out
    assert "epoch 2: l1 0.4000, the best so far\n" in said
    assert "epoch 3: l1 0.6000, best: epoch 2\n" in said
    assert "epoch 4: l1 nan, best: epoch 2\n" in said


def test_held_out_photos_are_measured_every_so_many_epochs_and_after_the_last(
    tmp_path: Path,
) -> None:
    assert make(tmp_path, epochs=5, validate_every_epochs=2).train()

    assert [epoch for epoch, _ in measured(tmp_path)] == [2, 4, 5]


def test_without_measurements_nothing_is_published(tmp_path: Path) -> None:
    assert make(tmp_path, validate_every_epochs=None).train()

    assert measured(tmp_path) == []
    assert not (tmp_path / NOTE).exists()


def test_patience_ends_a_run_early_and_it_counts_as_finished(tmp_path: Path) -> None:
    run = make(tmp_path, epochs=8, patience=3)

    assert run.train()

    assert run.at.epoch == 5  # epoch 2 was the best, and three others came after it
    assert list_states(tmp_path / "state")[-1].name == "step_00000005"


def test_a_run_that_ended_early_and_is_resumed_adds_nothing(tmp_path: Path) -> None:
    make(tmp_path, epochs=8, patience=3).train()
    files = {file: file.read_bytes() for file in tmp_path.rglob("*") if file.is_file()}

    again = make(tmp_path, epochs=8, patience=3)

    assert again.train()
    assert again.at.epoch == 5
    assert {file: file.read_bytes() for file in tmp_path.rglob("*") if file.is_file()} == files


def test_more_patience_lets_it_go_on_as_if_it_had_never_ended(tmp_path: Path) -> None:
    straight, ended = tmp_path / "straight", tmp_path / "ended"
    make(straight, epochs=8, patience=4).train()
    make(ended, epochs=8, patience=3).train()

    assert make(ended, epochs=8, patience=4).train()

    assert measured(ended)[-3:] == [(6, True), (7, False), (8, True)]
    assert run_differences(straight, ended) == []


def test_a_resumed_run_remembers_the_best_and_how_long_it_has_waited(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    straight, stopped = tmp_path / "straight", tmp_path / "stopped"
    make(straight, epochs=8, patience=3).train()
    with monkeypatch.context() as patched:
        press_ctrl_c_during(patched, 4)
        assert not make(stopped, epochs=8, patience=3).train()

    assert make(stopped, epochs=8, patience=3).train()

    assert run_differences(straight, stopped) == []
    assert published(stopped) == [1, 2]


def test_where_nothing_was_ever_a_number_no_epoch_is_called_the_best(
    tmp_path: Path, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setitem(VALUES, 1, math.nan)

    assert make(tmp_path, epochs=1).train()

    assert "epoch 1: l1 nan, best: epoch -\n" in capsys.readouterr().out
    assert not (tmp_path / NOTE).exists()
