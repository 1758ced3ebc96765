"""The pieces that networks are made of, and how their weights begin."""

from typing import Literal, get_args

import torch
import torch.nn.functional as F
from torch import Tensor, nn

from translate.networks.batch_norm import BatchNorm
from translate.networks.blur import BlurDoubling

FEW_CHANNELS = 4  # four times as many still fit where CPUs compute 16 at once

Norm = Literal["instance", "batch", "none"]
Upsample = Literal["transposed", "resize", "blur"]


def norm_layer(norm: Norm, channels: int) -> nn.Module:
    """Make the layer that follows a convolution.

    Instance norm learns nothing and remembers nothing, as in both papers' code: it acts alike in
    training and afterwards.

    Raises:
        ValueError: There is no such norm: bundles may name one that does not exist here.
    """
    if norm not in get_args(Norm):
        raise ValueError(f"norm must be one of {', '.join(get_args(Norm))}, got {norm!r}")
    if norm == "instance":
        return InstanceNorm(channels)
    return BatchNorm(channels) if norm == "batch" else nn.Identity()


def has_bias(norm: Norm) -> bool:
    """Say whether a convolution before this norm carries a bias: batch norm brings its own."""
    return norm != "batch"


def upsampling(kind: Upsample, in_channels: int, out_channels: int, bias: bool) -> list[nn.Module]:
    """Make the layers that double both sides of an image.

    "transposed" is the papers' convolution. Its stride does not divide its kernel, so neighbouring
    pixels are sums of 1, 2 or 4 taps: a checkerboard that training must undo. "resize" repeats
    each pixel, then convolves: every pixel has the same number of taps. "blur" doubles smoothly,
    then convolves, on the enlarged features and so for more work.

    Source:
        Odena et al. 2016, "Deconvolution and Checkerboard Artifacts".

    Raises:
        ValueError: There is no such kind: bundles may name one that does not exist here.
    """
    if kind not in get_args(Upsample):
        raise ValueError(f"upsample must be one of {', '.join(get_args(Upsample))}, got {kind!r}")
    if kind == "resize":
        return [ResizeConvolution(in_channels, out_channels, bias)]
    if kind == "blur":
        return [BlurDoubling(), nn.Conv2d(in_channels, out_channels, 3, padding=1, bias=bias)]
    return [
        nn.ConvTranspose2d(
            in_channels, out_channels, 3, stride=2, padding=1, output_padding=1, bias=bias
        )
    ]


class InstanceNorm(nn.InstanceNorm2d):
    """PyTorch's, but for a single image without gradients it leaves memory as it lies.

    For one image it is batch norm, which PyTorch also computes with the channels of a pixel side by
    side, as CPUs like them best for convolutions. Its instance norm would put them apart again.

    On CPUs PyTorch gives out statistics in the numbers of the parameters, and without any in those
    of the features: rounded to bfloat16, a mean of 100 may be a quarter off. So it is given some.
    """

    def forward(self, features: Tensor) -> Tensor:
        """Normalise each image by itself."""
        ones = zeros = None
        if features.device.type == "cpu" and features.dtype in (torch.bfloat16, torch.float16):
            ones = features.new_ones(features.shape[1], dtype=torch.float32)
            zeros = torch.zeros_like(ones)
        if len(features) > 1 or torch.is_grad_enabled():
            return F.instance_norm(features, weight=ones, bias=zeros, eps=self.eps)
        return F.batch_norm(features, None, None, ones, zeros, training=True, eps=self.eps)


class ColourConvolution(nn.Conv2d):
    """A convolution from many channels to few, on CPUs without gradients in a third of the time.

    A CPU computes 16 channels that come out at once; three colours leave it idle. So four
    neighbouring pixels are taken for four times the channels: of a kernel one larger in both
    directions, most of it the same weights at four places. The result is the same.

    Shape:
        (N, in_channels, H, W) -> (N, out_channels, H - 6, W - 6) for a kernel of 7 x 7.
    """

    def forward(self, features: Tensor) -> Tensor:
        """Convolve."""
        side = self.kernel_size[0] - 1
        is_even = not ((features.shape[-2] - side) % 2 or (features.shape[-1] - side) % 2)
        is_worth_it = features.device.type == "cpu" and self.out_channels <= FEW_CHANNELS
        if torch.is_grad_enabled() or not (is_even and is_worth_it):
            return super().forward(features)
        places = [F.pad(self.weight, (x, 1 - x, y, 1 - y)) for y in (0, 1) for x in (0, 1)]
        kernel = torch.stack(places, dim=1).flatten(0, 1)
        bias = None if self.bias is None else self.bias.repeat_interleave(4)
        return F.pixel_shuffle(F.conv2d(features, kernel, bias, stride=2), 2)


class ResizeConvolution(nn.Conv2d):
    """Repeat each pixel twice in both directions, reflect one pixel at the border, convolve 3 x 3.

    Done literally, most taps read the same pixel twice. Adding up the weights that meet one pixel
    gives a transposed convolution, 4 x 4 with stride 2, with the same result from 4 products
    instead of 9 and without the enlarged features in memory: half the time on a CPU.

    Shape:
        (N, in_channels, H, W) -> (N, out_channels, 2 H, 2 W).
    """

    def __init__(self, in_channels: int, out_channels: int, bias: bool) -> None:
        super().__init__(in_channels, out_channels, 3, bias=bias)

    def forward(self, features: Tensor) -> Tensor:
        """Enlarge."""
        flipped = self.weight.transpose(0, 1).flip(2, 3)
        shifts = [F.pad(flipped, (x, 1 - x, y, 1 - y)) for x in (0, 1) for y in (0, 1)]
        kernel = torch.stack(shifts).sum(dim=0)
        # Reflecting after each pixel was doubled is the same as repeating the border before.
        padded = F.pad(features, (1, 1, 1, 1), mode="replicate")
        return F.conv_transpose2d(padded, kernel, self.bias, stride=2, padding=3)


@torch.no_grad()
def initialise(network: nn.Module, randomness: torch.Generator, gain: float = 0.02) -> None:
    """Draw weights from N(0, gain) and batch norm's scales from N(1, gain); biases become 0.

    Args:
        network: Changed in place, and must lie on the device of `randomness`.
        randomness: The only source of chance: the process-wide generator is left alone.
        gain: The standard deviation. 0.02 is the papers'.

    Source:
        Isola et al. 2017, section 6.2; Zhu et al. 2017, section 7.1.
    """
    for layer in network.modules():
        if isinstance(layer, nn.Conv2d | nn.ConvTranspose2d | nn.Linear):
            layer.weight.normal_(0.0, gain, generator=randomness)
        elif isinstance(layer, nn.BatchNorm2d):
            layer.weight.normal_(1.0, gain, generator=randomness)
        else:
            continue
        if layer.bias is not None:
            layer.bias.zero_()


def is_per_sample(network: nn.Module) -> bool:
    """Say whether each image's result is independent of the rest of its batch, in training too."""
    # PyTorch's common parent of every batch norm, the synchronised one included.
    return not any(isinstance(m, nn.modules.batchnorm._BatchNorm) for m in network.modules())


def is_mergeable(network: nn.Module) -> bool:
    """Say whether batches may share a call while the network learns, and nothing else changes.

    Dropout draws its numbers batch by batch, so that an image's depend on its place in the batch,
    and two processes that share out merged batches would not put them together as one does.
    """
    drops = any(isinstance(layer, nn.Dropout) for layer in network.modules())
    return is_per_sample(network) and not drops
