"""From a file to a photo."""

from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any, BinaryIO, NamedTuple, cast

import cv2
import numpy as np
import numpy.typing as npt
from PIL import Image

from translate.errors import DataError
from translate.images.colour import converter_to_srgb, deep_to_srgb, to_rgb
from translate.images.facts import read_facts
from translate.images.faults import DECODER_ERRORS, UnfitError, explain
from translate.images.heads import is_deep, is_in_planes, is_inverted, opened, orientation_of
from translate.images.multiband import read_page
from translate.images.photo import Photo
from translate.images.tensors import Pixels
from translate.images.upright import SWAPPED, lay_down, turn_upright

STRIP_PIXELS = 2**20  # converted at a time, so that no further copy of a whole photo is made


def open_photo(file: Path, is_managed: bool = True) -> Photo:
    """Read a photo, whatever kind it is, as it should be seen.

    Grey, palette, CMYK and other kinds become RGB; an embedded colour profile is honoured, so that
    the pixels are sRGB; orientation is applied; transparency is set aside. Of several frames the
    first is taken. 16-bit files stay 16-bit, but AVIF and HEIC of 10 or 12 bits become 8-bit.

    Args:
        is_managed: Whether an embedded profile counts. In a map of classes it would rename them.
            Only then are a photo's `facts` read.

    Raises:
        DataError: The file is missing, empty, not an image, damaged, cut short, beyond the pixel
            limit, of a depth other than 8 and 16 bits, or of a format that takes an extra package.
    """
    try:
        return decode(file, is_managed)
    except DECODER_ERRORS as error:
        raise DataError(f"{file}: {explain(error)}. Mend the file or remove it.") from error


def decode(file: Path, is_managed: bool = True) -> Photo:
    """Do what `open_photo` promises, but raise any of `DECODER_ERRORS`."""
    with _loaded(file) as (image, has_16_bits, stream):
        read = _read_deep if has_16_bits else _read
        photo = read(image, stream, is_managed)
        if not is_managed:
            return photo
        height, width = photo.pixels.shape[:2]
        facts = read_facts(image, stream, width, height)
        return Photo(photo.pixels, photo.alpha, facts)


def decode_stored(file: Path) -> Pixels:
    """Read the channels as they are stored, upright: no profile, no palette, alpha among them.

    Shape:
        (H, W, C), uint8 or uint16.

    Raises:
        DECODER_ERRORS: The file is damaged, or of no use.
    """
    with _loaded(file) as (image, has_16_bits, stream):
        if has_16_bits:
            samples = _read_samples(image, stream)
            if samples.ndim == 3:
                samples = samples[..., [2, 1, 0, 3][: samples.shape[2]]]  # OpenCV has blue first
        else:
            stored = np.array(image.convert("L") if image.mode == "1" else image)
            samples = turn_upright(stored, orientation_of(image))
    return np.ascontiguousarray(samples if samples.ndim == 3 else samples[..., None])


class _Loaded(NamedTuple):
    image: Image.Image
    has_16_bits: bool  # which Pillow's pixels then may not have
    stream: BinaryIO


@contextmanager
def _loaded(file: Path) -> Iterator[_Loaded]:
    # Not by name: given one, Pillow maps raw files into memory and turns oblong TIFFs wrongly.
    with file.open("rb") as stream, opened(stream) as image:
        has_16_bits = is_deep(image)
        image.load()  # also for deep files: of the two decoders Pillow alone notices damage
        yield _Loaded(image, has_16_bits, stream)


def _read(image: Image.Image, _: BinaryIO, is_managed: bool) -> Photo:
    """Convert strip by strip, straight to where the pixels belong when the photo is upright."""
    orientation = orientation_of(image)
    width, height = image.size[::-1] if orientation in SWAPPED else image.size
    pixels = np.empty((height, width, 3), np.uint8)
    alpha = np.empty((height, width), np.uint8) if image.has_transparency_data else None
    to_colours = converter_to_srgb(image) if is_managed else to_rgb
    lying = lay_down(pixels, orientation)
    lying_alpha = None if alpha is None else lay_down(alpha, orientation)
    for rows, stored in _strips(image):
        strip = stored
        if stored.mode == "P":  # entries of a palette may be transparent by degrees
            strip = stored.convert("RGB" if alpha is None else "RGBA")
        if lying_alpha is not None:
            lying_alpha[rows] = np.asarray(strip.convert("RGBA").getchannel("A"))
        lying[rows] = np.asarray(to_colours(strip))
    return Photo(pixels, alpha)


def _strips(image: Image.Image) -> Iterator[tuple[slice, Image.Image]]:
    width, height = image.size
    rows = max(1, STRIP_PIXELS // width)
    if rows >= height:
        yield slice(None), image
        return
    for top in range(0, height, rows):
        bottom = min(top + rows, height)
        yield slice(top, bottom), image.crop((0, top, width, bottom))


def _read_deep(image: Image.Image, stream: BinaryIO, is_managed: bool) -> Photo:
    colours, alpha = _split(_read_samples(image, stream))
    profile = image.info.get("icc_profile") if is_managed else None
    return Photo(deep_to_srgb(colours, profile), alpha)


def _read_samples(image: Image.Image, stream: BinaryIO) -> npt.NDArray[Any]:
    """Read grey, BGR or BGRA of any depth, upright."""
    samples = _read_planes(stream) if is_in_planes(image) else _read_pixels(stream)
    if samples is None or samples.dtype not in (np.uint8, np.uint16):
        kind = image.mode if samples is None else samples.dtype
        raise UnfitError(f"has {kind} samples, expected 8 or 16 bits a channel (export it as such)")
    if image.format != "TIFF":  # OpenCV turns those itself
        samples = turn_upright(samples, orientation_of(image))
    return np.iinfo(samples.dtype).max - samples if is_inverted(image) else samples


def _read_pixels(stream: BinaryIO) -> npt.NDArray[Any] | None:
    stream.seek(0)
    found = cv2.imdecode(np.frombuffer(stream.read(), np.uint8), cv2.IMREAD_UNCHANGED)
    return cast("npt.NDArray[Any] | None", found)


def _read_planes(stream: BinaryIO) -> npt.NDArray[Any]:
    """Read what OpenCV would mix up, in its order of colours."""
    samples = read_page(stream)
    channels = samples.shape[2]
    return samples[..., 0] if channels == 1 else samples[..., [2, 1, 0, 3][:channels]]


def _split(samples: npt.NDArray[Any]) -> tuple[npt.NDArray[Any], npt.NDArray[Any] | None]:
    """Part OpenCV's grey, BGR or BGRA into RGB and alpha."""
    if samples.ndim == 2:
        return np.stack([samples] * 3, axis=2), None
    alpha = np.ascontiguousarray(samples[..., 3]) if samples.shape[2] == 4 else None
    return np.ascontiguousarray(samples[..., 2::-1]), alpha
