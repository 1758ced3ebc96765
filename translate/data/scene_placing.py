"""Who stands where in the built-in scenes: houses, trees, paths, fences, on dry ground only."""

from collections.abc import Callable
from typing import NamedTuple

import cv2
import numpy as np
from numpy.typing import NDArray

from translate.data.scene_drawing import Canvas
from translate.data.scene_houses import draw_fence, draw_house, draw_path
from translate.data.scene_plants import Place, Rng, draw_broadleaf, draw_conifer, draw_tuft

Outline = NDArray[np.float64]
Draw = Callable[[Canvas, Rng, Place], None]
Spot = tuple[float, float]


class _Thing(NamedTuple):
    y: float  # of its foot; sorting by it puts the near before the far
    x: float
    draw: Draw
    size: float  # its height is about half of this in front, a sixteenth at the horizon


def draw_inhabitants(canvas: Canvas, rng: Rng, horizon: float, sun: int, water: Outline) -> None:
    """Draw what stands on the meadow, from far to near, and the paths and grass between."""
    homes = _find_homes(rng, horizon, sun, water)
    things = [_Thing(y, x, draw_house, 0.6) for x, y in homes]
    things += _plant_trees(rng, horizon, sun, water, homes)
    if homes and rng.random() < 0.8:
        draw_path(canvas, rng, homes[0])
    _draw_grass(canvas, rng, horizon, water)
    for thing in sorted(things, key=lambda thing: thing.y):
        nearness = (thing.y - horizon) / (1 - horizon)
        height = thing.size * (0.06 + 0.5 * nearness)
        canvas.shade((thing.x - sun * height * 0.16, thing.y), (height * 0.34, height * 0.05))
        veil = 0.3 * max(1 - nearness, 0.0) ** 3
        thing.draw(canvas, rng, Place(thing.x, thing.y, height, sun, veil))
    if rng.random() < 0.5:
        draw_fence(canvas, rng, rng.uniform(0.96, 0.985), 0.06)


def _find_homes(rng: Rng, horizon: float, sun: int, water: Outline) -> list[Spot]:
    """Find room for up to two houses, away from each other and from the tree in front."""
    wanted = rng.choice((0, 1, 1, 2, 2))
    homes: list[Spot] = []
    across = 0.5 + sun * rng.uniform(-0.2, 0.36, 14)
    for x, y in _dry_spots(horizon, water, across, rng.uniform(0.14, 0.5, 14), 0.06):
        if len(homes) < wanted and all(abs(x - other) > 0.26 for other, _ in homes):
            homes.append((x, y))
    return homes


def _plant_trees(
    rng: Rng, horizon: float, sun: int, water: Outline, homes: list[Spot]
) -> list[_Thing]:
    """Plant a few groves, none before a door, and one tall tree in front, facing the light."""
    groves = rng.choice(rng.uniform(0, 1, 3), 17) + rng.normal(0, 0.08, 17)
    trees = []
    for x, y in _dry_spots(horizon, water, groves, rng.beta(1, 2, 17), 0.02):
        draw, size = _choose_tree(rng)
        if not any(y > door and abs(x - home) < 0.12 for home, door in homes):
            trees.append(_Thing(y, x, draw, size * rng.uniform(0.75, 1.15)))
    draw, size = _choose_tree(rng)
    front = 0.5 - sun * rng.uniform(0.38, 0.46)
    if _is_dry(water, front, 0.95, 0.02):
        trees.append(_Thing(0.95, front, draw, size * rng.uniform(0.75, 0.95)))
    return trees


def _choose_tree(rng: Rng) -> tuple[Draw, float]:
    return (draw_conifer, 1.35) if rng.random() < 0.62 else (draw_broadleaf, 0.95)


def _dry_spots(
    horizon: float, water: Outline, across: Outline, depth: Outline, margin: float
) -> list[Spot]:
    spots = zip(across.tolist(), (horizon + 0.02 + 0.42 * depth).tolist(), strict=True)
    return [(x, y) for x, y in spots if _is_dry(water, x, y, margin)]


def _is_dry(water: Outline, x: float, y: float, margin: float) -> bool:
    return cv2.pointPolygonTest(water.astype(np.float32), (x, y), True) < -margin


def _draw_grass(canvas: Canvas, rng: Rng, horizon: float, water: Outline) -> None:
    for x, depth in rng.uniform((0, 0.1), (1, 1), (70, 2)).tolist():
        y = horizon + (1 - horizon) * depth**0.8
        if _is_dry(water, x, y, 0.01):
            draw_tuft(canvas, rng, x, y, 0.006 + 0.022 * depth)
