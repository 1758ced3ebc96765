"""A quick look at a photo: small, and in a fraction of the time it takes to open it."""

from pathlib import Path

import numpy as np

from translate.images.colour import to_rgb
from translate.images.heads import opened, orientation_of
from translate.images.opening import decode
from translate.images.tensors import Pixels
from translate.images.upright import turn_upright


def glance(file: Path, least_px: int) -> Pixels:
    """Read a photo as small as its format gives it away, upright, but not smaller than is asked.

    JPEG gives an eighth, a quarter or half of its sides for the asking; others are opened in full.
    Colour profiles are passed over.

    Args:
        least_px: The shorter side is at least this, if the photo's is.

    Shape:
        (H, W, 3), uint8 or uint16.

    Raises:
        DECODER_ERRORS: The file cannot be read.
    """
    with file.open("rb") as stream, opened(stream) as image:
        if image.format in ("JPEG", "MPO"):
            image.draft("RGB", (least_px, least_px))
            pixels = np.asarray(to_rgb(image))
            return np.ascontiguousarray(turn_upright(pixels, orientation_of(image)))
    return decode(file, is_managed=False).pixels
