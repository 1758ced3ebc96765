"""Embedded colour profiles: every photo becomes sRGB."""

import io
import logging
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


def to_srgb(image: Image.Image) -> Image.Image:
    """Convert to 8-bit RGB as the embedded profile says; pixels without one are sRGB already."""
    profile = _foreign_profile(image.info.get("icc_profile"))
    own_mode = _own_mode(image)
    if profile is None or own_mode != _mode_described(profile):
        return image.convert("RGB")
    return _transform(image.convert(own_mode), profile)


def deep_to_srgb(pixels: npt.NDArray[Any], icc: bytes | None) -> npt.NDArray[Any]:
    """Convert RGB pixels of any depth from their profile, if it is one of RGB, to sRGB.

    Pillow's colour management has 8 bits a channel. So it converts a coarse table of colours, and
    the pixels are interpolated between its entries: smooth, and right to about one step of 8 bits;
    a few steps for the most vivid colours, those that sRGB has not got.

    Shape:
        (H, W, 3) -> (H, W, 3), same type.
    """
    profile = _foreign_profile(icc)
    if profile is None or _mode_described(profile) != "RGB":
        return pixels
    limit = np.iinfo(pixels.dtype).max
    table = torch.from_numpy(_table(profile)).permute(3, 0, 1, 2)[None]
    places = torch.from_numpy(pixels.astype(np.float32)).mul_(2 / limit).sub_(1)
    # grid_sample's coordinates name the last axis first: red, green, blue, as the pixels do.
    colours = F.grid_sample(table, places[None, None], align_corners=True)
    scaled = colours[0, :, 0].permute(1, 2, 0).mul(limit / 255).round().clamp(0, limit)
    return scaled.numpy().astype(pixels.dtype)


def _table(profile: ImageCms.ImageCmsProfile) -> npt.NDArray[np.float32]:
    """Tabulate the sRGB colours of a cube of colours: (blue, green, red, channel)."""
    steps = np.linspace(0, 255, NODES).astype(np.uint8)
    blue, green, red = np.meshgrid(steps, steps, steps, indexing="ij")
    cube = np.stack([red, green, blue], axis=-1).reshape(NODES, NODES * NODES, 3)
    colours = np.asarray(_transform(Image.fromarray(cube), profile))
    return colours.reshape(NODES, NODES, NODES, 3).astype(np.float32)


def _transform(image: Image.Image, profile: ImageCms.ImageCmsProfile) -> Image.Image:
    srgb = ImageCms.createProfile("sRGB")
    converted = ImageCms.profileToProfile(  # None only for conversion in place
        image,
        profile,
        srgb,
        renderingIntent=ImageCms.Intent.RELATIVE_COLORIMETRIC,
        outputMode="RGB",
        flags=ImageCms.Flags.BLACKPOINTCOMPENSATION,
    )
    return cast("Image.Image", converted)


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
