"""A photo in memory."""

from dataclasses import dataclass

from translate.images.encoding import Kind
from translate.images.facts import Facts
from translate.images.plugins import HEIF_SUFFIXES
from translate.images.tensors import Pixels

WRITABLE_SUFFIXES = (
    *(".jpg", ".jpeg", ".png", ".webp", ".tif", ".tiff", ".bmp", ".avif"),
    *HEIF_SUFFIXES,
)
"""Names of files that photos are written to, in lower case."""

IMAGE_SUFFIXES = (*WRITABLE_SUFFIXES, ".gif")
"""Names of files taken for photos, in lower case."""

ARRAY_SUFFIX = ".npy"


def suffixes_of(kind: Kind) -> tuple[str, ...]:
    """List the suffixes, in lower case, of files that may hold images of a kind."""
    return (*IMAGE_SUFFIXES, ARRAY_SUFFIX) if kind == "bands" else IMAGE_SUFFIXES


@dataclass(frozen=True)
class Photo:
    """A photo as it should be seen: upright, in sRGB, with as many bits as its file has.

    What a network makes of a photo need not have three colours: it is a photo here all the same.

    Shape:
        pixels: (H, W, C), uint8 or uint16. C is 3 as opened; 1 for grey and for numbered labels,
            any number for bands.
        alpha: (H, W) of the same type, 0 where the photo is transparent; None where it has none.

    Attributes:
        facts: What its file says beside the pixels; None if nobody asked.
    """

    pixels: Pixels
    alpha: Pixels | None = None
    facts: Facts | None = None
