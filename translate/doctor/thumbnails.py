"""Small pictures of what was found; files are opened again for them, a few dozen in all."""

from collections.abc import Sequence

import cv2
import numpy as np
import numpy.typing as npt
from PIL import Image as Pillow

from translate.data.pair_files import halve
from translate.doctor.alignment import find_edges
from translate.doctor.facts import to_bytes
from translate.doctor.findings.finding import Image
from translate.errors import DataError
from translate.images import open_photo

SIDE_PX = 240
GAP_PX = 6
Bytes = npt.NDArray[np.uint8]


def draw_beside(images: Sequence[Image]) -> Pillow.Image | None:
    """Draw images beside one another; None: one of them cannot be opened any more."""
    opened = _open_all(images)
    return None if opened is None else _join(opened)


def draw_pair(images: Sequence[Image]) -> Pillow.Image | None:
    """Draw a pair and, beside it, the edges of both over one another: A in red, B in cyan."""
    opened = _open_all(images)
    if opened is None or len(opened) != 2:
        return None
    edges = [_spread(find_edges(image)) for image in opened]
    if edges[0].shape != edges[1].shape:
        return _join(opened)
    both = np.stack([edges[0], edges[1], edges[1]], axis=2)
    return _join([*opened, both])


def _open_all(images: Sequence[Image]) -> list[Bytes] | None:
    try:
        return [_open(image) for image in images]
    except DataError:
        return None


def _open(image: Image) -> Bytes:
    pixels = open_photo(image.file).pixels
    if image.half is not None:
        pixels = halve(pixels)[image.half == "right"]
    return to_bytes(pixels)


def _spread(edges: npt.NDArray[np.float32]) -> Bytes:
    positive = np.maximum(edges, 0)
    return np.asarray(255 * positive / max(float(positive.max()), 1e-6), np.uint8)


def _join(images: Sequence[Bytes]) -> Pillow.Image:
    shrunk = [_shrink(image) for image in images]
    width = sum(image.shape[1] for image in shrunk) + GAP_PX * (len(shrunk) - 1)
    sheet = Pillow.new("RGBA", (width, max(image.shape[0] for image in shrunk)))
    left = 0
    for image in shrunk:
        sheet.paste(Pillow.fromarray(image), (left, 0))
        left += image.shape[1] + GAP_PX
    return sheet if len(shrunk) > 1 else sheet.convert("RGB")


def _shrink(image: Bytes) -> Bytes:
    height, width = image.shape[:2]
    scale = SIDE_PX / max(height, width)
    size = max(1, round(width * scale)), max(1, round(height * scale))
    how = cv2.INTER_AREA if scale < 1 else cv2.INTER_LINEAR
    return np.asarray(cv2.resize(image, size, interpolation=how), np.uint8)
