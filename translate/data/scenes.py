"""Built-in scenes: landscapes drawn from a seed, in summer or winter, by day or night.

Every scene can be drawn in every look, so for a scene that training never saw the exact answer is
known. They need no download and are nobody's property.
"""

import os
import shutil
import tempfile
from collections.abc import Mapping
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
    train: int = Field(200, ge=1, le=100_000)  # scenes per domain; a and b share none
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
