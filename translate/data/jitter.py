"""Random views of training photos (albumentations), and the one fixed view of held-out photos."""

from collections.abc import Sequence
from typing import Any, Literal, cast

import albumentations
import cv2
import numpy as np

from translate.images import Pixels

Resize = Literal["shorter_side", "square", "none"]
_RESAMPLING: dict[str, Any] = {"interpolation": cv2.INTER_CUBIC, "area_for_downscale": "image"}


class Jitter:
    """Enlarge a little, crop anywhere, mirror every other time.

    Depth is kept: albumentations and OpenCV resize, crop and flip 16-bit photos as they are.

    Args:
        resize: What `load_px` is: the shorter side, both sides (proportions are lost), or nothing.
        load_px: Side to resize to. Pixels are averaged when shrinking, else bicubic.
        crop_px: Side of the square that is cut out.
        flip: Whether left and right may be exchanged.

    Source:
        Isola et al. 2017, 6.2 (training details): 286 px resized, 256 px cropped, mirrored.
    """

    def __init__(self, resize: Resize, load_px: int, crop_px: int, flip: bool) -> None:
        self.crop_px = crop_px
        steps = [albumentations.RandomCrop(crop_px, crop_px)]
        if resize == "shorter_side":
            steps.insert(0, albumentations.SmallestMaxSize(load_px, **_RESAMPLING))
        elif resize == "square":
            steps.insert(0, albumentations.Resize(load_px, load_px, **_RESAMPLING))
        if flip:
            steps.append(albumentations.HorizontalFlip(p=0.5))
        self.transform = albumentations.Compose(steps)

    def __call__(self, pixels: Pixels, seed: Sequence[int]) -> Pixels:
        """Cut a view out of a photo: the same for equal seeds, wherever and whenever it is asked.

        Shape:
            (H, W, 3) -> (crop_px, crop_px, 3), same type.
        """
        # Left alone, albumentations repeats its numbers in every worker and every epoch.
        self.transform.set_random_seed(int(np.random.SeedSequence(seed).generate_state(1)[0]))
        view: Pixels = self.transform(image=pixels)["image"]
        return view


def center_view(pixels: Pixels, side_px: int) -> Pixels:
    """Show the middle of a photo, always the same, as large as fits.

    Shape:
        (H, W, 3) -> (side_px, side_px, 3), same type; the shorter side is resized to side_px.
    """
    height, width = pixels.shape[:2]
    scale = side_px / min(height, width)
    if scale != 1:
        size = max(side_px, round(width * scale)), max(side_px, round(height * scale))
        how = cv2.INTER_AREA if scale < 1 else cv2.INTER_CUBIC
        pixels = cast("Pixels", cv2.resize(pixels, size, interpolation=how))
    top, left = (pixels.shape[0] - side_px) // 2, (pixels.shape[1] - side_px) // 2
    return pixels[top : top + side_px, left : left + side_px]
