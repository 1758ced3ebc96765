"""The photos of each domain in numbers: how large, how bright, of which colours."""

from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from translate.doctor.looking import Looks

Numbers = npt.NDArray[np.float64]
SIZES_PX = (64, 128, 192, 256, 384, 512, 768, 1024, 1536, 2048, 4096)  # borders of the bars


@dataclass(frozen=True)
class Summary:
    """All images of one domain.

    Attributes:
        count: How many there are.
        width, height, shorter: Least, median and greatest, in pixels.
        aspect: Width through height: least, median, greatest.
        brightness, contrast, colour: Means, 0 to 1; see `FACTS`.
        black, white: Mean shares of black and of white pixels.
        levels: Mean histograms (4, 16) of luminance, red, green, blue: shares of the pixels.
        sizes: Shares of the images whose shorter side lies between the borders `SIZES_PX`.
    """

    count: int
    width: tuple[int, int, int]
    height: tuple[int, int, int]
    shorter: tuple[int, int, int]
    aspect: tuple[float, float, float]
    brightness: float
    contrast: float
    colour: float
    black: float
    white: float
    levels: Numbers
    sizes: Numbers


def summarize(looks: Looks) -> dict[str, Summary]:
    """Sum up each domain that has images."""
    found = {}
    for side, domain in enumerate("ab"):
        facts = looks.facts[looks.sides == side]
        if not len(facts):
            continue
        width, height = (facts[name].astype(np.float64) for name in ("width", "height"))
        shorter = np.minimum(width, height)
        low, middle, high = np.quantile(width / height, [0, 0.5, 1]).tolist()
        bars = np.histogram(shorter, bins=[0, *SIZES_PX, np.inf])[0]
        found[domain] = Summary(
            count=len(facts),
            width=_range(width),
            height=_range(height),
            shorter=_range(shorter),
            aspect=(low, middle, high),
            brightness=float(facts["brightness"].mean()),
            contrast=float(facts["contrast"].mean()),
            colour=float(facts["colour"].mean()),
            black=float(facts["black"].mean()),
            white=float(facts["white"].mean()),
            levels=facts["levels"].mean(axis=0, dtype=np.float64),
            sizes=bars / len(facts),
        )
    return found


def _range(values: Numbers) -> tuple[int, int, int]:
    low, middle, high = np.quantile(values, [0, 0.5, 1])
    return int(low), round(float(middle)), int(high)
