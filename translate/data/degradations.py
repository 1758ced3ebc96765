"""Ways to spoil a photo: a network then learns the way back.

Whoever translates later brings photos that are spoilt already, and gives them to the network as it
saw them in training:

- `greyscale`: a photo of any kind; its brightness is taken, its colours are ignored.
- `downscale`: a small photo, first enlarged `factor` times by bicubic resampling; in Pillow
  `photo.resize((factor * photo.width, factor * photo.height), Image.Resampling.BICUBIC)`.
- `blur`, `noise`: the blurred or noisy photo as it is.
- `hole`: the photo with a square painted over in middle grey (128, 128, 128).
- `edges`: thin dark lines on white.

Sharpness and noise belong to single pixels: for `downscale`, `blur` and `noise` set `resize: none`
and learn from photos that are good at full size.
"""

from collections.abc import Callable
from typing import Annotated, Any, ClassVar, Literal

import cv2
import numpy as np
import torch
from kornia.filters import canny, gaussian_blur2d
from pydantic import AfterValidator, BeforeValidator, Field
from torch import Tensor
from torch.nn import functional as F

from translate.config import Settings
from translate.images import Encoding
from translate.images.encoding import GREY

Place = Literal["middle", "anywhere"]

BLUR_REACH = 3  # standard deviations: beyond, the bell holds 0.3 % of its weight


def _number(value: object) -> object:
    """Read what a flag says: always text."""
    return int(value) if isinstance(value, str) and value.isdecimal() else value


def _bounds(numbers: tuple[float, ...]) -> tuple[float, float]:
    """Make one number the least and the most."""
    if len(numbers) not in (1, 2) or not 0 < numbers[0] <= numbers[-1]:
        found = " ".join(map(str, numbers)) or "nothing"
        raise ValueError(f"must be one number above 0, or two, the smaller first, got {found}")
    return numbers[0], numbers[-1]


Factor = Annotated[Literal[2, 4], BeforeValidator(_number)]
Range = Annotated[tuple[float, ...], AfterValidator(_bounds)]


class GreyscaleSettings(Settings):
    """Colourise: take all colour away."""

    encoding: ClassVar[Encoding] = Encoding(kind="grey", channels=1)
    domains: ClassVar[tuple[str, str]] = (
        "grey",
        "colour",
    )  # what people call spoilt and whole photos
    name: Literal["greyscale"] = "greyscale"


class DownscaleSettings(Settings):
    """Super-resolve: take the fine detail away."""

    encoding: ClassVar[Encoding] = Encoding()
    domains: ClassVar[tuple[str, str]] = ("coarse", "fine")
    name: Literal["downscale"] = "downscale"
    factor: Factor = 2  # so many times smaller in height and width, then enlarged again


class BlurSettings(Settings):
    """Deblur: put the photo out of focus."""

    encoding: ClassVar[Encoding] = Encoding()
    domains: ClassVar[tuple[str, str]] = ("blurred", "sharp")
    name: Literal["blur"] = "blur"
    sigma_px: Range = (1.0, 3.0)  # least and most standard deviation of the bell; drawn per photo


class NoiseSettings(Settings):
    """Denoise: add what a sensor adds in the dark."""

    encoding: ClassVar[Encoding] = Encoding()
    domains: ClassVar[tuple[str, str]] = ("noisy", "clean")
    name: Literal["noise"] = "noise"
    sigma: Range = (5.0, 50.0)  # least and most standard deviation, in steps of 255; per photo


class HoleSettings(Settings):
    """Fill a hole: take a square away."""

    encoding: ClassVar[Encoding] = Encoding()
    domains: ClassVar[tuple[str, str]] = ("holed", "whole")
    name: Literal["hole"] = "hole"
    share: float = Field(0.5, gt=0, le=1)  # side of the square as a share of the shorter side
    place: Place = "middle"


class EdgesSettings(Settings):
    """Photo from edges: keep outlines only, and forget which side was bright."""

    encoding: ClassVar[Encoding] = Encoding(kind="grey", channels=1)
    domains: ClassVar[tuple[str, str]] = ("edges", "photo")
    name: Literal["edges"] = "edges"
    sigma_px: float = Field(1.5, gt=0, le=20)  # blurred first: more leaves fewer, longer lines
    thresholds: Range = (0.2, 0.4)  # a line begins above the second, goes on above the first


Degradation = Annotated[
    GreyscaleSettings
    | DownscaleSettings
    | BlurSettings
    | NoiseSettings
    | HoleSettings
    | EdgesSettings,
    Field(discriminator="name"),
]


def degrade(photo: Tensor, settings: Degradation, randomness: np.random.Generator) -> Tensor:
    """Spoil a photo in the way that settings name.

    Args:
        randomness: Where strength and place are drawn from: equal ones give equal results.

    Shape:
        (3, H, W) in [-1, 1] -> (settings.encoding.channels, H, W) in [-1, 1].
    """
    return DEGRADATIONS[settings.name](photo, randomness, **settings.model_dump(exclude={"name"}))


def greyscale(photo: Tensor, _: np.random.Generator) -> Tensor:
    """Keep brightness alone, as `Encoding` does with files.

    Shape:
        (3, H, W) -> (1, H, W).

    Source:
        ITU-R BT.601, 2.5.1.
    """
    brightness: Tensor = torch.tensordot(torch.tensor(GREY), photo, dims=1)
    return brightness[None].clamp(-1, 1)  # the weights sum to 1 only up to rounding


def downscale(photo: Tensor, _: np.random.Generator, factor: int) -> Tensor:
    """Average squares of pixels, and enlarge what is left to the size that was.

    So the network keeps its size, and the small photo is enlarged in the same way before use.

    Shape:
        (3, H, W) -> (3, H, W).
    """
    sides = photo.shape[-2:]
    small = [max(1, round(side / factor)) for side in sides]
    averaged = F.interpolate(photo[None], small, mode="area")
    # With `antialias`, which changes nothing else in enlarging, PyTorch's cubic is that of Pillow.
    enlarged = F.interpolate(averaged, sides, mode="bicubic", antialias=True)
    return enlarged[0].clamp(-1, 1)


def blur(photo: Tensor, randomness: np.random.Generator, sigma_px: tuple[float, float]) -> Tensor:
    """Spread every pixel over a bell.

    Shape:
        (3, H, W) -> (3, H, W).
    """
    sigma = randomness.uniform(*sigma_px)
    blurred: Tensor = gaussian_blur2d(photo[None], _window(photo, sigma), (sigma, sigma))
    return blurred[0].clamp(-1, 1)


def noise(photo: Tensor, randomness: np.random.Generator, sigma: tuple[float, float]) -> Tensor:
    """Add to every colour of every pixel a number of its own; what leaves the range is clipped.

    Shape:
        (3, H, W) -> (3, H, W).
    """
    strength = randomness.uniform(*sigma) / 127.5  # [-1, 1] is 255 steps long
    grain = torch.from_numpy(randomness.standard_normal(photo.shape, dtype=np.float32))
    return (photo + strength * grain).clamp(-1, 1)


def hole(photo: Tensor, randomness: np.random.Generator, share: float, place: Place) -> Tensor:
    """Paint a square of middle grey over a photo.

    Shape:
        (3, H, W) -> (3, H, W).
    """
    height, width = photo.shape[-2:]
    side = max(1, round(share * min(height, width)))
    top, left = (height - side) // 2, (width - side) // 2
    if place == "anywhere":
        top, left = (int(randomness.integers(room - side + 1)) for room in (height, width))
    holed = photo.clone()
    holed[:, top : top + side, left : left + side] = 0
    return holed


def edges(
    photo: Tensor,
    randomness: np.random.Generator,
    sigma_px: float,
    thresholds: tuple[float, float],
) -> Tensor:
    """Draw outlines, a pixel wide, black on white as people draw.

    Shape:
        (3, H, W) -> (1, H, W), either -1 or 1.

    Source:
        Canny 1986, "A Computational Approach to Edge Detection".
    """
    grey = (greyscale(photo, randomness)[None] + 1) / 2
    window = _window(photo, sigma_px)
    # Kornia's own hysteresis follows each line pixel by pixel: up to half a second for 256 px.
    graded = canny(grey, *thresholds, window, (sigma_px, sigma_px), hysteresis=False)[1][0, 0]
    lines = cv2.connectedComponents((graded > 0).byte().numpy(), connectivity=8)[1]
    is_kept = np.zeros(lines.max() + 1, np.bool_)
    is_kept[lines[graded.numpy() == 1]] = True  # a line is kept whole if any of it is strong
    return 1 - 2 * torch.from_numpy(is_kept[lines])[None].float()


# The names are written into recipes: never rename one, only add.
DEGRADATIONS: dict[str, Callable[..., Tensor]] = {
    "greyscale": greyscale,
    "downscale": downscale,
    "blur": blur,
    "noise": noise,
    "hole": hole,
    "edges": edges,
}


def _window(photo: Tensor, sigma_px: float) -> tuple[Any, Any]:
    """Size a bell's window, (height, width); reflection reaches no farther than a photo's sides."""
    reach = int(np.ceil(BLUR_REACH * sigma_px))
    height, width = (2 * min(reach, side - 1) + 1 for side in photo.shape[-2:])
    return height, width
