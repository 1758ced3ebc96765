"""A photo in memory."""

from dataclasses import dataclass

from translate.images.tensors import Pixels

IMAGE_SUFFIXES = (".jpg", ".jpeg", ".png", ".webp", ".tif", ".tiff", ".bmp")
"""Names of files taken for photos, in lower case. All of them can be read and written."""


@dataclass(frozen=True)
class Photo:
    """A photo as it should be seen: upright, in sRGB, with as many bits as its file has.

    Shape:
        pixels: (H, W, 3), uint8 or uint16.
        alpha: (H, W) of the same type, 0 where the photo is transparent; None where it has none.
    """

    pixels: Pixels
    alpha: Pixels | None = None
