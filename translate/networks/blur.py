"""Halving and doubling that smooth: pixels change places without jagged edges.

Nothing is learned, so nothing is saved: both filters are made when they are needed.

Source:
    Zhang 2019, "Making Convolutional Networks Shift-Invariant Again"; Park et al. 2020,
    "Contrastive Learning for Unpaired Image-to-Image Translation", whose generator smooths so.
"""

import torch.nn.functional as F
from torch import Tensor, nn


class BlurHalving(nn.Module):
    """Mix each pixel with its neighbours, 1 : 2 : 1 in both directions, and keep every other one.

    Shape:
        (N, C, H, W) -> (N, C, H / 2, W / 2), rounded up; H and W at least 2.
    """

    def forward(self, features: Tensor) -> Tensor:
        """Shrink."""
        channels = features.shape[1]
        weights = features.new_tensor([0.25, 0.5, 0.25])
        kernel = (weights[:, None] * weights).expand(channels, 1, 3, 3)
        padded = F.pad(features, (1, 1, 1, 1), mode="reflect")
        return F.conv2d(padded, kernel, stride=2, groups=channels)


class BlurDoubling(nn.Module):
    """Put two pixels in the place of each, both mixed 3 : 1 with the neighbour on their side.

    Written as a filter this is a transposed convolution with 1 : 3 : 3 : 1. It is also what linear
    interpolation between the centres of pixels does, and that is ready-made.

    Shape:
        (N, C, H, W) -> (N, C, 2 H, 2 W).
    """

    def forward(self, features: Tensor) -> Tensor:
        """Enlarge."""
        return F.interpolate(features, scale_factor=2, mode="bilinear", align_corners=False)
