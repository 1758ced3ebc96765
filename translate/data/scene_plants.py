"""Trees, grass and forest of the built-in scenes."""

from dataclasses import dataclass

import numpy as np

from translate.data.scene_drawing import Canvas, Floats64, Material

Rng = np.random.Generator


@dataclass(frozen=True)
class Place:
    """Where a thing stands and how it is lit. Lengths in units of the picture's side."""

    x: float
    y: float  # of its foot
    height: float
    sun: int  # -1: light comes from the left, 1: from the right
    veil: float = 0.0  # mist in front of it, in [0, 1]


def draw_conifer(canvas: Canvas, rng: Rng, place: Place) -> None:
    """Draw tiers of branches from the ground up, each with a lit and a shaded half."""
    x, height, veil = place.x, place.height, place.veil
    reach = height * rng.uniform(0.19, 0.25)
    tiers = int(np.clip(round(4 + height * 10), 4, 8))
    stem = height * 0.025
    foot = [(x - stem, place.y), (x + stem, place.y), (x + stem, place.y - height * 0.15)]
    canvas.fill([*foot, (x - stem, place.y - height * 0.15)], Material.TRUNK, 0.6, veil)
    for tier in range(tiers):
        rise = tier / tiers
        half = reach * (1 - rise) ** 0.9 * rng.uniform(0.88, 1.08)
        base = place.y - height * (0.1 + 0.86 * rise)
        top = max(base - height * 1.75 / tiers, place.y - height)
        _draw_tier(canvas, place, half, base, top)


def _draw_tier(canvas: Canvas, place: Place, half: float, base: float, top: float) -> None:
    x, drop = place.x, (base - top) * 0.16
    for side in (-1, 1):
        lit = side == place.sun
        tip = (x + side * half, base)
        skirt = [(x + side * half * 0.55, base - drop * 0.2), (x + side * half * 0.3, base + drop)]
        branch = [(x, top), (x + side * half * 0.42, top + (base - top) * 0.55), tip, *skirt]
        canvas.fill([*branch, (x, base)], Material.CONIFER, 0.1 if lit else 0.9, place.veil)
        depth = (base - top) * (0.3 if lit else 0.2)
        ledge = [*branch[:3], (x + side * half * 0.4, top + (base - top) * 0.6 + depth)]
        canvas.fill([*ledge, (x, top + depth)], Material.LEDGE, 0.1 if lit else 0.9, place.veil)


def draw_broadleaf(canvas: Canvas, rng: Rng, place: Place) -> None:
    """Draw a trunk, a crown of round clumps lit from one side, and the branches inside it."""
    x, y, height, veil = place.x, place.y, place.height, place.veil
    heart = y - height * 0.6
    stem = height * 0.03
    trunk = [(x - stem * 1.4, y), (x + stem * 1.4, y), (x + stem * 0.7, heart)]
    canvas.fill([*trunk, (x - stem * 0.7, heart)], Material.TRUNK, 0.4, veil)
    clumps = np.array(_CROWN) * (rng.choice([-1, 1]), 1) + rng.uniform(-0.025, 0.025, (8, 2))
    clumps = clumps * height + (x, heart)
    radii = height * rng.uniform(0.14, 0.19, len(clumps))
    to_light = np.array([place.sun * 0.35, -0.4])
    for shift, scale, ramp in ((0.0, 1.0, 1.0), (0.3, 0.84, 0.5), (0.85, 0.5, 0.0)):
        for clump, radius in zip(clumps, radii, strict=True):
            centre = clump + to_light * radius * shift
            canvas.fill(_circle(centre, radius * scale), Material.LEAF, ramp, veil)
    _draw_dabs(canvas, rng, place, clumps)
    _draw_branches(canvas, rng, place, heart)


# Middles of the clumps of leaves, in tree heights from the crown's heart.
_CROWN = (
    (-0.17, 0.1), (0.16, 0.12), (-0.22, -0.02), (0.21, -0.01),
    (0.0, 0.06), (-0.11, -0.15), (0.12, -0.14), (0.01, -0.23),
)  # fmt: skip


def _draw_dabs(canvas: Canvas, rng: Rng, place: Place, clumps: Floats64) -> None:
    """Scatter leaves: light ones towards the sun, dark ones away from it."""
    for clump in np.repeat(clumps, 4, axis=0):
        way = np.clip(rng.normal(0, 0.07, 2), -0.1, 0.1)
        ramp = float(np.clip(0.4 - (way[0] * place.sun - way[1]) * 4, 0, 0.75))
        leaf = _circle(clump + way * place.height, place.height * rng.uniform(0.009, 0.019))
        canvas.fill(leaf, Material.LEAF, ramp, place.veil)


def _draw_branches(canvas: Canvas, rng: Rng, place: Place, heart: float) -> None:
    height, half = place.height, np.array([place.height * 0.011, 0.0])
    for side, rise in zip((-1, 1, -1, 1, 0), (0.14, 0.1, 0.02, -0.02, 0.06), strict=True):
        fork = np.array([place.x, heart + height * rise])
        reach = np.array(
            [side * rng.uniform(0.14, 0.2), -rng.uniform(0.13, 0.2) - 0.1 * (not side)]
        )
        tip, elbow = fork + reach * height, fork + reach * height * 0.55
        spur = elbow + np.array([reach[0] * 0.1 - side * 0.02, -0.11]) * height
        canvas.fill([fork - half, fork + half, tip], Material.TWIG, 0, place.veil)
        canvas.fill([elbow - half * 0.6, elbow + half * 0.6, spur], Material.TWIG, 0, place.veil)


_TURN = np.linspace(0, 2 * np.pi, 20, endpoint=False)
_CIRCLE = np.stack([np.cos(_TURN), np.sin(_TURN)], 1)


def _circle(centre: Floats64, radius: float) -> Floats64:
    return np.asarray(_CIRCLE * radius + centre)


def draw_forest(canvas: Canvas, rng: Rng, foot: float, veil: float) -> None:
    """Draw a dense line of far conifers along the whole width, thinning out here and there."""
    count = int(rng.integers(60, 84))
    x = np.linspace(-0.02, 1.02, count) + rng.uniform(-0.004, 0.004, count)
    swell = 0.6 + 0.4 * np.sin(x * rng.uniform(5, 9) + rng.uniform(0, 6))
    tops = foot - 0.012 - 0.052 * swell * rng.uniform(0.55, 1, count)
    gaps = foot - (foot - tops) * 0.5
    crowns = np.stack([x, tops], 1)
    dips = np.stack([x + 0.008, gaps], 1)
    line = np.stack([crowns, dips], 1).reshape(-1, 2)
    ramp = (canvas.rows - (foot - 0.07)) / 0.07
    outline = np.concatenate([[(-0.02, foot)], line, [(1.05, foot)]])
    canvas.fill_graded(outline, Material.FOREST, ramp, veil)


def draw_tuft(canvas: Canvas, rng: Rng, x: float, y: float, size: float) -> None:
    """Draw three blades of tall grass, sometimes with a flower on one of them."""
    for lean in rng.uniform(-0.5, 0.5, 3):
        width = size * 0.13
        blade = [(x - width, y), (x + width, y), (x + lean * size, y - size)]
        canvas.fill(blade, Material.TUFT, rng.uniform(0, 1))
    if rng.random() < 0.4:
        canvas.fill(_circle(np.array([x, y - size]), size * 0.24), Material.FLOWER)
