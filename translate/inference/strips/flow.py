"""Laying a generator out as feature maps that can be read row by row."""

from collections.abc import Iterator
from functools import singledispatch

from torch import nn
from torch.nn.modules.batchnorm import _BatchNorm, _NormBase
from torch.nn.modules.instancenorm import _InstanceNorm

from translate.errors import TranslateError
from translate.inference.modes import LiveDropout
from translate.inference.strips.features import (
    Added,
    Changed,
    Dropped,
    Features,
    Joined,
    Local,
    Normed,
)
from translate.inference.strips.kept import Kept
from translate.inference.strips.moments import Moments
from translate.inference.strips.reach import channels_after, reach_of, reach_together
from translate.inference.strips.scratch import Scratch
from translate.networks import ResNetGenerator, UNetGenerator
from translate.networks.blur import BlurDoubling
from translate.networks.resnet import ResidualBlock

CHEAP = 16
"""Values for each pixel of the photo, up to which a feature map is kept rather than recomputed.

A ResNet of width 64 has 64 of them after its first layer, 32 after one halving, 16 in its blocks:
the first two layers cost 3 % of the work and four fifths of the memory.
"""

MOST_RECOMPUTED = 2  # layers in a row: each statistics that are gathered there cost all of them


class UnstreamableError(TranslateError):
    """A generator holds a layer of which nobody said how far it sees."""


class Plan:
    """What feature maps share while they are laid out.

    Args:
        pixels: Of the photo.
        given: Statistics for the norms, in the order in which the photo meets them. None: those
            of the photo, gathered as they are needed. With them a single pass is enough, in which
            rows need not wait for long: then everything is kept.

    Attributes:
        moments: The statistics, in that order; None for those still to be gathered.
    """

    def __init__(
        self, pixels: int, scratch: Scratch, strip_bytes: int, given: list[Moments] | None = None
    ) -> None:
        self.pixels = pixels
        self.scratch, self.strip_bytes = scratch, strip_bytes
        self.is_single_pass = given is not None
        self.moments: list[Moments | None] = list(given or ())
        self._norms = 0

    def keep(self, features: Features) -> Features:
        """Remember features."""
        if isinstance(features, Kept):
            return features
        return Kept(features, self.scratch, self.strip_bytes)

    def keep_if_worth_it(self, features: Features) -> Features:
        """Remember what a layer computed, unless that takes much memory and little time."""
        channels, height, width = features.size
        is_cheap = channels * height * width <= CHEAP * self.pixels
        if self.is_single_pass or is_cheap or features.recomputed > MOST_RECOMPUTED:
            return self.keep(features)
        return features

    def local(self, layers: list[nn.Module], features: Features) -> Features:
        """Lay out layers that see no further than a few pixels."""
        channels = features.size.channels
        for layer in layers:
            channels = channels_after(layer, channels)
        return Local(features, nn.Sequential(*layers), channels, *reach_together(layers))

    def norm(self, features: Features, layer: _NormBase) -> Features:
        """Normalise features."""
        features = self.keep_if_worth_it(features)
        if self._norms == len(self.moments):
            self.moments.append(None)
        self._norms += 1
        normed = Normed(features, layer, self.strip_bytes, self.moments, self._norms - 1)
        normed.gather()  # now, not when rows are asked for: then norms would wait for one another
        return normed


@singledispatch
def flow(layer: nn.Module, features: Features, plan: Plan) -> Features:
    """Lay out what a layer, or a network, makes of features.

    Raises:
        UnstreamableError: It is not known here how the layer can be run in strips.
    """
    raise UnstreamableError(
        f"A layer {type(layer).__name__} cannot be run in strips: nobody said how many rows it "
        "sees. Allow enough memory for the whole photo, or translate a smaller one."
    )


@flow.register
def _sequence(layers: nn.Sequential, features: Features, plan: Plan) -> Features:
    """Each layer that sees more than one pixel is run together with those that do not."""
    for group in _groups(layers):
        if reach_of(group[0]) is None:
            features = flow(group[0], features, plan)
        else:
            if isinstance(features, Local):
                features = plan.keep_if_worth_it(features)
            features = plan.local(group, features)
    return features


def _groups(layers: nn.Sequential) -> Iterator[list[nn.Module]]:
    """Part layers into runs of local ones, of which one sees further, and single others."""
    together: list[nn.Module] = []
    for layer in layers:
        if together and not _may_join(layer, together):
            yield together
            together = []
        together.append(layer)
    if together:
        yield together


def _may_join(layer: nn.Module, together: list[nn.Module]) -> bool:
    reaches = [reach_of(each) for each in (layer, *together)]
    if None in reaches:
        return False
    if isinstance(together[-1], nn.ReflectionPad2d | BlurDoubling):
        return True  # one makes room for what follows; the other is cheap, and large if kept
    seeing = [reach for reach in reaches if reach and reach.rows]
    return not (reaches[0] and reaches[0].rows) or len(seeing) == 1


@flow.register
def _instance_norm(layer: _InstanceNorm, features: Features, plan: Plan) -> Features:
    return plan.norm(features, layer)


@flow.register
def _batch_norm(layer: _BatchNorm, features: Features, plan: Plan) -> Features:
    """Without running statistics: those of training make it local."""
    return plan.norm(features, layer)


@flow.register
def _live_dropout(layer: LiveDropout, features: Features, plan: Plan) -> Features:
    return Dropped(features, layer)


@flow.register
def _residual_block(block: ResidualBlock, features: Features, plan: Plan) -> Features:
    features = plan.keep(features)
    shortcut = features.reader()  # before others read: what no reader needs is forgotten
    return plan.keep(Added(flow(block.layers, features, plan), shortcut))


@flow.register
def _resnet(generator: ResNetGenerator, features: Features, plan: Plan) -> Features:
    if generator.change is None:
        return flow(generator.layers, features, plan)
    # The photo can be read as often as anyone likes: nothing of it need be kept.
    return Changed(generator.change, features, flow(generator.layers, features, plan))


@flow.register
def _unet(generator: UNetGenerator, features: Features, plan: Plan) -> Features:
    """As its `forward`; every level is read by the next one, and again when it is handed across."""
    handed: list[Features] = []
    for shrink in generator.encoder:
        features = plan.keep(flow(shrink, features, plan))
        handed.append(features.reader())
    handed.pop()
    for enlarge in list(generator.decoder)[:0:-1]:
        features = Joined(handed.pop(), flow(enlarge, features, plan))
    return flow(generator.decoder[0], features, plan)
