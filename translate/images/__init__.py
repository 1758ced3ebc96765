"""Photos and tensors: the only room that knows bytes, EXIF, ICC, bit depth and [-1, 1]."""

from translate.images.grid import draw_grid
from translate.images.photo import Photo, open_photo, save_photo
from translate.images.tensors import Pair, crop_to, pad_to_multiple, to_pixels, to_tensor

__all__ = [
    "Pair",
    "Photo",
    "crop_to",
    "draw_grid",
    "open_photo",
    "pad_to_multiple",
    "save_photo",
    "to_pixels",
    "to_tensor",
]
