"""Killed or stopped at any instant, a run that goes on ends as one that never stopped."""

from collections.abc import Iterator
from dataclasses import replace
from functools import partial
from pathlib import Path
from typing import Any

import pytest

from tests.killing_toys import Moment, killed_at, moments_of
from tests.trainer_toys import DROPOUT, make_trainer, resumed, run_differences
from translate.bundle import Bundle, mend_bundle, save_bundle
from translate.training import watch
from translate.training.health import LIMITS, Health
from translate.training.trainer import Trainer

# Discriminators are sick as soon as they are a little better than chance, in line after line.
SENSITIVE = replace(LIMITS, grace_steps=0, least_steps=0, judge_lines=2, winning_accuracy=0.5)
EVERYTHING: dict[str, Any] = {
    "method": DROPOUT | {"pool_size": 3, "augment": ["colour", "cutout"], "penalty_weight": 1.0},
    "photos": 6,
    "epochs": 3,
    "log_every_steps": 2,
    "save_every_steps": 2,
    "sample_every_epochs": 2,
    "validate_every_epochs": 1,
    "measure": "l1",
}


@pytest.fixture(autouse=True)
def _alarms_come_soon(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(watch, "Health", lambda: Health(SENSITIVE))


def publish(trainer: Trainer) -> None:
    generators = trainer.stepper.averages.networks
    made = {way: generators[name] for way, name in trainer.method.exports.items()}
    bundle = Bundle("cyclegan", trainer.data.domains, made, training_side_px=16)  # type: ignore[arg-type]
    save_bundle(bundle, trainer.folder / "bundle_best")


def go_on(folder: Path, **settings: Any) -> Trainer:
    """What a door does with --resume latest, as far as it matters here."""
    mend_bundle(folder / "bundle_best")
    return resumed(folder, publish=publish, **settings)


def kill_again_and_again(moments: list[Moment], folder: Path, **settings: Any) -> None:
    for moment in moments:
        assert killed_at(moment, partial(go_on, folder, **settings)), f"was not reached: {moment}"
    assert go_on(folder, **settings).train()


def test_x(tmp_path: Path) -> None:
    straight = tmp_path / "straight"
    moments = moments_of(partial(go_on, straight, **EVERYTHING))
    for m in moments: print(m)
    print((straight/"journal.jsonl").read_text())
    import time; t=time.perf_counter()
    kill_again_and_again(moments, tmp_path / "killed", **EVERYTHING)
    print("took", time.perf_counter()-t)

    assert run_differences(straight, tmp_path / "killed") == []
