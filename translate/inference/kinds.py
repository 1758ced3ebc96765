"""The kinds of images a translator takes, and the way back to the same kind."""

import dataclasses
from collections.abc import Callable, Sequence
from functools import singledispatch
from pathlib import Path
from typing import Any, Literal, NamedTuple

import numpy as np
import torch
from numpy.typing import NDArray
from PIL import Image
from torch import Tensor

from translate.errors import TranslateError
from translate.images import Encoding, Photo, Pixels, open_photo, open_samples
from translate.images.faults import DECODER_ERRORS
from translate.inference.pictures import Picture, Samples, Values

OVERSHOOT = 1e-3  # rounding may carry a tensor this far beyond [-1, 1]
ADVICE = {
    "photo": "Repeat a grey photo three times; set alpha aside.",
    "grey": "Set alpha aside.",
    "labels": "A label map is made of numbers (H, W) or of colours (H, W, 3); set alpha aside.",
    "bands": "Give the bands that the bundle was trained with, in the same order.",
}


class Opened(NamedTuple):
    """One image of some kind, or one stack of them, and how to give translations back as that kind.

    Attributes:
        pictures: All of one size.
        restore: From what was written to a canvas for each picture, in their order.
    """

    pictures: Sequence[Picture]
    restore: Callable[[Sequence[Any]], Any]


def count_pixels(opened: Opened | Exception) -> int:
    """Tell how much an opened image holds; nothing where it could not be opened."""
    if isinstance(opened, Exception):
        return 0
    return sum(picture.height * picture.width for picture in opened.pictures)


@singledispatch
def open_kind(photo: object, source: Encoding, target: Encoding) -> Opened:
    """Make pictures of one image, or of one stack of images.

    Args:
        source: What the image is made of.
        target: What its translation will be made of.

    Raises:
        TranslateError: It is of no kind that a translator takes, or not what `source` says.
    """
    raise TranslateError(
        f"Expected a path, a PIL image, a NumPy array {_array_shapes(source)} of uint8 or uint16, "
        f"a float tensor {_tensor_shapes(source)} in [-1, 1], or a list of these, "
        f"got a {type(photo).__name__}."
    )


def open_source(file: Path, source: Encoding) -> Photo:
    """Read a file of a domain, with its alpha if that can mean anything there.

    Raises:
        DataError: The file cannot be read.
    """
    if source.kind in ("photo", "grey"):
        return open_photo(file)
    return Photo(open_samples(file, source.kind))


@open_kind.register(str)
@open_kind.register(Path)
def _open_path(file: str | Path, source: Encoding, target: Encoding) -> Opened:
    """Upright and in sRGB, whatever the file says; a PIL image comes back, of bands an array."""
    if Path(file).is_dir():
        raise TranslateError(
            f"{file}: is a folder. To translate every photo in it: "
            "translate_folder(source, target, translator)."
        )
    photo = open_source(Path(file), source)
    depth = _depth(photo.pixels) if target.kind == "bands" else 8
    return Opened(
        [Samples(photo.pixels, source, target, depth, f"{file}:")],
        lambda results: _to_image(results[0], photo.alpha, target),
    )


@open_kind.register(Photo)
def _open_photo(photo: Photo, source: Encoding, target: Encoding) -> Opened:
    """The folder command's own: 16 bits stay 16 bits."""

    def restore(results: Sequence[Pixels]) -> Photo:
        alpha = photo.alpha if target.kind in ("photo", "grey") else None
        alpha = None if alpha is None else _as_deep(alpha, results[0])
        return dataclasses.replace(photo, pixels=results[0], alpha=alpha)

    return Opened([Samples(photo.pixels, source, target, _depth(photo.pixels), "it")], restore)


@open_kind.register(Image.Image)
def _open_image(image: Image.Image, source: Encoding, target: Encoding) -> Opened:
    """Pixels as they lie: nothing is rotated or colour-managed."""
    is_deep = image.mode.startswith("I;16") and "photo" not in (source.kind, target.kind)
    if image.mode.startswith(("I", "F")) and not is_deep:
        raise TranslateError(
            f"A PIL image of mode {image.mode!r} has more than 8 bits per colour, which PIL cannot "
            f"give back as RGB. Pass a NumPy array {_array_shapes(source)} of uint16."
        )
    try:
        image.load()  # images are read from their files at the last moment
    except DECODER_ERRORS as error:
        raise TranslateError(
            f"A PIL image cannot be read ({error}). Open it anew from a whole file."
        ) from error
    samples, alpha = _samples_of(image, source)
    _expect_sides(samples.shape)
    if samples.shape[2] not in _widths(source):
        raise TranslateError(
            f"Expected a PIL image of {source.channels} channels, got mode {image.mode!r} with "
            f"{samples.shape[2]}. {ADVICE[source.kind]}"
        )
    return Opened(
        [Samples(samples, source, target, _depth(samples), "The PIL image")],
        lambda results: _to_image(results[0], alpha, target),
    )


def _samples_of(image: Image.Image, source: Encoding) -> tuple[Pixels, Pixels | None]:
    if image.mode.startswith("I;16"):
        return np.asarray(image).astype(np.uint16)[..., None], None  # of either byte order
    if source.kind == "bands":  # as they are read from files: of a palette the numbers
        return np.atleast_3d(np.asarray(image.convert("L") if image.mode == "1" else image)), None
    try:
        pixels = np.asarray(image.convert("RGBA" if image.has_transparency_data else "RGB"))
    except ValueError as error:
        raise TranslateError(
            f"A PIL image of mode {image.mode!r} cannot be made RGB ({error}). Convert it first."
        ) from error
    keeps_alpha = pixels.shape[2] == 4 and source.kind in ("photo", "grey")
    return pixels[..., :3], pixels[..., 3] if keeps_alpha else None


@open_kind.register(np.ndarray)
def _open_array(pixels: NDArray[Any], source: Encoding, target: Encoding) -> Opened:
    if pixels.dtype not in (np.uint8, np.uint16):
        raise TranslateError(
            f"Expected a NumPy array of uint8 or uint16, got {pixels.dtype}. For floats pass a "
            f"torch tensor {_tensor_shapes(source)} in [-1, 1]."
        )
    samples = pixels[..., None] if pixels.ndim == 2 else pixels
    if samples.ndim not in (3, 4) or samples.shape[-1] not in _widths(source):
        raise TranslateError(
            f"Expected a NumPy array of shape {_array_shapes(source)}, got {pixels.shape}. "
            f"{ADVICE[source.kind]}"
        )
    _expect_sides(pixels.shape)

    def restore(results: Sequence[Pixels]) -> NDArray[Any]:
        if pixels.ndim == 4:
            return np.stack(results)
        flat = pixels.ndim == 2 and results[0].shape[-1] == 1
        return results[0][..., 0] if flat else results[0]

    stack = samples if samples.ndim == 4 else samples[None]
    depth = _depth(samples)
    return Opened([Samples(each, source, target, depth, "The array") for each in stack], restore)


@open_kind.register(Tensor)
def _open_tensor(tensor: Tensor, source: Encoding, target: Encoding) -> Opened:
    if not tensor.is_floating_point():
        raise TranslateError(
            f"Expected a float tensor in [-1, 1], got {tensor.dtype}. For bytes pass a NumPy array "
            f"{_array_shapes(source)} of uint8."
        )
    if tensor.ndim not in (3, 4) or tensor.shape[-3] != source.channels:
        raise TranslateError(
            f"Expected a tensor of shape {_tensor_shapes(source)}, got {tuple(tensor.shape)}."
        )
    _expect_sides(tensor.shape)
    low, high = (limit.item() for limit in tensor.detach().aminmax())
    if not -1 - OVERSHOOT <= low <= high <= 1 + OVERSHOOT:  # `not <=` also catches nan
        raise TranslateError(
            f"Expected a tensor in [-1, 1], got values from {low:.4g} to {high:.4g}. "
            "Bring 0..1 there with x * 2 - 1, and 0..255 with x / 127.5 - 1."
        )
    stack = tensor.detach() if tensor.ndim == 4 else tensor.detach()[None]

    def restore(results: Sequence[Tensor]) -> Tensor:
        return torch.stack(list(results)) if tensor.ndim == 4 else results[0]

    return Opened([Values(each) for each in stack], restore)


def _widths(source: Encoding) -> tuple[int, ...]:
    """How many samples a pixel may have: colours become grey, and numbers are classes too."""
    return (1, 3) if source.kind in ("grey", "labels") else (source.channels,)


def _array_shapes(source: Encoding) -> str:
    width = " or ".join(map(str, _widths(source)))
    flat = "(H, W), " if 1 in _widths(source) else ""
    return f"{flat}(H, W, {width}) or (N, H, W, {width})"


def _tensor_shapes(source: Encoding) -> str:
    return f"({source.channels}, H, W) or (N, {source.channels}, H, W)"


def _expect_sides(shape: tuple[int, ...]) -> None:
    if min(shape) < 1:
        raise TranslateError(f"A photo has at least one pixel, but this one's shape is {shape}.")


def _depth(samples: NDArray[Any]) -> Literal[8, 16]:
    return 8 if samples.dtype == np.uint8 else 16


def _to_image(
    samples: Pixels, alpha: Pixels | None, target: Encoding
) -> Image.Image | NDArray[Any]:
    if target.kind == "bands" or (_depth(samples) == 16 and samples.shape[2] == 3):
        return samples  # PIL has neither five bands nor 16 bits of three
    image = Image.fromarray(samples[..., 0] if samples.shape[2] == 1 else samples)
    # Nor has it alpha beside 16 bits of grey: depth is what such a domain was made for.
    if alpha is not None and target.kind in ("photo", "grey") and _depth(samples) == 8:
        image.putalpha(Image.fromarray(_as_deep(alpha, samples)))
    return image


def _as_deep(alpha: Pixels, samples: Pixels) -> Pixels:
    """Give alpha the depth of what it lies beside: 65535 / 255 is 257."""
    if alpha.dtype == samples.dtype:
        return alpha
    if samples.dtype == np.uint8:
        return np.rint(alpha / 257).astype(np.uint8)
    return alpha.astype(np.uint16) * np.uint16(257)
