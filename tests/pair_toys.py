"""Small pairs of images for tests: noise, charts that tell each pixel's place, and their files."""

from collections.abc import Sequence
from pathlib import Path
from typing import Any

import numpy as np

from translate.data import Splits
from translate.data.paired import PairedSettings, build
from translate.images import Photo, Pixels, save_photo


def noise_image(
    height: int = 20, width: int = 24, channels: int = 3, depth: int = 8, seed: int = 0
) -> Pixels:
    random = np.random.default_rng(seed)
    kind: Any = np.uint8 if depth == 8 else np.uint16
    image: Pixels = random.integers(0, 2**depth, (height, width, channels), dtype=kind)
    return image


def chart(height: int, width: int, channels: int = 3, depth: int = 8) -> Pixels:
    """Say every pixel's place: its row in the first channel, its column in all others."""
    kind: Any = np.uint8 if depth == 8 else np.uint16
    rows, columns = np.indices((height, width), dtype=kind)
    image: Pixels = np.stack([rows, *[columns] * (channels - 1)], axis=2)
    return image * kind((2**depth - 1) // max(height, width))


def write_image(file: Path, image: Pixels) -> Path:
    save_photo(Photo(image), file)
    return file


def write_noise(folder: Path, names: Sequence[str], seed: int = 0, **shape: int) -> Path:
    """Write noise under each name, which may lie in folders of its own."""
    for i, name in enumerate(names):
        write_image(folder / name, noise_image(**shape, seed=seed + i))
    return folder


NAMES = [f"{i}.png" for i in range(4)]
LOOKED_AT = ["8.png", "9.png"]


def small(**changes: Any) -> PairedSettings:
    return PairedSettings.model_validate({"load_px": 20, "crop_px": 16} | changes)


def build_small(**changes: Any) -> Splits:
    return build(small(**changes), seed=0)


def write_set(folder: Path) -> Path:
    """Write trainA, trainB, testA and testB, all of them noise."""
    for i, (name, names) in enumerate(
        {"trainA": NAMES, "trainB": NAMES, "testA": LOOKED_AT, "testB": LOOKED_AT}.items()
    ):
        write_noise(folder / name, names, seed=100 * i)
    return folder
