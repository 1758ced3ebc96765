"""The kinds of images a translator takes, and the way back to the same kind."""

from collections.abc import Callable
from functools import singledispatch
from pathlib import Path
from typing import Any, Literal, NamedTuple

import numpy as np
import torch
from numpy.typing import NDArray
from PIL import Image
from torch import Tensor

from translate.errors import DataError, TranslateError
from translate.images import Encoding, Photo, Pixels, open_photo, open_samples
from translate.images.faults import DECODER_ERRORS

OVERSHOOT = 1e-3  # rounding may carry a tensor this far beyond [-1, 1]
ADVICE = {
    "photo": "Repeat a grey photo three times; set alpha aside.",
    "grey": "Set alpha aside.",
    "labels": "A label map is made of numbers (H, W) or of colours (H, W, 3); set alpha aside.",
    "bands": "Give the bands that the bundle was trained with, in the same order.",
}


class Opened(NamedTuple):
    """An image of some kind as tensor, and how to give its translation back as that kind.

    Shape:
        images: (N, channels of the source, H, W) in [-1, 1].
    """

    images: Tensor
    restore: Callable[[Tensor], Any]  # takes as many channels as the target has


@singledispatch
def open_kind(photo: object, source: Encoding, target: Encoding) -> Opened:
    """Turn one image, or one stack of images, into a tensor.

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
        _encode([photo.pixels], source, f"{file}:"),
        lambda images: _to_image(target.decode(images[0], depth), photo.alpha, target),
    )


@open_kind.register(Photo)
def _open_photo(photo: Photo, source: Encoding, target: Encoding) -> Opened:
    """The folder command's own: 16 bits stay 16 bits."""

    def restore(translated: Tensor) -> Photo:
        samples = target.decode(translated[0], _depth(photo.pixels))
        if photo.alpha is None or target.kind not in ("photo", "grey"):
            return Photo(samples)
        return Photo(samples, _as_deep(photo.alpha, samples))

    return Opened(_encode([photo.pixels], source, "it"), restore)


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
        _encode([samples], source, "The PIL image"),
        lambda images: _to_image(target.decode(images[0], _depth(samples)), alpha, target),
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

    def restore(translated: Tensor) -> NDArray[Any]:
        stack = np.stack([target.decode(each, _depth(samples)) for each in translated])
        if pixels.ndim == 2 and stack.shape[-1] == 1:
            return stack[0, ..., 0]
        return stack if pixels.ndim == 4 else stack[0]

    stack = samples if samples.ndim == 4 else samples[None]
    return Opened(_encode(list(stack), source, "The array"), restore)


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
    images = tensor.detach() if tensor.ndim == 4 else tensor.detach()[None]

    def restore(translated: Tensor) -> Tensor:
        return translated.to(tensor) if tensor.ndim == 4 else translated[0].to(tensor)

    return Opened(images, restore)


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


def _encode(stack: list[Pixels], source: Encoding, subject: str) -> Tensor:
    """Encode images of one size; what is wrong with one is told as a sentence on its subject."""
    try:
        return torch.stack([source.encode(samples) for samples in stack])
    except DataError as error:
        raise DataError(f"{subject} {error}. Give it what the bundle was trained with.") from error


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
