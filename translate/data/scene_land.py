"""The lie of the land in the built-in scenes: sky, mountains, hills, meadow, water."""

import cv2
import numpy as np
from numpy.typing import NDArray

from translate.data.scene_drawing import Canvas, Material, draw_noise
from translate.data.scene_houses import draw_house
from translate.data.scene_placing import Outline, draw_inhabitants
from translate.data.scene_plants import Place, Rng, draw_forest


def draw_land(canvas: Canvas, rng: Rng) -> None:
    """Draw one scene onto an empty canvas, from the sky to the grass before our feet."""
    horizon = rng.uniform(0.5, 0.57)
    shore = horizon + 0.014
    sun_x = rng.uniform(0.14, 0.86)
    sun = -1 if sun_x < 0.5 else 1
    _draw_sky(canvas, rng, horizon, sun_x)
    _draw_peaks(canvas, rng, horizon, sun)
    _draw_hills(canvas, rng, horizon)
    draw_forest(canvas, rng, horizon + 0.004, veil=0.22)
    _draw_meadow(canvas, horizon)
    for x in rng.uniform(0.08, 0.92, rng.integers(0, 3)):
        draw_house(canvas, rng, Place(x, horizon + 0.01, rng.uniform(0.045, 0.06), sun, 0.12))
    water = _draw_water(canvas, rng, shore)
    draw_inhabitants(canvas, rng, horizon, sun, water)


def _draw_sky(canvas: Canvas, rng: Rng, horizon: float, sun_x: float) -> None:
    canvas.layers[..., 1] = np.clip(canvas.rows / (0.85 * horizon) * 255, 0, 255).astype(np.uint8)
    canvas.layers[..., 2] = _clouds(canvas, rng)
    sparks = np.array([(-1, 0), (0, -1), (1, 0), (0, 1)]) * rng.uniform(0.0015, 0.003, (34, 1, 1))
    stars = sparks + rng.uniform((0, 0), (1, horizon * 0.75), (34, 1, 2))
    canvas.layers[canvas.inside(*stars), 0] = Material.STAR
    turn = np.linspace(0, 2 * np.pi, 40, endpoint=False)
    disc = np.stack([np.cos(turn), np.sin(turn)], 1) * 0.034 + (sun_x, rng.uniform(0.1, 0.17))
    canvas.layers[canvas.inside(disc), 0] = Material.SUN  # its veil stays: clouds pass before it


def _clouds(canvas: Canvas, rng: Rng) -> NDArray[np.uint8]:
    side = 192  # clouds are soft: this is sharp enough for any size of picture
    cover = np.zeros((side, side), np.float32)
    for _ in range(rng.integers(3, 6)):
        cloud = np.zeros((side, side), np.float32)
        x, base, width = rng.uniform(0, 1), rng.uniform(0.1, 0.38), rng.uniform(0.1, 0.22)
        for part in np.linspace(-1, 1, 6):
            radius = width * (0.34 - 0.2 * abs(part)) * rng.uniform(0.7, 1.2)
            centre = (int((x + part * width) * side), int(base * side))
            cv2.ellipse(
                cloud, centre, (int(radius * 1.5 * side), int(radius * side)), 0, 180, 360, 1.0, -1
            )
        cover = np.maximum(cover, cloud * np.float32(rng.uniform(0.55, 0.85)))
    soft = cv2.resize(cv2.GaussianBlur(cover, (0, 0), 1.6), (canvas.side_px, canvas.side_px))
    return (soft * 255).astype(np.uint8)


def _draw_peaks(canvas: Canvas, rng: Rng, horizon: float, sun: int) -> None:
    count = int(rng.integers(3, 6))
    heights = np.sort(rng.uniform(0.14, 0.33, count))[::-1]
    for rank, height in enumerate(heights):
        x = (
            rank * 0.618 + rng.uniform(0.1, 0.3)
        ) % 1.1 - 0.05  # golden steps: evenly, not regularly
        _draw_peak(canvas, rng, (x, horizon - height), horizon + 0.01, sun)


def _draw_peak(canvas: Canvas, rng: Rng, apex: tuple[float, float], foot: float, sun: int) -> None:
    height = foot - apex[1]
    left, right, spine = (
        _slope(rng, apex, (apex[0] + lean * height, foot))
        for lean in (-rng.uniform(1.1, 1.5), rng.uniform(1.1, 1.5), -0.3 * sun)
    )
    mist = 0.15 + 0.65 * np.clip((canvas.rows - apex[1]) / height, 0, 1) ** 1.6
    inside = canvas.fill_graded(np.concatenate([left[::-1], right]), Material.PEAK, 0.1, mist)
    away = left if sun > 0 else right
    shaded = canvas.inside(np.concatenate([away[::-1], spine])) & inside
    canvas.layers[shaded, 1] = 230
    teeth = np.linspace(-1.5, 1.5, 13) * height + apex[0]
    snow_line = apex[1] + height * rng.uniform(0.22, 0.4, 13) * np.where(np.arange(13) % 2, 1, 0.55)
    above = np.concatenate([[(teeth[0], 0)], np.stack([teeth, snow_line], 1), [(teeth[-1], 0)]])
    canvas.layers[canvas.inside(above) & inside, 0] = Material.CAP


def _slope(rng: Rng, top: tuple[float, float], foot: tuple[float, float]) -> Outline:
    way = np.linspace(0, 1, 9)[:, None]
    line = (1 - way) * top + way * foot
    line[1:-1] += rng.uniform(-0.035, 0.035, (7, 2)) * abs(foot[1] - top[1])
    return line


def _draw_hills(canvas: Canvas, rng: Rng, horizon: float) -> None:
    for material, rise, veil in ((Material.HILL_FAR, 0.1, 0.35), (Material.HILL_NEAR, 0.055, 0.15)):
        crest = _roll(rng, horizon - rise, 0.035)
        ramp = (canvas.rows - (horizon - rise - 0.05)) / (rise + 0.05)
        mist = np.clip(veil + 0.6 * ramp**2 - 0.1, 0, 0.85).astype(np.float32)
        canvas.fill_graded(_down_from(crest, horizon + 0.02), material, ramp, mist)


def _roll(rng: Rng, level: float, swing: float) -> Outline:
    x = np.linspace(-0.02, 1.02, 60)
    waves = zip(rng.uniform(2, 12, 3), rng.uniform(0, 7, 3), (1.0, 0.5, 0.25), strict=True)
    height = np.sum([part * np.sin(pace * x + start) for pace, start, part in waves], axis=0)
    return np.stack([x, level + swing * height / 1.75], 1)


def _down_from(crest: Outline, bottom: float) -> Outline:
    return np.concatenate([crest, [(crest[-1, 0], bottom), (crest[0, 0], bottom)]])


def _draw_meadow(canvas: Canvas, horizon: float) -> None:
    nearness = np.clip((canvas.rows - horizon) / (1 - horizon), 0, 1) ** 0.8
    edges = [(-0.02, horizon), (1.02, horizon), (1.02, 1.02), (-0.02, 1.02)]
    mist = (0.4 * (1 - nearness) ** 4).astype(np.float32)
    canvas.fill_graded(edges, Material.MEADOW, nearness, mist)


def _draw_water(canvas: Canvas, rng: Rng, shore: float) -> Outline:
    """Lay a lake or a river into the meadow; return its outline."""
    is_lake = rng.random() < 0.6
    water = _lake(rng, shore) if is_lake else _river(rng, shore)
    bank = water + np.where(water[:, 1:] > shore + 0.002, [[0.0, 0.011]], 0.0)
    canvas.fill(bank, Material.BANK, 0.3)
    near = np.clip((canvas.rows - shore) * 4, 0, 1)
    sway = draw_noise(rng, 110, 10, canvas.side_px) * 0.007 * near
    canvas.reflect(water, shore, sway.astype(np.float32))
    if is_lake:
        _draw_knoll(canvas, rng)
    return water


def _lake(rng: Rng, shore: float) -> Outline:
    centre, half, depth = rng.uniform(0.15, 0.85), rng.uniform(0.3, 0.52), rng.uniform(0.15, 0.25)
    turn = np.linspace(0, np.pi, 50)
    wobble = 1 + 0.1 * np.sin(turn * 3 + rng.uniform(0, 6)) + 0.05 * np.sin(turn * 7)
    x = centre + half * np.cos(turn) * wobble
    return np.stack([x, shore + depth * np.sin(turn) ** 0.7 * wobble], 1)


def _river(rng: Rng, shore: float) -> Outline:
    way = np.linspace(0, 1, 50)
    phase, swing = rng.uniform(0, 6), rng.uniform(0.12, 0.2)
    middle = rng.uniform(0.35, 0.65) + swing * np.sin(way**0.7 * 9 + phase) * (0.3 + way)
    half = 0.012 + 0.15 * way**1.6
    y = shore + (1.05 - shore) * way**1.5
    left, right = np.stack([middle - half, y], 1), np.stack([middle + half, y], 1)
    return np.concatenate([left, right[::-1]])


def _draw_knoll(canvas: Canvas, rng: Rng) -> None:
    crest = _roll(rng, rng.uniform(0.86, 0.9), 0.03)
    ramp = 0.45 + (canvas.rows - 0.84) * 3
    canvas.fill_graded(_down_from(crest, 1.02), Material.MEADOW, ramp.astype(np.float32))
