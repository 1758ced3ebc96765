"""Photos and tensors: the only room that knows bytes, EXIF, ICC, bit depth and [-1, 1]."""

from translate.images.bands import open_bands, open_samples, save_bands
from translate.images.checking import find_fault
from translate.images.encoders import encode_photo, what_is_lost
from translate.images.encoding import Encoding, Kind, find_classes
from translate.images.facts import Facts
from translate.images.finding import Found, find_photos
from translate.images.grid import draw_grid
from translate.images.limits import DEFAULT_PIXEL_LIMIT, pixel_limit, set_pixel_limit
from translate.images.opening import open_photo
from translate.images.photo import IMAGE_SUFFIXES, WRITABLE_SUFFIXES, Photo, suffixes_of
from translate.images.saving import fitting_suffix, save_photo
from translate.images.sheet import Sheet, open_sheet, save_sheet
from translate.images.sizes import depth_of, size_of
from translate.images.tensors import (
    Pair,
    Pixels,
    crop_to,
    mirror,
    pad_to_multiple,
    to_pixels,
    to_tensor,
)
from translate.images.writing import UNFINISHED_SUFFIX, write_whole

__all__ = [
    "DEFAULT_PIXEL_LIMIT",
    "IMAGE_SUFFIXES",
    "UNFINISHED_SUFFIX",
    "WRITABLE_SUFFIXES",
    "Encoding",
    "Facts",
    "Found",
    "Kind",
    "Pair",
    "Photo",
    "Pixels",
    "Sheet",
    "crop_to",
    "depth_of",
    "draw_grid",
    "encode_photo",
    "find_classes",
    "find_fault",
    "find_photos",
    "fitting_suffix",
    "mirror",
    "open_bands",
    "open_photo",
    "open_samples",
    "open_sheet",
    "pad_to_multiple",
    "pixel_limit",
    "save_bands",
    "save_photo",
    "save_sheet",
    "set_pixel_limit",
    "size_of",
    "suffixes_of",
    "to_pixels",
    "to_tensor",
    "what_is_lost",
    "write_whole",
]
