"""How far do layers see?"""

from collections.abc import Iterable
from functools import singledispatch
from typing import NamedTuple

from torch import nn
from torch.nn.modules.batchnorm import _BatchNorm

from translate.networks.blur import BlurDoubling, BlurHalving
from translate.networks.layers import ResizeConvolution


class Reach(NamedTuple):
    """What a row that comes out of a layer depends on.

    Attributes:
        rows: Rows that went in, in each direction, or more of them.
        up, down: Rows that come out for each one that goes in: up / down.
    """

    rows: int = 0
    up: int = 1
    down: int = 1


@singledispatch
def reach_of(layer: nn.Module) -> Reach | None:
    """Say how far a layer sees; None if as far as the photo goes, or if that is not known.

    Reflection is taken together with the convolution after it, which takes off again what was
    added: both see equally far.
    """
    return None


@reach_of.register(nn.Identity)
@reach_of.register(nn.ReLU)
@reach_of.register(nn.LeakyReLU)
@reach_of.register(nn.Tanh)
@reach_of.register(nn.Dropout)
def _pointwise(layer: nn.Module) -> Reach:
    return Reach()


@reach_of.register
def _reflection(layer: nn.ReflectionPad2d) -> Reach:
    return Reach(layer.padding[2])


@reach_of.register
def _batch_norm(layer: _BatchNorm) -> Reach | None:
    return Reach() if layer.running_mean is not None else None


@reach_of.register
def _convolution(layer: nn.Conv2d) -> Reach:
    return Reach(layer.kernel_size[0] // 2, down=layer.stride[0])


@reach_of.register
def _resize_convolution(layer: ResizeConvolution) -> Reach:
    return Reach(1, up=2)


@reach_of.register
def _transposed(layer: nn.ConvTranspose2d) -> Reach:
    return Reach(-(-layer.kernel_size[0] // layer.stride[0]), up=layer.stride[0])


@reach_of.register
def _blur_halving(layer: BlurHalving) -> Reach:
    return Reach(1, down=2)


@reach_of.register
def _blur_doubling(layer: BlurDoubling) -> Reach:
    return Reach(1, up=2)


def reach_together(layers: Iterable[nn.Module]) -> Reach:
    """Say how far layers see that follow one another, all of them local."""
    rows, up, down = 0, 1, 1
    for layer in layers:
        reach = reach_of(layer)
        if reach is None:
            raise ValueError(f"{type(layer).__name__} is not local")
        if not isinstance(layer, nn.ReflectionPad2d):  # taken together with its convolution
            rows += -(-reach.rows * down // up)
        up, down = up * reach.up, down * reach.down
    return Reach(rows, up, down)


def channels_after(layer: nn.Module, channels: int) -> int:
    """Say how many channels a layer makes of so many."""
    if isinstance(layer, nn.Conv2d | nn.ConvTranspose2d):
        return layer.out_channels
    return channels
