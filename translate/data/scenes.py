"""Built-in scenes: landscapes drawn from a seed, in summer or winter, by day or night.

Every scene can be drawn in every look, so for a scene that training never saw the exact answer is
known. They need no download and are nobody's property.
"""

import tempfile
from pathlib import Path

import cv2
import numpy as np
from PIL import Image
from pydantic import Field

from translate.config import Settings
from translate.data.scene_drawing import Bytes, Canvas
from translate.data.scene_land import draw_land
from translate.data.scene_looks import Look, Season, TimeOfDay, paint
from translate.errors import DataError

__all__ = ["Look", "SceneSet", "Season", "TimeOfDay", "draw_scene", "scene_seeds", "write_scenes"]

_OVERSAMPLING = 3  # drawn so many times larger, then averaged: smooth edges
_SMALLEST_CANVAS_PX = 384  # below it, lines would grow thicker as pictures grow smaller


class SceneSet(Settings):
    """Which scenes to write: two looks, and how many of each."""

    a: Look = Look()
    b: Look = Look(season="winter")
    side_px: int = Field(128, ge=16, le=2048)
    train: int = Field(200, ge=1, le=100_000)  # scenes per domain
    paired: bool = False  # whether a and b show the same scenes; if not, they share none
    test: int = Field(40, ge=0, le=100_000)  # scenes drawn in both looks
    seed: int = Field(1, ge=0)


def draw_scene(seed: int, look: Look, side_px: int = 128) -> Bytes:
    """Draw one scene. The seed alone decides what is where, the look how it is coloured.

    Shape:
        -> (side_px, side_px, 3), sRGB bytes.
    """
    land, colours = np.random.SeedSequence(seed).spawn(2)
    canvas = Canvas(max(side_px * _OVERSAMPLING, _SMALLEST_CANVAS_PX))
    draw_land(canvas, np.random.default_rng(land))
    image = paint(canvas, np.random.default_rng(colours), look)
    small = cv2.resize(image, (side_px, side_px), interpolation=cv2.INTER_AREA)
    return np.round(np.clip(small, 0, 1) * 255).astype(np.uint8)


def scene_seeds(scenes: SceneSet) -> dict[str, range]:
    """Return the scene seeds of each folder. `testA` and `testB` always show the same scenes."""
    first = scenes.seed * 1_000_000  # more than any set needs: sets of different seeds stay apart
    test, a, b = np.cumsum([scenes.test, scenes.train, scenes.train]).tolist()
    test_seeds = range(first, first + test)
    return {
        "trainA": range(first + test, first + a),
        "trainB": range(first + test, first + a) if scenes.paired else range(first + a, first + b),
        "testA": test_seeds,
        "testB": test_seeds,
    }


def write_scenes(folder: Path, scenes: SceneSet) -> None:
    """Write the scenes as folders of PNG files, whole or not at all; keep a folder that exists.

    Several processes may ask for the same folder: one of them wins, the others find it finished.

    Raises:
        DataError: The folder cannot be written.
    """
    try:
        if folder.exists():
            return
        folder.parent.mkdir(parents=True, exist_ok=True)
        with tempfile.TemporaryDirectory(prefix=f".{folder.name}.", dir=folder.parent) as nearby:
            draft = Path(nearby) / folder.name
            _draw_files(draft, scenes)
            _publish(draft, folder)
    except OSError as error:
        raise DataError(
            f"{folder}: the built-in scenes could not be written here ({error.strerror or error}). "
            "Make the folder above it writable and see that the disk has room, "
            "or name another place in data.folder."
        ) from error


def _draw_files(draft: Path, scenes: SceneSet) -> None:
    for name, seeds in scene_seeds(scenes).items():
        (draft / name).mkdir(parents=True)
        look = scenes.a if name.endswith("A") else scenes.b
        for number, seed in enumerate(seeds, start=1):
            picture = Image.fromarray(draw_scene(seed, look, scenes.side_px))
            picture.save(draft / name / f"{number:04d}.png", compress_level=4)


def _publish(draft: Path, folder: Path) -> None:
    try:
        draft.rename(folder)
    except OSError:  # a finished folder cannot be renamed onto: somebody else was faster
        if not folder.is_dir():
            raise
