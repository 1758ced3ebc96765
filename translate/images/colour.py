"""Embedded colour profiles: every photo becomes sRGB."""

import io
import logging
from collections.abc import Callable
from functools import cache
from typing import Any, cast

import numpy as np
import numpy.typing as npt
import torch
from PIL import Image, ImageCms
from torch.nn import functional as F

logger = logging.getLogger(__name__)

MODES = {"RGB": "RGB", "GRAY": "L", "CMYK": "CMYK"}
"""Colour space of a profile -> Pillow's mode of the pixels it describes."""

NODES = 52  # of the table for 16-bit photos: every fifth of the 256 steps, both ends among them
DATE = slice(24, 36)  # bytes of a profile that say when it was made

Converter = Callable[[Image.Image], Image.Image]


def converter_to_srgb(image: Image.Image) -> Converter:
    """Choose how an image, or any part of it, becomes 8-bit RGB in sRGB.

    As the embedded profile says; pixels without one are sRGB already.
    """
    profile = _foreign_profile(image.info.get("icc_profile"))
    own_mode = _own_mode(image)
    if profile is None or own_mode != _mode_described(profile):
        return to_rgb
    transform = _transform(profile, own_mode)
    return lambda part: _apply(transform, part.convert(own_mode))


def to_rgb(image: Image.Image) -> Image.Image:
    """Convert to 8-bit RGB, whatever a profile says."""
    return image.convert("RGB")


@cache
def srgb_profile() -> bytes:
    """Describe sRGB as an ICC profile; the same bytes always, so that outputs can be compared."""
    profile = bytearray(ImageCms.ImageCmsProfile(ImageCms.createProfile("sRGB")).tobytes())
    profile[DATE] = bytes.fromhex("07d0 0001 0001 0000 0000 0000")  # the first day of 2000
    return bytes(profile)


def deep_to_srgb(pixels: npt.NDArray[Any], icc: bytes | None) -> npt.NDArray[Any]:
    """Convert pixels of any depth from their profile to sRGB, if it describes such pixels.

    Pillow's colour management has 8 bits a channel. So it converts a coarse table of colours, and
    the pixels are interpolated between its entries: smooth, and right to about one step of 8 bits;
    a few steps for the most vivid colours, those that sRGB has not got.

    Shape:
        (H, W, 3) -> (H, W, 3), same type. Grey has three equal channels.
    """
    profile = _foreign_profile(icc)
    mode = None if profile is None else _mode_described(profile)
    if profile is None or mode not in ("RGB", "L"):
        return pixels
    if mode == "L":
        return _deep_grey_to_srgb(pixels, profile)
    limit = np.iinfo(pixels.dtype).max
    table = torch.from_numpy(_table(profile)).permute(3, 0, 1, 2)[None]
    places = torch.from_numpy(pixels.astype(np.float32)).mul_(2 / limit).sub_(1)
    # grid_sample's coordinates name the last axis first: red, green, blue, as the pixels do.
    colours = F.grid_sample(table, places[None, None], align_corners=True)
    scaled = colours[0, :, 0].permute(1, 2, 0).mul(limit / 255).round().clamp(0, limit)
    return scaled.numpy().astype(pixels.dtype)


def _deep_grey_to_srgb(
    pixels: npt.NDArray[Any], profile: ImageCms.ImageCmsProfile
) -> npt.NDArray[Any]:
    """Interpolate between the 256 greys that Pillow's colour management knows."""
    if (pixels[..., :1] != pixels).any():
        return pixels  # a profile of grey in a file of colours
    limit = np.iinfo(pixels.dtype).max
    ramp = Image.fromarray(np.arange(256, dtype=np.uint8)[None])
    greys = np.asarray(_apply(_transform(profile, "L"), ramp))[0, :, 0] * (limit / 255)
    converted = np.interp(pixels[..., 0], np.linspace(0, limit, 256), greys)
    return np.repeat(converted.round().astype(pixels.dtype)[..., None], 3, axis=2)


def _table(profile: ImageCms.ImageCmsProfile) -> npt.NDArray[np.float32]:
    """Tabulate the sRGB colours of a cube of colours: (blue, green, red, channel)."""
    steps = np.linspace(0, 255, NODES).astype(np.uint8)
    blue, green, red = np.meshgrid(steps, steps, steps, indexing="ij")
    cube = np.stack([red, green, blue], axis=-1).reshape(NODES, NODES * NODES, 3)
    colours = np.asarray(_apply(_transform(profile, "RGB"), Image.fromarray(cube)))
    return colours.reshape(NODES, NODES, NODES, 3).astype(np.float32)


def _transform(profile: ImageCms.ImageCmsProfile, mode: str) -> ImageCms.ImageCmsTransform:
    return ImageCms.buildTransform(
        profile,
        ImageCms.createProfile("sRGB"),
        mode,
        "RGB",
        ImageCms.Intent.RELATIVE_COLORIMETRIC,
        ImageCms.Flags.BLACKPOINTCOMPENSATION,
    )


def _apply(transform: ImageCms.ImageCmsTransform, image: Image.Image) -> Image.Image:
    return cast("Image.Image", ImageCms.applyTransform(image, transform))  # None only in place


def _foreign_profile(icc: bytes | None) -> ImageCms.ImageCmsProfile | None:
    """Open a profile; None where there is nothing to convert."""
    if not icc:
        return None
    try:
        profile = ImageCms.ImageCmsProfile(io.BytesIO(icc))
        name = ImageCms.getProfileDescription(profile)
    except (ImageCms.PyCMSError, OSError) as error:
        logger.debug("a colour profile is ignored, it cannot be read: %s", error)
        return None
    return None if "sRGB" in name else profile


def _mode_described(profile: ImageCms.ImageCmsProfile) -> str | None:
    return MODES.get(profile.profile.xcolor_space.strip())


def _own_mode(image: Image.Image) -> str:
    if image.mode == "CMYK":
        return "CMYK"
    return "L" if image.mode in ("1", "L", "LA", "La") else "RGB"
