"""How large a generator's feature maps are, told without computing any."""

import math

import torch
from torch import Tensor, nn
from torch.nn.modules.batchnorm import _NormBase

from translate.inference.strips.features import Features, Size, Source
from translate.inference.strips.flow import Plan, flow
from translate.inference.strips.scratch import Scratch
from translate.networks import Generator


class _Survey(Plan):
    """Lays out as any plan, but nothing is kept, and norms ask for no statistics."""

    def __init__(self, source: Source, scratch: Scratch) -> None:
        super().__init__(math.prod(source.size[1:]), scratch, strip_bytes=1)
        self.largest = math.prod(source.size)  # labels have a channel for each class

    def keep(self, features: Features) -> Features:
        return features

    def norm(self, features: Features, layer: _NormBase) -> Features:
        return features

    def local(self, layers: list[nn.Module], features: Features) -> Features:
        for layer in layers:  # each for itself: the whole photo goes through them so
            features = super().local([layer], features)
            self.largest = max(self.largest, math.prod(features.size))
        return features


def values_per_pixel(generator: Generator) -> float:
    """Count the values of the largest feature map, or the photo, for each pixel of the photo.

    Raises:
        UnstreamableError: The generator has a layer of which that is not known.
    """
    side = generator.stride * generator.least_side_px
    size = Size(generator.arguments["in_channels"], side, side)
    source = Source(size, _nothing, torch.empty(0))
    with Scratch(0) as scratch:
        survey = _Survey(source, scratch)
        flow(generator, source, survey)
    return survey.largest / side**2


def _nothing(top: int, bottom: int) -> Tensor:
    raise RuntimeError("a survey reads no photo")
