"""The colours of the built-in scenes: one table per season, night made from day by moonlight."""

from functools import lru_cache
from typing import Literal, NamedTuple

import cv2
import numpy as np

from translate.config import Settings
from translate.data.scene_drawing import Bools, Bytes, Canvas, Floats, Material, draw_noise

Season = Literal["summer", "winter"]
TimeOfDay = Literal["day", "night"]
_Colours = dict[Material, tuple[str, ...]]

M = Material


class Look(Settings):
    """How a scene is to be seen."""

    season: Season = "summer"
    time: TimeOfDay = "day"


# First colour: where light falls, or far away, or high up. Last colour: shade, or near, or low.
_ALWAYS: _Colours = {
    M.SUN: ("#fff7de",),
    M.TRUNK: ("#87664d", "#543d33"),
    M.FENCE: ("#9b7d5f", "#6f573f"),
    M.RED_WALL: ("#bd4b3b", "#86332d"),
    M.CREAM_WALL: ("#f3dfb4", "#c9a878"),
    M.OCHRE_WALL: ("#dfa24a", "#a87031"),
    M.EAVE: ("#4c3d3c",),
    M.CHIMNEY: ("#96604f", "#66423a"),
    M.DOOR: ("#553b33",),
    M.FRAME: ("#f4f0e6",),
    M.LIT_WINDOW: ("#6b5648",),
    M.DARK_WINDOW: ("#5d7689",),
}
_SUMMER: _Colours = _ALWAYS | {
    M.SKY: ("#3c83c6", "#8cbfe6", "#f8ead2"),
    # By day the stars are sky.
    M.STAR: ("#3c83c6", "#8cbfe6", "#f8ead2"),
    M.PEAK: ("#a7adc2", "#66718f"),
    M.CAP: ("#fbfaf7", "#b7c5e2"),
    M.HILL_FAR: ("#6c9a8c", "#8db3a4"),
    M.HILL_NEAR: ("#528659", "#7ba67b"),
    M.FOREST: ("#3f7350", "#234c3b"),
    M.MEADOW: ("#b7cf6e", "#86b650", "#4f8c3c"),
    M.TUFT: ("#6fa544", "#3f7a35"),
    M.FLOWER: ("#f3e28c",),
    M.BANK: ("#dccb95", "#a8946a"),
    M.PATH: ("#e0cc9f",),
    M.CONIFER: ("#3d7855", "#1c463a"),
    M.LEDGE: ("#5d9b67", "#336650"),
    M.LEAF: ("#a9cf58", "#78b048", "#46853c"),
    M.TWIG: ("#5a7f3b",),
    M.RED_ROOF: ("#5d6774", "#444c59"),
    M.CREAM_ROOF: ("#cc6f48", "#8f4630"),
    M.OCHRE_ROOF: ("#7f594b", "#553a33"),
}
_WINTER: _Colours = _ALWAYS | {
    M.SKY: ("#5d99cd", "#a9cdea", "#f7e7da"),
    M.STAR: ("#5d99cd", "#a9cdea", "#f7e7da"),
    M.PEAK: ("#c9d2e3", "#7886a8"),
    M.CAP: ("#ffffff", "#bccbe8"),
    M.HILL_FAR: ("#b4c7d8", "#d3dfea"),
    M.HILL_NEAR: ("#9db3c0", "#ccd9e3"),
    M.FOREST: ("#b4c6cc", "#34565c"),
    M.MEADOW: ("#f4f6fa", "#f0f4fa", "#dbe6f4"),
    M.TUFT: ("#c9b08a", "#94826d"),
    M.FLOWER: ("#d8c6a4",),
    M.BANK: ("#c5d0dd", "#9fb0c4"),
    M.PATH: ("#cfd5de",),
    M.CONIFER: ("#3f6e63", "#1f434a"),
    M.LEDGE: ("#f7fafd", "#b2c4da"),
    M.LEAF: ("#eceaf0", "#d0cfdd", "#a9acc6"),
    M.TWIG: ("#6a5656",),
    M.RED_ROOF: ("#eef3fa", "#c5d1e4"),
    M.CREAM_ROOF: ("#eef3fa", "#c5d1e4"),
    M.OCHRE_ROOF: ("#eef3fa", "#c5d1e4"),
}
_NIGHT: _Colours = {
    M.SKY: ("#060e29", "#10224c", "#2c4a80"),
    M.STAR: ("#c9d6f2", "#a9bce0", "#7f97c2"),
    M.SUN: ("#f4f1e4",),
    M.LIT_WINDOW: ("#ffd27a",),
    M.FRAME: ("#6d5c58",),
}

_TEXTURE = {
    M.MEADOW: 0.07, M.FOREST: 0.16, M.HILL_NEAR: 0.08, M.HILL_FAR: 0.05, M.PEAK: 0.05,
    M.LEAF: 0.05, M.CONIFER: 0.05, M.LEDGE: 0.03, M.BANK: 0.05, M.PATH: 0.05,
}  # fmt: skip


class _Air(NamedTuple):
    """What lies over the materials in one look."""

    cloud: str
    mist: str
    water: str
    water_mix: float  # how much of the water's own colour hides the reflection
    sparkle: float  # contrast of the streaks on the water
    shadow: str  # colour that shaded ground is multiplied by
    sun_glow: tuple[float, float, float]
    window_glow: float


_AIRS = {
    ("summer", "day"): _Air(
        "#ffffff", "#cfdde4", "#3f7fa6", 0.42, 0.07, "#9fb3a8", (0.5, 0.42, 0.24), 0.0
    ),
    ("winter", "day"): _Air(
        "#ffffff", "#e4ebf3", "#9fd0de", 0.72, 0.05, "#b9c9e6", (0.34, 0.32, 0.28), 0.0
    ),
    ("summer", "night"): _Air(
        "#344b78", "#2f4a79", "#0d1e45", 0.45, 0.1, "#8b93b0", (0.3, 0.36, 0.5), 1.0
    ),
    ("winter", "night"): _Air(
        "#3a5280", "#405c8c", "#3a6488", 0.6, 0.06, "#8b9ac0", (0.3, 0.36, 0.5), 1.0
    ),
}


def paint(canvas: Canvas, rng: np.random.Generator, look: Look) -> Floats:
    """Colour a finished canvas.

    Shape:
        -> (side_px, side_px, 3), sRGB in [0, 1].
    """
    air, side = _AIRS[look.season, look.time], canvas.side_px
    colours, veils, contrasts = _tables(look)
    material, ramp, veil, wet = (canvas.layers[..., i] for i in range(4))
    image = np.take(colours.reshape(-1, 3), material.astype(np.int32) * 256 + ramp, axis=0)
    hidden = (veil.astype(np.float32) / 255)[..., None]
    image += (np.take(veils, material, axis=0) - image) * hidden
    grain = 0.7 * draw_noise(rng, 190, 64, side) + 0.7 * draw_noise(rng, 40, 16, side)
    grain += 0.5 * draw_noise(rng, 9, 6, side)
    streaks = draw_noise(rng, 120, 7, side)
    is_wet = wet > 0
    light = np.where(is_wet, streaks * air.sparkle, grain * np.take(contrasts, material))
    image[is_wet] += (_rgb(air.water) - image[is_wet]) * air.water_mix
    image *= 1 + light[..., None]
    _lay_shadows(image, canvas, _rgb(air.shadow))
    tone = 1 + rng.uniform(-0.03, 0.03) + rng.uniform(-0.01, 0.01, 3)  # the same in every look
    image *= tone.astype(np.float32)
    return _add_glow(image, material, air)


@lru_cache
def _tables(look: Look) -> tuple[Floats, Floats, Floats]:
    """Return colours by (material, ramp), the colour of each one's veil, and its contrast."""
    air = _AIRS[look.season, look.time]
    by_day = _SUMMER if look.season == "summer" else _WINTER
    colours = np.stack([_gradient(by_day[material]) for material in Material])
    if look.time == "night":
        colours = _moonlit(colours)
        for material, stops in _NIGHT.items():
            colours[material] = _gradient(stops)
    in_the_sky = [material <= Material.SUN for material in Material]
    veils = np.where(np.array(in_the_sky)[:, None], _rgb(air.cloud), _rgb(air.mist))
    fade = 0.6 if look.season == "winter" else 1.0  # snow evens out what lies below
    contrasts = [_TEXTURE.get(material, 0.0) * fade for material in Material]
    return colours, veils.astype(np.float32), np.array(contrasts, np.float32)


def _moonlit(colours: Floats) -> Floats:
    grey = colours.mean(axis=-1, keepdims=True)
    faded = (0.65 * colours + 0.35 * grey) ** 1.25  # little colour is left, contrast stays
    return np.asarray(faded * (0.42, 0.57, 0.74) + (0.012, 0.025, 0.06), np.float32)


def _gradient(stops: tuple[str, ...]) -> Floats:
    known = np.stack([_rgb(stop) for stop in stops])
    at = np.linspace(0, 255, len(stops))
    channels = [np.interp(np.arange(256), at, known[:, i]) for i in range(3)]
    return np.stack(channels, 1).astype(np.float32)


def _rgb(colour: str) -> Floats:
    return np.asarray(np.array(list(bytes.fromhex(colour[1:]))) / 255, np.float32)


def _lay_shadows(image: Floats, canvas: Canvas, colour: Floats) -> None:
    material, wet = canvas.layers[..., 0], canvas.layers[..., 3]
    on_ground = (material >= M.MEADOW) & (material <= M.PATH) & (wet == 0) & (canvas.shadow > 0)
    image[on_ground] *= colour


def _add_glow(image: Floats, material: Bytes, air: _Air) -> Floats:
    side = image.shape[0]
    sun = _bloom(material == M.SUN, 0.045, 1.0) + _bloom(material == M.SUN, 0.16, 8.0)
    glow = sun[..., None] * np.array(air.sun_glow, np.float32)
    if air.window_glow:
        lit = material == M.LIT_WINDOW
        windows = _bloom(lit, 0.014, 1.2) + _bloom(lit, 0.05, 3.0)
        glow += windows[..., None] * np.array([1.0, 0.62, 0.25], np.float32)
    glow = cv2.resize(np.clip(glow, 0, 1), (side, side), interpolation=cv2.INTER_LINEAR)
    return np.asarray(1 - (1 - np.clip(image, 0, 1)) * (1 - glow), np.float32)


def _bloom(source: Bools, radius: float, gain: float) -> Floats:
    side = 128  # glow is soft: this is sharp enough for any size of picture
    small = cv2.resize(source.astype(np.float32), (side, side), interpolation=cv2.INTER_AREA)
    return cv2.GaussianBlur(small, (0, 0), radius * side).astype(np.float32) * np.float32(gain)
