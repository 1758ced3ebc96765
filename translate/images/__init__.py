"""Photos and tensors: the only room that knows bytes, EXIF, ICC, bit depth and [-1, 1]."""

from translate.images.bands import open_bands, open_samples, save_bands
from translate.images.checking import find_fault
from translate.images.encoding import Encoding, Kind, find_classes
from translate.images.finding import find_photos
from translate.images.grid import draw_grid
from translate.images.opening import open_photo
from translate.images.photo import IMAGE_SUFFIXES, Photo, suffixes_of
from translate.images.saving import fitting_suffix, save_photo
from translate.images.sizes import depth_of, size_of
from translate.images.tensors import (
    Pair,
    Pixels,
    crop_to,
    pad_to_multiple,
    to_pixels,
    to_tensor,
)

__all__ = [
    "IMAGE_SUFFIXES",
    "Encoding",
    "Kind",
    "Pair",
    "Photo",
    "Pixels",
    "crop_to",
    "depth_of",
    "draw_grid",
    "find_classes",
    "find_fault",
    "find_photos",
    "fitting_suffix",
    "open_bands",
    "open_photo",
    "open_samples",
    "pad_to_multiple",
    "save_bands",
    "save_photo",
    "size_of",
    "suffixes_of",
    "to_pixels",
    "to_tensor",
]
