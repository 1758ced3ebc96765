"""Small data sets for the doctor: photos that differ, and all that may be wrong with them."""

import hashlib
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import cv2
import numpy as np

from translate.doctor.cache import Cache
from translate.doctor.entries import DataSet
from translate.doctor.examining import Diagnosis, Wishes, examine
from translate.doctor.looking import Looks, Manner, look
from translate.doctor.places import find_set
from translate.images import Photo, Pixels, save_photo

QUICKLY = Wishes(crop_px=32, sample=0, workers=1, is_cached=False)


def texture(seed: int, width: int = 48, height: int = 48, bright: float = 1.0) -> Pixels:
    """Draw smooth spots of colour: another seed, another photo."""
    random = np.random.default_rng(seed)
    coarse = random.integers(0, 256, (9, 9, 3)).astype(np.uint8)
    photo = cv2.resize(coarse, (width, height), interpolation=cv2.INTER_CUBIC)
    return np.asarray(photo * bright, np.uint8)


def save(file: Path, pixels: Pixels, **more: Any) -> Path:
    save_photo(Photo(pixels), file, **more)
    return file


def write_textures(folder: Path, seeds: Sequence[int], **shape: Any) -> Path:
    folder.mkdir(parents=True, exist_ok=True)
    for seed in seeds:
        save(folder / f"{seed:04d}.png", texture(seed, **shape))
    return folder


def write_unpaired(folder: Path, count: int = 6) -> Path:
    """Write trainA, trainB, testA and testB, all of them photos that occur once."""
    for place, name in enumerate(("trainA", "trainB", "testA", "testB")):
        bright = 0.4 if name.endswith("B") else 1.0
        write_textures(folder / name, range(100 * place, 100 * place + count), bright=bright)
    return folder


def outline(seed: int, side: int = 96) -> Pixels:
    """Draw rectangles: edges that can be found again, wherever they are moved."""
    random = np.random.default_rng(seed)
    image = np.full((side, side, 3), 90, np.uint8)
    for _ in range(side // 3):
        corner, size = random.integers(0, side, 2), random.integers(6, 25, 2)
        colour = random.integers(0, 256, 3).tolist()
        cv2.rectangle(image, corner.tolist(), (corner + size).tolist(), colour, -1)
    return image


def pair_of(seed: int, side: int = 96, right: int = 0, down: int = 0) -> tuple[Pixels, Pixels]:
    """Draw a photo and its negative, which is moved."""
    margin = 32
    whole = outline(seed, side + 2 * margin)
    inside = slice(margin, margin + side)
    moved = slice(margin - down, margin - down + side), slice(margin - right, margin - right + side)
    return whole[inside, inside], 255 - whole[moved]


def write_pairs(folder: Path, count: int, first: int = 0, **shift: int) -> Path:
    """Write files with two images side by side."""
    folder.mkdir(parents=True, exist_ok=True)
    for seed in range(first, first + count):
        save(folder / f"{seed:04d}.png", np.concatenate(pair_of(seed, **shift), axis=1))
    return folder


def look_at(data: DataSet, workers: int = 1) -> Looks:
    return look(data.entries, Cache(None), Manner(workers))


def examine_quickly(folder: Path, **wishes: Any) -> Diagnosis:
    return examine(find_set(folder), Wishes(**{**vars(QUICKLY), **wishes}))


def kinds_of(diagnosis: Diagnosis) -> dict[str, int]:
    """Count what was found, by kind."""
    return {finding.kind: finding.count for finding in diagnosis.findings}


def every_byte_of(folder: Path) -> dict[str, tuple[str, int]]:
    """Tell every file's content and date."""
    return {
        file.relative_to(folder).as_posix(): (
            hashlib.sha256(file.read_bytes()).hexdigest(),
            file.stat().st_mtime_ns,
        )
        for file in sorted(folder.rglob("*"))
        if file.is_file()
    }
