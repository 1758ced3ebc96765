"""Random views of training photos (albumentations), and the one fixed view of held-out photos."""

from collections.abc import Callable, Sequence
from typing import Any, Literal, cast

import albumentations
import cv2
import numpy as np
from torch import Tensor
from torchvision.transforms.v2.functional import (
    adjust_brightness,
    adjust_contrast,
    adjust_saturation,
)

from translate.images import Pixels

Resize = Literal["shorter_side", "square", "none"]
Resampling = Literal["smooth", "nearest"]
MOST_CHANNELS = 4  # OpenCV averages no more at once
_SMOOTH: dict[str, Any] = {"interpolation": cv2.INTER_CUBIC, "area_for_downscale": "image"}
_RESAMPLING = {"smooth": _SMOOTH, "nearest": {"interpolation": cv2.INTER_NEAREST_EXACT}}


class Jitter:
    """Enlarge a little, crop anywhere, mirror every other time.

    Depth is kept: albumentations and OpenCV resize, crop and flip 16-bit photos as they are.

    Args:
        resize: What `load_px` is: the shorter side, both sides (proportions are lost), or nothing.
        load_px: Side to resize to. Pixels are averaged when shrinking, else bicubic.
        crop_px: Side of the square that is cut out.
        flip: Whether left and right may be exchanged.
        resampling: "nearest" keeps every value as it is, for label maps.

    Source:
        Isola et al. 2017, 6.2 (training details): 286 px resized, 256 px cropped, mirrored.
    """

    def __init__(
        self,
        resize: Resize,
        load_px: int,
        crop_px: int,
        flip: bool,
        resampling: Resampling = "smooth",
    ) -> None:
        self.crop_px = crop_px
        how = _RESAMPLING[resampling]
        steps = [albumentations.RandomCrop(crop_px, crop_px)]
        if resize == "shorter_side":
            steps.insert(0, albumentations.SmallestMaxSize(load_px, **how))
        elif resize == "square":
            steps.insert(0, albumentations.Resize(load_px, load_px, **how))
        if flip:
            steps.append(albumentations.HorizontalFlip(p=0.5))
        self.transform = albumentations.Compose(steps)

    def __call__(self, pixels: Pixels, seed: Sequence[int]) -> Pixels:
        """Cut a view out of a photo: the same for equal seeds, wherever and whenever it is asked.

        Two photos of one size are cut alike by equal seeds, whatever they show and however they are
        resampled.

        Shape:
            (H, W, C) -> (crop_px, crop_px, C), same type.
        """
        number = int(np.random.SeedSequence(seed).generate_state(1)[0])

        def cut(some: Pixels) -> Pixels:
            # Left alone, albumentations repeats its numbers in every worker and every epoch.
            self.transform.set_random_seed(number)
            view: Pixels = self.transform(image=some)["image"]
            return view

        return _by_channels(pixels, cut)


def center_view(
    pixels: Pixels, side_px: int, resampling: Resampling = "smooth", is_resized: bool = True
) -> Pixels:
    """Show the middle of a photo, always the same, as large as fits.

    Args:
        is_resized: Whether the shorter side becomes side_px. Else a piece is shown as it is, as
            training sees pieces that are not resized; what is smaller is still enlarged.

    Shape:
        (H, W, C) -> (side_px, side_px, C), same type.
    """
    if not is_resized:
        pixels = _middle(pixels, side_px)
    height, width = pixels.shape[:2]
    scale = side_px / min(height, width)
    if scale != 1:
        size = max(side_px, round(width * scale)), max(side_px, round(height * scale))
        how = cv2.INTER_AREA if scale < 1 else cv2.INTER_CUBIC
        if resampling == "nearest":
            how = cv2.INTER_NEAREST_EXACT
        pixels = _by_channels(
            pixels,
            lambda some: cast("Pixels", np.atleast_3d(cv2.resize(some, size, interpolation=how))),
        )
    return _middle(pixels, side_px)


def _middle(pixels: Pixels, side_px: int) -> Pixels:
    top, left = (max(0, side - side_px) // 2 for side in pixels.shape[:2])
    return pixels[top : top + side_px, left : left + side_px]


def _by_channels(pixels: Pixels, change: Callable[[Pixels], Pixels]) -> Pixels:
    """Change an image of any number of channels, as many at a time as OpenCV takes."""
    starts = range(0, pixels.shape[2], MOST_CHANNELS)
    if len(starts) == 1:
        return change(pixels)
    parts = [
        change(cast("Pixels", np.ascontiguousarray(pixels[..., i : i + MOST_CHANNELS])))
        for i in starts
    ]
    return cast("Pixels", np.concatenate(parts, axis=2))


def vary_light(image: Tensor, strength: float, randomness: np.random.Generator) -> Tensor:
    """Change brightness, contrast and, of a coloured image, saturation, each on its own.

    Args:
        strength: 0.2 scales each by 0.8 to 1.2.

    Shape:
        (1 or 3, H, W) in [-1, 1] -> the same.
    """
    photo = (image + 1) / 2
    adjustments = (adjust_brightness, adjust_contrast, adjust_saturation)
    for adjust in adjustments[: 3 if len(image) == 3 else 2]:
        photo = adjust(photo, 1 + strength * randomness.uniform(-1, 1))
    return photo * 2 - 1
