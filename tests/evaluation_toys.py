"""What tests of evaluations need: an eye that sees at once, and models that need no training."""

from pathlib import Path
from typing import Any

import torch
from torch import Tensor, nn
from torch.nn import functional as F

from translate.bundle import Bundle
from translate.evaluation.feature_cache import FeatureCache
from translate.evaluation.features import Look
from translate.evaluation.results import Evaluation
from translate.evidence.evaluate import Instruments
from translate.evidence.photos import JudgedPhotos, photos_of_folder
from translate.images import Encoding
from translate.networks import Generator, ResNetGenerator

PHOTOS = {"a": Encoding(), "b": Encoding()}
SETS = {"kid", "fid", "precision", "recall", "diversity"}  # what sets of photos are measured by
KEPT = {"structure", "luminance"}  # what a photo should keep
NEARNESS = {"l1", "psnr", "ssim", "perceptual"}  # to an exact answer
SIDES = (12, 8, 6, 4, 2)  # of its maps: as many as the packaged network has stages


class TinyEye:
    """Sees averages of pieces of a photo; notes how many photos it looked at."""

    def __init__(self, name: str = "tiny eye") -> None:
        self.name, self.seen = name, 0

    def look(self, photos: Tensor) -> Look:
        self.seen += len(photos)
        stages = [F.adaptive_avg_pool2d(photos, side) + 0.1 for side in SIDES]
        return Look(stages[-1].flatten(1), stages)

    def __call__(self, photos: Tensor) -> Tensor:
        return self.look(photos).pooled


def instruments(file: Path | None = None, **changes: Any) -> Instruments:
    """An eye for everything; its cache is to be opened by whoever wants one."""
    eye: Any = changes.pop("eye", None) or TinyEye()
    return Instruments(**{"extractor": eye, "eye": eye, "cache": FeatureCache(file)} | changes)


class Unchanging(Generator):
    """Gives its photo back."""

    name = "unchanging"
    stride = least_side_px = 1

    def __init__(self, channels: int) -> None:
        super().__init__()
        self.arguments = {"in_channels": channels, "out_channels": channels}
        self.weight = nn.Parameter(torch.ones(1))

    def forward(self, photo: Tensor) -> Tensor:
        return photo * self.weight


def unchanging(channels: int = 3) -> Generator:
    return Unchanging(channels).eval()


def drawn(in_channels: int = 3, out_channels: int = 3, seed: int = 0) -> Generator:
    """A generator that was never trained."""
    with torch.random.fork_rng(devices=[]):
        torch.manual_seed(seed)
        generator = ResNetGenerator(
            in_channels=in_channels, out_channels=out_channels, base_channels=4, blocks=1
        )
    return generator.eval()


def bundle_of(encodings: dict[str, Encoding] | None = None, **generators: Generator) -> Bundle:
    """A model of summer and winter."""
    more: dict[str, Any] = {} if encodings is None else {"encodings": encodings}
    return Bundle("cyclegan", {"a": "summer", "b": "winter"}, generators, 16, **more)


def both_ways() -> Bundle:
    return bundle_of(a_to_b=drawn(seed=1), b_to_a=drawn(seed=2))


def photos(folder: Path, is_paired: bool | None = None, encodings: Any = PHOTOS) -> JudgedPhotos:
    return photos_of_folder(folder, encodings, 16, is_paired)


def measures(found: Evaluation, way: str, direction: str = "a_to_b") -> set[str]:
    """What was measured of a way."""
    return {row.measure for row in found.rows if row[:2] == (direction, way)}


def ways(found: Evaluation, direction: str = "a_to_b") -> list[str]:
    return list(dict.fromkeys(row.way for row in found.rows if row.direction == direction))
