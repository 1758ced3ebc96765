"""Runs as short as they can be: made, gone on with, and compared bit for bit."""

import math
import os
import signal
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest
import torch
from accelerate.state import AcceleratorState, GradientState
from torch import Tensor
from torch.utils.data import Dataset

from tests.toys import NoisePairs, noise, noise_splits, tiny_cyclegan, tiny_pix2pix, tiny_training
from translate.data import Draw, Splits
from translate.images import Pair
from translate.phase import Scalars
from translate.training.devices import make_accelerator
from translate.training.journal import read_journal
from translate.training.state import list_states
from translate.training.stepper import Stepper
from translate.training.trainer import Trainer

RESNET = {"name": "resnet", "base_channels": 4, "blocks": 1}
DROPOUT = {"generator": RESNET | {"dropout": True}}
BATCH_NORM = {"generator": RESNET | {"norm": "batch"}}
PIX2PIX = {  # the shallowest U-Net with dropout
    "name": "pix2pix",
    "generator": {"name": "unet", "base_channels": 2, "depth": 6},
}


class HeldOut(Dataset[Pair]):
    """Some pairs that are looked at only: photos, and their exact answers."""

    def __len__(self) -> int:
        return 2

    def __getitem__(self, index: int) -> Pair:
        return NoisePairs()[Draw(9, index)]


def splits(
    photos: int = 8,
    side_px: int = 16,
    fingerprint: str = "",
    train: Dataset[Pair] | None = None,
    is_measured: bool = False,
) -> Splits:
    data = noise_splits(train or NoisePairs(photos, side_px), side_px, fingerprint)
    return replace(data, test=HeldOut(), test_is_paired=True) if is_measured else data


def make_trainer(
    folder: Path,
    photos: int = 8,
    fingerprint: str = "",
    method: dict[str, Any] | None = None,
    side_px: int = 16,
    train: Dataset[Pair] | None = None,
    publish: Callable[[Trainer], None] = lambda _: None,
    **settings: Any,
) -> Trainer:
    """A new run; forget what Accelerate remembers of the one before."""
    AcceleratorState._reset_state(reset_partial_state=True)
    GradientState._reset_state()
    folder.mkdir(exist_ok=True)
    chosen = tiny_training(**settings)
    accelerator = make_accelerator(chosen)
    is_measured = chosen.validate_every_epochs is not None
    data = splits(photos, side_px, fingerprint, train, is_measured)
    larger = (1, 3, 2 * side_px, 2 * side_px)
    samples = Pair(noise(*larger), noise(*larger, seed=1))
    method = method or {}
    made = (tiny_pix2pix if method.get("name") == "pix2pix" else tiny_cyclegan)(**method)
    return Trainer(made, data, samples, chosen, accelerator, folder, publish)


def resumed(folder: Path, **more: Any) -> Trainer:
    """The run in a folder, about to go on from its last state; a new one where there is none."""
    trainer = make_trainer(folder, **more)
    if states := list_states(folder / "state"):
        trainer.resume(states)
    return trainer


def during(monkeypatch: pytest.MonkeyPatch, steps: int, act: Callable[[], object]) -> None:
    """Do something once, while the trainer takes one of its steps, counted from 1."""
    taken = 0
    step = Stepper.step

    def counted(self: Stepper, pair: Pair, ends_epoch: bool = False) -> Scalars:
        nonlocal taken
        taken += 1
        if taken == steps:
            act()
        return step(self, pair, ends_epoch)

    monkeypatch.setattr(Stepper, "step", counted)


def press_ctrl_c_during(monkeypatch: pytest.MonkeyPatch, steps: int) -> None:
    during(monkeypatch, steps, lambda: os.kill(os.getpid(), signal.SIGINT))


def weights(trainer: Trainer) -> dict[str, Tensor]:
    return {
        f"{name}.{key}": value
        for name, network in trainer.stepper.trained.items()
        for key, value in network.state_dict().items()
    }


def journal(folder: Path) -> list[dict[str, Any]]:
    """All lines of a run, but for how fast it was."""
    lines = read_journal(folder / "journal.jsonl")
    return [{k: v for k, v in line.items() if k != "images_per_second"} for line in lines]


def last_state(folder: Path) -> dict[str, Any]:
    """All that a run remembers, as it lies on the disk."""
    state = list_states(folder / "state")[-1]
    content: dict[str, Any] = torch.load(state / "state.pt", weights_only=True)
    return content


def differences(one: Any, other: Any, where: str = "") -> list[str]:
    """Compare tensors, plain types and containers of them bit for bit; tell where they differ."""
    parts: list[tuple[Any, Any, str]] = []
    if isinstance(one, dict) and isinstance(other, dict) and list(one) == list(other):
        parts = [(one[key], other[key], f"{where}/{key}") for key in one]
    elif isinstance(one, list | tuple) and type(one) is type(other) and len(one) == len(other):
        parts = [(one[i], other[i], f"{where}/{i}") for i in range(len(one))]
    elif not _is_same(one, other):
        return [f"{where}: {one!r:.200} and {other!r:.200}"]
    return [found for part in parts for found in differences(*part)]


def _is_same(one: Any, other: Any) -> bool:
    if type(one) is not type(other):
        return False
    if isinstance(one, Tensor):
        is_alike = one.dtype == other.dtype and one.shape == other.shape
        return is_alike and _bits(one) == _bits(other)
    is_nan = isinstance(one, float) and math.isnan(one) and math.isnan(other)
    return is_nan or bool(one == other)


def _bits(tensor: Tensor) -> bytes:
    return tensor.contiguous().numpy().tobytes()


def run_differences(one: Path, other: Path) -> list[str]:
    """Compare all that two finished runs left behind: state, journal, sample grids, bundle."""
    found = differences(last_state(one), last_state(other), "state")
    found += differences(journal(one), journal(other), "journal")
    files = [
        {
            file.relative_to(folder).as_posix(): file.read_bytes()
            for name in ("samples", "bundle_best")
            for file in sorted((folder / name).glob("*"))
        }
        for folder in (one, other)
    ]
    return found + differences(*files)
