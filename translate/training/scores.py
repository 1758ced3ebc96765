"""How real each patch looks to a discriminator, as colours over the image it judged."""

import torch
import torch.nn.functional as F
from PIL import Image, ImageDraw, ImageFont
from torch import Tensor

from translate.images.encoding import GREY
from translate.images.grid import GUTTER_PX, INK, PAPER

# From translated to real over undecided; people who see red and green alike tell blue from red.
# The ends and the middle of ColorBrewer's RdBu (Brewer & Harrower 2003), a diverging scale.
TRANSLATED, UNDECIDED, REAL = (33, 102, 172), (247, 247, 247), (178, 24, 43)
STRENGTH = 0.6  # of the colours over the image: it must still be seen which patch is meant
LEAST_WORDS_PX = 380  # so wide are the three words beside one another
SCALE_PX, TEXT_PX = 10, 13


def overlay(images: Tensor, scores: Tensor) -> Tensor:
    """Lay scores over images as colours: blue is called translated, red is called real.

    Shape:
        images (N, 3, H, W) in [-1, 1], scores (N, 1, h, w) in [0, 1] -> (N, 3, H, W) in [-1, 1].
    """
    # Patches overlap; each score stands for the middle of its own.
    spread = F.interpolate(scores, images.shape[-2:], mode="bilinear", align_corners=False)
    colours = colours_of(spread[:, 0])
    weights = torch.tensor(GREY).reshape(3, 1, 1)
    grey = (images * weights).sum(dim=1, keepdim=True)
    return torch.lerp(grey.expand_as(images), colours, STRENGTH)


def colours_of(scores: Tensor) -> Tensor:
    """Give each score its colour; what is no number counts as undecided.

    Shape:
        (N, H, W) in [0, 1] -> (N, 3, H, W) in [-1, 1].
    """
    certain = scores.nan_to_num(0.5).clamp(0, 1)[:, None] * 2 - 1  # -1 translated, 1 real
    ends = [torch.tensor(c).reshape(3, 1, 1) / 127.5 - 1 for c in (TRANSLATED, UNDECIDED, REAL)]
    translated, undecided, real = ends
    return (
        undecided
        + certain.clamp(min=0) * (real - undecided)
        + (-certain).clamp(min=0) * (translated - undecided)
    )


def add_scale(sheet: Image.Image) -> Image.Image:
    """Add a scale below a sheet of scores; where its images lie stays as it was noted."""
    font = ImageFont.load_default(size=TEXT_PX)
    width = max(sheet.width, LEAST_WORDS_PX)
    top = sheet.height + GUTTER_PX
    taller = Image.new("RGB", (width, top + SCALE_PX + 3 * GUTTER_PX + TEXT_PX), PAPER)
    taller.paste(sheet, (0, 0))
    length = width - 2 * GUTTER_PX
    ramp = colours_of(torch.linspace(0, 1, length)[None, None])[0, :, 0]
    pixels = ((ramp.T + 1) * 127.5).round().to(torch.uint8).numpy()
    taller.paste(Image.fromarray(pixels[None]).resize((length, SCALE_PX)), (GUTTER_PX, top))
    pen = ImageDraw.Draw(taller)
    line = top + SCALE_PX + GUTTER_PX + TEXT_PX
    for words, share, anchor in (
        ("called translated", 0.0, "ls"),
        ("undecided", 0.5, "ms"),
        ("called real", 1.0, "rs"),
    ):
        place = (GUTTER_PX + share * length, line)
        pen.text(place, words, fill=INK, font=font, anchor=anchor)
    taller.info |= sheet.info
    return taller
