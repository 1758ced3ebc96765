"""The kinds of photos a translator takes, and the way back to the same kind."""

from collections.abc import Callable
from functools import singledispatch
from pathlib import Path
from typing import Any, Literal, NamedTuple

import numpy as np
import torch
from numpy.typing import NDArray
from PIL import Image
from torch import Tensor

from translate.errors import TranslateError
from translate.images import open_photo, to_pixels, to_tensor
from translate.images.faults import DECODER_ERRORS

KINDS = (
    "a path, a PIL image, a NumPy array (H, W, 3) or (N, H, W, 3) of uint8 or uint16, a float "
    "tensor (3, H, W) or (N, 3, H, W) in [-1, 1], or a list of these"
)
OVERSHOOT = 1e-3  # rounding may carry a tensor this far beyond [-1, 1]


class Opened(NamedTuple):
    """A photo of some kind as tensor, and how to give its translation back as that kind."""

    images: Tensor  # (N, 3, H, W) in [-1, 1]
    restore: Callable[[Tensor], Any]


@singledispatch
def open_kind(photo: object) -> Opened:
    """Turn one photo, or one stack of photos, into a tensor.

    Raises:
        TranslateError: It is of no kind that a translator takes, or out of its kind's range.
    """
    raise TranslateError(f"Expected {KINDS}, got a {type(photo).__name__}.")


@open_kind.register(str)
@open_kind.register(Path)
def _open_path(file: str | Path) -> Opened:
    """Upright and in sRGB, whatever the file says; a PIL image comes back."""
    if Path(file).is_dir():
        raise TranslateError(
            f"{file}: is a folder. To translate every photo in it: "
            "translate_folder(source, target, translator)."
        )
    photo = open_photo(Path(file))
    return Opened(to_tensor(photo.pixels)[None], lambda images: _to_image(images, photo.alpha))


@open_kind.register(Image.Image)
def _open_image(image: Image.Image) -> Opened:
    """Pixels as they lie: nothing is rotated or colour-managed, and grey photos become RGB."""
    if image.mode.startswith(("I", "F")):
        raise TranslateError(
            f"A PIL image of mode {image.mode!r} has more than 8 bits per colour, which PIL cannot "
            "give back as RGB. Pass a NumPy array (H, W, 3) of uint16."
        )
    try:
        image.load()  # images are read from their files at the last moment
    except DECODER_ERRORS as error:
        raise TranslateError(
            f"A PIL image cannot be read ({error}). Open it anew from a whole file."
        ) from error
    try:
        pixels = np.asarray(image.convert("RGBA" if image.has_transparency_data else "RGB"))
    except ValueError as error:
        raise TranslateError(
            f"A PIL image of mode {image.mode!r} cannot be made RGB ({error}). Convert it first."
        ) from error
    _expect_sides(pixels.shape[:2])
    alpha = pixels[..., 3] if pixels.shape[2] == 4 else None
    return Opened(to_tensor(pixels[..., :3])[None], lambda images: _to_image(images, alpha))


@open_kind.register(np.ndarray)
def _open_array(pixels: NDArray[Any]) -> Opened:
    if pixels.dtype not in (np.uint8, np.uint16):
        raise TranslateError(
            f"Expected a NumPy array of uint8 or uint16, got {pixels.dtype}. For floats pass a "
            "torch tensor (3, H, W) in [-1, 1]."
        )
    if pixels.ndim not in (3, 4) or pixels.shape[-1] != 3:
        raise TranslateError(
            f"Expected a NumPy array of shape (H, W, 3) or (N, H, W, 3), got {pixels.shape}. "
            "Repeat a grey photo three times; set alpha aside."
        )
    _expect_sides(pixels.shape[:-1])
    stack = pixels if pixels.ndim == 4 else pixels[None]
    images = torch.stack([to_tensor(each) for each in stack])

    def restore(translated: Tensor) -> NDArray[Any]:
        depth: Literal[8, 16] = 8 if pixels.dtype == np.uint8 else 16
        return np.stack([to_pixels(each, depth) for each in translated]).reshape(pixels.shape)

    return Opened(images, restore)


@open_kind.register(Tensor)
def _open_tensor(tensor: Tensor) -> Opened:
    if not tensor.is_floating_point():
        raise TranslateError(
            f"Expected a float tensor in [-1, 1], got {tensor.dtype}. For bytes pass a NumPy array "
            "(H, W, 3) of uint8."
        )
    if tensor.ndim not in (3, 4) or tensor.shape[-3] != 3:
        raise TranslateError(
            f"Expected a tensor of shape (3, H, W) or (N, 3, H, W), got {tuple(tensor.shape)}."
        )
    _expect_sides(tensor.shape)
    low, high = (limit.item() for limit in tensor.detach().aminmax())
    if not -1 - OVERSHOOT <= low <= high <= 1 + OVERSHOOT:  # `not <=` also catches nan
        raise TranslateError(
            f"Expected a tensor in [-1, 1], got values from {low:.4g} to {high:.4g}. "
            "Bring 0..1 there with x * 2 - 1, and 0..255 with x / 127.5 - 1."
        )
    images = tensor.detach() if tensor.ndim == 4 else tensor.detach()[None]
    return Opened(images, lambda translated: translated.to(tensor).reshape(tensor.shape))


def _expect_sides(shape: tuple[int, ...]) -> None:
    if min(shape) < 1:
        raise TranslateError(f"A photo has at least one pixel, but this one's shape is {shape}.")


def _to_image(images: Tensor, alpha: NDArray[Any] | None) -> Image.Image:
    image = Image.fromarray(to_pixels(images[0], 8))
    if alpha is not None:
        # 16-bit alpha to 8: 65535 / 255 is 257.
        bytes_ = alpha if alpha.dtype == np.uint8 else np.rint(alpha / 257).astype(np.uint8)
        image.putalpha(Image.fromarray(bytes_))
    return image
