"""The canvas of the built-in scenes: what is where, before anybody decides its colour."""

from collections.abc import Sequence
from enum import IntEnum, auto

import cv2
import numpy as np
from numpy.typing import NDArray

Bytes = NDArray[np.uint8]
Floats = NDArray[np.float32]
Bools = NDArray[np.bool_]
Floats64 = NDArray[np.float64]
Points = Sequence[tuple[float, float] | Floats64] | Floats64
"""Corners `(x, y)` in units of the picture's side, y pointing down."""

_SUBPIXEL_BITS = 4  # cv2 takes corners as integers, here in sixteenths of a pixel


class Material(IntEnum):
    """What a pixel is made of. A look gives every material its colours."""

    SKY = 0
    STAR = auto()
    SUN = auto()  # at night: the moon
    PEAK = auto()
    CAP = auto()
    HILL_FAR = auto()
    HILL_NEAR = auto()
    FOREST = auto()
    MEADOW = auto()
    TUFT = auto()
    FLOWER = auto()
    BANK = auto()
    PATH = auto()
    FENCE = auto()
    TRUNK = auto()
    CONIFER = auto()
    LEDGE = auto()  # the upper side of a conifer's branches, where snow lies
    LEAF = auto()
    TWIG = auto()
    RED_WALL = auto()
    RED_ROOF = auto()
    CREAM_WALL = auto()
    CREAM_ROOF = auto()
    OCHRE_WALL = auto()
    OCHRE_ROOF = auto()
    EAVE = auto()
    CHIMNEY = auto()
    DOOR = auto()
    FRAME = auto()
    LIT_WINDOW = auto()
    DARK_WINDOW = auto()


class Canvas:
    """A square of `side_px` pixels that remembers materials instead of colours.

    Every look of a scene is coloured from the same canvas, so the looks agree to the pixel.

    Attributes:
        layers: `(side_px, side_px, 4)` bytes: material; ramp (0 is the first colour of the
            material, 255 its last); veil (how much mist or cloud hides it); wet (255 where the
            pixel is a reflection in water).
        shadow: `(side_px, side_px)` bytes: 255 where the ground lies in shadow.
    """

    def __init__(self, side_px: int) -> None:
        self.side_px = side_px
        self.layers: Bytes = np.zeros((side_px, side_px, 4), np.uint8)
        self.shadow: Bytes = np.zeros((side_px, side_px), np.uint8)
        centres = ((np.arange(side_px) + 0.5) / side_px).astype(np.float32)
        self.columns: Floats = centres[None, :]
        self.rows: Floats = centres[:, None]

    def fill(self, points: Points, material: Material, ramp: float = 0, veil: float = 0) -> None:
        """Cover a polygon with one material. `ramp` and `veil` in [0, 1]."""
        colour = (int(material), int(ramp * 255), int(veil * 255), 0)
        cv2.fillPoly(self.layers, [self._corners(points)], colour, shift=_SUBPIXEL_BITS)

    def fill_graded(
        self,
        points: Points,
        material: Material,
        ramp: Floats | float = 0.0,
        veil: Floats | float = 0.0,
    ) -> Bools:
        """Cover a polygon with fields of ramp and veil in [0, 1]; return where it lies."""
        inside = self.inside(points)
        cover = np.zeros_like(self.layers)
        cover[..., 0] = material
        for channel, field in ((1, ramp), (2, veil)):
            levels = np.clip(np.asarray(field, np.float32) * 255, 0, 255)
            cover[..., channel] = levels.astype(np.uint8)
        cv2.copyTo(cover, inside.view(np.uint8), self.layers)
        return inside

    def shade(self, centre: tuple[float, float], radii: tuple[float, float]) -> None:
        """Let an elliptic shadow fall on whatever ground is there when the scene is finished."""
        turn = np.linspace(0, 2 * np.pi, 24)
        ellipse = np.stack([np.cos(turn), np.sin(turn)], 1) * radii + centre
        cv2.fillPoly(self.shadow, [self._corners(ellipse)], (255,), shift=_SUBPIXEL_BITS)

    def inside(self, *outlines: Points) -> Bools:
        """Return the mask of one or more polygons."""
        mask = np.zeros((self.side_px, self.side_px), np.uint8)
        corners = [self._corners(points) for points in outlines]
        cv2.fillPoly(mask, corners, (1,), shift=_SUBPIXEL_BITS)
        return mask.view(np.bool_)

    def reflect(self, points: Points, axis: float, sway: Floats) -> None:
        """Turn a polygon into water that mirrors what stands above the line `y = axis`.

        Args:
            points: The water's outline.
            axis: The far shore.
            sway: Sideways wobble of the mirror image, in units of the side.
        """
        inside = self.inside(points)
        x = (self.columns + sway) * self.side_px - 0.5
        y = np.broadcast_to((2 * axis - self.rows) * self.side_px - 0.5, x.shape)
        maps = (np.ascontiguousarray(x), np.ascontiguousarray(y))
        mirrored = cv2.remap(self.layers, *maps, cv2.INTER_NEAREST, borderMode=cv2.BORDER_REPLICATE)
        mirrored[..., 3] = 255
        mirrored[mirrored[..., 0] <= Material.SUN, 0] = (
            Material.SKY
        )  # stars are too faint to mirror
        self.layers[inside] = mirrored[inside]

    def _corners(self, points: Points) -> NDArray[np.int32]:
        # cv2 counts from the centre of the first pixel, units from its edge.
        pixels = np.asarray(points, np.float64) * self.side_px - 0.5
        return np.asarray(np.round(pixels * 2**_SUBPIXEL_BITS), np.int32)


def draw_noise(rng: np.random.Generator, rows: int, columns: int, side_px: int) -> Floats:
    """Return smooth noise of unit variance per cell: the same hills and hollows at any size."""
    cells = rng.standard_normal((rows, columns)).astype(np.float32)
    return cv2.resize(cells, (side_px, side_px), interpolation=cv2.INTER_LINEAR).astype(np.float32)
