"""From a file to a photo."""

from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import cv2
import numpy as np
import numpy.typing as npt
from PIL import Image, ImageOps

from translate.errors import DataError
from translate.images.colour import deep_to_srgb, to_srgb
from translate.images.faults import DECODER_ERRORS, UnfitError, explain, too_many_pixels
from translate.images.photo import Photo
from translate.images.tensors import Pixels
from translate.images.upright import ORIENTATION, turn_upright

TIFF_BITS, TIFF_COLOURS, TIFF_INKS = 258, 262, 5


def open_photo(file: Path, is_managed: bool = True) -> Photo:
    """Read a photo, whatever kind it is, as it should be seen.

    Grey, palette, CMYK and other kinds become RGB; an embedded colour profile is honoured, so that
    the pixels are sRGB; orientation is applied; transparency is set aside. Of several frames the
    first is taken. 16-bit files stay 16-bit.

    Args:
        is_managed: Whether an embedded profile counts. In a map of classes it would rename them.

    Raises:
        DataError: The file is missing, not an image, damaged, cut short, beyond the pixel limit or
            of a depth other than 8 and 16 bits.
    """
    try:
        return decode(file, is_managed)
    except DECODER_ERRORS as error:
        raise DataError(f"{file}: {explain(error)}. Mend the file or remove it.") from error


def decode(file: Path, is_managed: bool = True) -> Photo:
    """Do what `open_photo` promises, but raise any of `DECODER_ERRORS`."""
    with _loaded(file) as (image, is_deep):
        return _read_deep(file, image, is_managed) if is_deep else _read(image, is_managed)


def decode_stored(file: Path) -> Pixels:
    """Read the channels as they are stored, upright: no profile, no palette, alpha among them.

    Shape:
        (H, W, C), uint8 or uint16.

    Raises:
        DECODER_ERRORS: The file is damaged, or of no use.
    """
    with _loaded(file) as (image, is_deep):
        if is_deep:
            samples = _read_samples(file, image)
            if samples.ndim == 3:
                samples = samples[..., [2, 1, 0, 3][: samples.shape[2]]]  # OpenCV has blue first
        else:
            upright = ImageOps.exif_transpose(image)
            samples = np.array(upright.convert("L") if upright.mode == "1" else upright)
    return np.ascontiguousarray(samples if samples.ndim == 3 else samples[..., None])


@contextmanager
def _loaded(file: Path) -> Iterator[tuple[Image.Image, bool]]:
    """Open an image and say whether it has 16 bits, which Pillow's pixels then may not have."""
    # Not by name: given one, Pillow maps raw files into memory and turns oblong TIFFs wrongly.
    with file.open("rb") as stream, Image.open(stream) as image:
        if image.width * image.height > (Image.MAX_IMAGE_PIXELS or float("inf")):
            raise UnfitError(too_many_pixels())
        has_16_bits = is_deep(image)
        image.load()  # also for deep files: of the two decoders Pillow alone notices damage
        yield image, has_16_bits


def _read(image: Image.Image, is_managed: bool) -> Photo:
    image = ImageOps.exif_transpose(image)
    if image.mode == "P":  # entries of a palette may be transparent by degrees
        image = image.convert("RGBA" if image.has_transparency_data else "RGB")
    alpha = None
    if image.has_transparency_data:
        alpha = np.array(image.convert("RGBA").getchannel("A"))
    return Photo(np.array(to_srgb(image) if is_managed else image.convert("RGB")), alpha)


def is_deep(image: Image.Image) -> bool:
    """Say whether the file holds 16-bit samples: Pillow alone would give 8 bits of most of them.

    Only the open image tells: what decoding is asked to do is forgotten once it is done.
    """
    if image.format == "TIFF":
        tags: Any = image.tag_v2  # type: ignore[attr-defined]
        return bool(max(tags.get(TIFF_BITS, (1,))) > 8 and tags.get(TIFF_COLOURS) != TIFF_INKS)
    layouts = [str(tile.args) for tile in getattr(image, "tile", ())]
    return image.mode[0] in "IF" or any(";16" in layout for layout in layouts)


def _read_deep(file: Path, image: Image.Image, is_managed: bool) -> Photo:
    colours, alpha = _split(_read_samples(file, image))
    profile = image.info.get("icc_profile") if is_managed else None
    return Photo(deep_to_srgb(colours, profile), alpha)


def _read_samples(file: Path, image: Image.Image) -> npt.NDArray[Any]:
    """Let OpenCV read grey, BGR or BGRA of any depth, upright."""
    samples = cv2.imdecode(np.fromfile(file, np.uint8), cv2.IMREAD_UNCHANGED)
    if samples is None or samples.dtype not in (np.uint8, np.uint16):
        kind = image.mode if samples is None else samples.dtype
        raise UnfitError(f"has {kind} samples, expected 8 or 16 bits a channel (export it as such)")
    if image.format != "TIFF":  # OpenCV turns those itself
        samples = turn_upright(samples, image.getexif().get(ORIENTATION, 1))
    return samples


def _split(samples: npt.NDArray[Any]) -> tuple[npt.NDArray[Any], npt.NDArray[Any] | None]:
    """Part OpenCV's grey, BGR or BGRA into RGB and alpha."""
    if samples.ndim == 2:
        return np.stack([samples] * 3, axis=2), None
    alpha = np.ascontiguousarray(samples[..., 3]) if samples.shape[2] == 4 else None
    return np.ascontiguousarray(samples[..., 2::-1]), alpha
