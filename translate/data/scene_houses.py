"""What people put into the built-in scenes: houses, fences."""

import numpy as np

from translate.data.scene_drawing import Canvas, Material
from translate.data.scene_plants import Place, Rng

# A roof goes with its walls, so that its colour can be told even under snow.
_STYLES = (
    (Material.RED_WALL, Material.RED_ROOF),
    (Material.CREAM_WALL, Material.CREAM_ROOF),
    (Material.OCHRE_WALL, Material.OCHRE_ROOF),
)


def draw_house(canvas: Canvas, rng: Rng, place: Place) -> None:
    """Draw a gable towards the light, a long wall away from it, a roof, a chimney, windows."""
    wall, roof = _STYLES[rng.integers(len(_STYLES))]
    length, gable = rng.uniform(0.75, 1.1), rng.uniform(0.5, 0.6)
    dark = rng.random(3) < (0.0, 0.3, 0.3)  # somebody is always at home

    def at(*corners: tuple[float, float]) -> list[tuple[float, float]]:
        # House coordinates: the gable spans 0..gable towards the sun, the long wall lies behind.
        scale, away = place.height, -place.sun
        return [(place.x + away * u * scale, place.y - v * scale) for u, v in corners]

    def box(u: float, v: float, width: float, height: float) -> list[tuple[float, float]]:
        return at((u, v), (u + width, v), (u + width, v + height), (u, v + height))

    end, veil = gable + length, place.veil
    ridge = 0.98
    canvas.fill(box(gable + length * 0.62, 0.8, 0.1, 0.36), Material.CHIMNEY, 0.3, veil)
    canvas.fill(box(gable, 0, length, 0.56), wall, 0.85, veil)
    canvas.fill(
        at((0, 0), (gable, 0), (gable, 0.56), (gable / 2, ridge), (0, 0.56)), wall, 0.1, veil
    )
    slope = at((gable / 2, ridge + 0.04), (end - gable / 2 + 0.1, ridge + 0.04))
    slope += at((end + 0.08, 0.5), (gable - 0.02, 0.5))
    canvas.fill(slope, roof, 0.3, veil)
    verge = at((gable / 2, ridge + 0.04), (-0.08, 0.5), (-0.02, 0.47), (gable / 2, ridge - 0.06))
    canvas.fill(verge, roof, 0.9, veil)
    eave = at((gable - 0.02, 0.5), (end + 0.08, 0.5), (end + 0.08, 0.45), (gable - 0.02, 0.45))
    canvas.fill(eave, Material.EAVE, 0, veil)
    spots = [
        (gable / 2 - 0.09, 0.2),
        *((gable + length * part - 0.09, 0.14) for part in (0.2, 0.8)),
    ]
    for (u, v), is_dark in zip(spots, dark, strict=True):
        canvas.fill(box(u - 0.03, v - 0.03, 0.24, 0.3), Material.FRAME, 0, veil)
        pane = Material.DARK_WINDOW if is_dark else Material.LIT_WINDOW
        canvas.fill(box(u, v, 0.18, 0.24), pane, 0, veil)
    canvas.fill(box(gable + length * 0.5 - 0.08, 0, 0.16, 0.36), Material.DOOR, 0, veil)


def draw_fence(canvas: Canvas, rng: Rng, foot: float, height: float) -> None:
    """Draw posts and two rails from one edge of the picture to somewhere inside it."""
    start, stop = (-0.01, rng.uniform(0.25, 0.5))
    if rng.random() < 0.5:
        start, stop = 1 - stop, 1.01
    sag = rng.uniform(-0.03, 0.03)

    def ground(x: float) -> float:
        return float(foot + sag * np.sin(3 * x))

    for level in (0.45, 0.85):
        upper = [(x, ground(x) - height * level) for x in np.linspace(start, stop, 12)]
        lower = [(x, y + height * 0.14) for x, y in reversed(upper)]
        canvas.fill(upper + lower, Material.FENCE, 0.3)
    for x in np.arange(start + 0.01, stop, height * 1.5):
        y, half = ground(x), height * 0.09
        post = [(x - half, y), (x + half, y), (x + half, y - height), (x - half, y - height)]
        canvas.fill(post, Material.FENCE, 0.7)


def draw_path(canvas: Canvas, rng: Rng, start: tuple[float, float]) -> None:
    """Tread a path from a door to the lower edge of the picture, on dry ground only."""
    way = np.linspace(0, 1, 40)
    drift = rng.uniform(-0.25, 0.25)
    middle = start[0] + drift * way**1.5 + 0.07 * np.sin(way * rng.uniform(5, 8)) * way
    y = start[1] + (1.02 - start[1]) * way**1.2
    half = 0.006 + 0.05 * way**1.4
    left, right = np.stack([middle - half, y], 1), np.stack([middle + half, y], 1)
    trodden = canvas.inside(np.concatenate([left, right[::-1]]))
    dry = (canvas.layers[..., 0] == Material.MEADOW) & (canvas.layers[..., 3] == 0)
    canvas.layers[trodden & dry, 0] = Material.PATH
