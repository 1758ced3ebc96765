"""Small things that several test rooms need: tiny methods, tiny settings, tiny photos."""

from collections.abc import Iterator
from pathlib import Path
from typing import Any

import numpy as np
import torch
from PIL import Image
from torch import Tensor, nn
from torch.utils.data import DataLoader, Dataset

from translate.data import Draw, Splits
from translate.images import Pair
from translate.methods import cyclegan, pix2pix
from translate.phase import Channels
from translate.training.settings import TrainingSettings

PHOTOS = Channels(a=3, b=3)

TINY_METHOD: dict[str, Any] = {
    "generator": {"name": "resnet", "base_channels": 4, "blocks": 1},
    "discriminator": {"name": "patchgan", "base_channels": 4, "depth": 1},
    "pool_size": 2,
}


TINY_PIX2PIX: dict[str, Any] = {
    "name": "pix2pix",
    "generator": {"name": "unet", "base_channels": 4, "depth": 3},
    "discriminator": {"name": "patchgan", "base_channels": 4, "depth": 1, "norm": "batch"},
}


def tiny_cyclegan(channels: Channels = PHOTOS, seed: int = 0, **settings: Any) -> cyclegan.CycleGAN:
    chosen = cyclegan.Settings.model_validate(TINY_METHOD | settings)
    return cyclegan.build(chosen, channels, seed)


def tiny_pix2pix(channels: Channels = PHOTOS, seed: int = 0, **settings: Any) -> pix2pix.Pix2Pix:
    chosen = pix2pix.Settings.model_validate(TINY_PIX2PIX | settings)
    return pix2pix.build(chosen, channels, seed)


TINY_TRAINING: dict[str, Any] = {
    "epochs": 2,
    "decay_epochs": 1,
    "batch_size": 2,
    "precision": "no",
    "workers": 0,
    "threads": 1,
    "log_every_steps": 2,
    "average_decay": 0.9,
}


def tiny_training(**settings: Any) -> TrainingSettings:
    return TrainingSettings.model_validate(TINY_TRAINING | settings)


def noise(*shape: int, seed: int = 0) -> Tensor:
    return torch.rand(shape, generator=torch.Generator().manual_seed(seed)) * 2 - 1


class NoisePairs(Dataset[Pair]):
    """As many pairs as wanted, each its own noise."""

    def __init__(self, count: int = 8, side_px: int = 16, channels: Channels = PHOTOS) -> None:
        self.count, self.side_px, self.channels = count, side_px, channels

    def __len__(self) -> int:
        return self.count

    def __getitem__(self, draw: Draw) -> Pair:
        first = 1000 * draw.epoch + 2 * draw.index
        sides = self.side_px, self.side_px
        return Pair(*(noise(n, *sides, seed=first + i) for i, n in enumerate(self.channels)))


def noise_splits(
    train: Dataset[Pair] | None = None, side_px: int = 16, fingerprint: str = "", **more: Any
) -> Splits:
    """Noise to learn from, and none held out."""
    return Splits(
        train=train or NoisePairs(side_px=side_px),
        test=None,
        domains={"a": "summer", "b": "winter"},
        crop_px=side_px,
        test_px=side_px,
        test_is_paired=False,
        fingerprint=fingerprint,
        card=None,
        report="noise",
        **more,
    )


def write_photos(folder: Path, count: int = 4, side_px: int = 24, seed: int = 0) -> Path:
    """Write small photos of smooth colours into a new folder."""
    folder.mkdir(parents=True)
    random = np.random.default_rng(seed)
    for i in range(count):
        coarse = random.integers(0, 256, (3, 3, 3), dtype=np.uint8)
        photo = Image.fromarray(coarse).resize((side_px, side_px), Image.Resampling.BICUBIC)
        photo.save(folder / f"{i:03d}.png")
    return folder


def write_data_set(folder: Path, side_px: int = 24) -> Path:
    """Write trainA, trainB, testA and testB."""
    for seed, name in enumerate(("trainA", "trainB", "testA", "testB")):
        write_photos(folder / name, side_px=side_px, seed=seed)
    return folder


class Epoch:
    """What a sampler does: asks for all items of one epoch, backwards."""

    def __init__(self, dataset: Dataset[Pair], epoch: int) -> None:
        self.draws = [Draw(epoch, i) for i in reversed(range(len(dataset)))]  # type: ignore[arg-type]

    def __len__(self) -> int:
        return len(self.draws)

    def __iter__(self) -> Iterator[Draw]:
        return iter(self.draws)


def batches(dataset: Dataset[Pair], epoch: int, workers: int) -> list[Pair]:
    """Load one epoch of a training set."""
    return list(
        DataLoader(dataset, batch_size=2, sampler=Epoch(dataset, epoch), num_workers=workers)
    )


def weights(networks: dict[str, nn.Module]) -> dict[str, Tensor]:
    """Copy all weights."""
    return {
        f"{name}.{key}": value.detach().clone()
        for name, network in networks.items()
        for key, value in network.named_parameters()
    }


def changed(before: dict[str, Tensor], after: dict[str, Tensor]) -> set[str]:
    """Networks of which some weight is another."""
    return {key.partition(".")[0] for key, w in after.items() if not torch.equal(w, before[key])}
