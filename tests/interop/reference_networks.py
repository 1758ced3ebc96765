"""The reference's generators said again, plainly, with its key layout: what imports are held to.

Written from the architecture's description, without looking at how `translate.networks` does it.
"""

from functools import partial

import torch
import torch.nn.functional as F
from torch import Tensor, nn


def make_norm(kind: str, channels: int) -> nn.Module:
    if kind == "batch":
        return nn.BatchNorm2d(channels)
    return nn.InstanceNorm2d(channels, affine=False, track_running_stats=False)


class Block(nn.Module):
    def __init__(self, channels: int, norm: str, dropout: bool) -> None:
        super().__init__()
        biased = norm == "instance"
        first = [nn.ReflectionPad2d(1), nn.Conv2d(channels, channels, 3, bias=biased)]
        second = [nn.ReflectionPad2d(1), nn.Conv2d(channels, channels, 3, bias=biased)]
        middle = [make_norm(norm, channels), nn.ReLU()]
        if dropout:
            middle.append(nn.Dropout(0.5))
        self.conv_block = nn.Sequential(*first, *middle, *second, make_norm(norm, channels))

    def forward(self, features: Tensor) -> Tensor:
        return features + self.conv_block(features)


class Shrink(nn.Module):
    """CUT's antialiased halving, its filter kept as a buffer."""

    def __init__(self, channels: int) -> None:
        super().__init__()
        row = torch.tensor([1.0, 2.0, 1.0])
        self.register_buffer("filt", (torch.outer(row, row) / 16).repeat(channels, 1, 1, 1))

    def forward(self, features: Tensor) -> Tensor:
        padded = F.pad(features, (1, 1, 1, 1), mode="reflect")
        return F.conv2d(padded, self.filt, stride=2, groups=features.shape[1])


class Grow(nn.Module):
    """CUT's antialiased doubling, its filter kept as a buffer."""

    def __init__(self, channels: int) -> None:
        super().__init__()
        row = torch.tensor([1.0, 3.0, 3.0, 1.0])
        self.register_buffer("filt", (torch.outer(row, row) / 64 * 4).repeat(channels, 1, 1, 1))

    def forward(self, features: Tensor) -> Tensor:
        padded = F.pad(features, (1, 1, 1, 1), mode="replicate")
        grown = F.conv_transpose2d(padded, self.filt, stride=2, padding=2, groups=features.shape[1])
        return grown[:, :, 1:-1, 1:-1]


class ReferenceResNet(nn.Module):
    def __init__(
        self,
        channels: tuple[int, int] = (3, 3),
        width: int = 64,
        blocks: int = 9,
        norm: str = "instance",
        dropout: bool = False,
        halvings: int = 2,
        smooth_down: bool = False,
        smooth_up: bool = False,
    ) -> None:
        super().__init__()
        biased = norm == "instance"
        layers = [
            nn.ReflectionPad2d(3),
            nn.Conv2d(channels[0], width, 7, bias=biased),
            make_norm(norm, width),
            nn.ReLU(),
        ]
        for step in range(halvings):
            now = width * 2**step
            stride = 1 if smooth_down else 2
            layers.append(nn.Conv2d(now, 2 * now, 3, stride, padding=1, bias=biased))
            layers += [make_norm(norm, 2 * now), nn.ReLU()]
            if smooth_down:
                layers.append(Shrink(2 * now))
        layers += [Block(width * 2**halvings, norm, dropout) for _ in range(blocks)]
        for step in range(halvings, 0, -1):
            now = width * 2**step
            if smooth_up:
                layers += [Grow(now), nn.Conv2d(now, now // 2, 3, 1, padding=1, bias=biased)]
            else:
                grow = partial(nn.ConvTranspose2d, stride=2, padding=1, output_padding=1)
                layers.append(grow(now, now // 2, 3, bias=biased))
            layers += [make_norm(norm, now // 2), nn.ReLU()]
        layers += [nn.ReflectionPad2d(3), nn.Conv2d(width, channels[1], 7), nn.Tanh()]
        self.model = nn.Sequential(*layers)

    def forward(self, photo: Tensor) -> Tensor:
        return self.model(photo)


class Shell(nn.Module):
    """One level of the U-Net around those inside it."""

    def __init__(self, *layers: nn.Module, outermost: bool = False) -> None:
        super().__init__()
        self.outermost = outermost
        self.model = nn.Sequential(*layers)

    def forward(self, features: Tensor) -> Tensor:
        result = self.model(features)
        return result if self.outermost else torch.cat([features, result], dim=1)


class ReferenceUNet(nn.Module):
    def __init__(
        self,
        channels: tuple[int, int] = (3, 3),
        width: int = 64,
        depth: int = 8,
        norm: str = "batch",
        dropout: bool = True,
    ) -> None:
        super().__init__()
        biased = norm == "instance"
        down = partial(nn.Conv2d, kernel_size=4, stride=2, padding=1)
        up = partial(nn.ConvTranspose2d, kernel_size=4, stride=2, padding=1)
        wide = 8 * width
        shell = Shell(
            nn.LeakyReLU(0.2),
            down(wide, wide, bias=biased),
            nn.ReLU(),
            up(wide, wide, bias=biased),
            make_norm(norm, wide),
        )

        def around(outer: int, inner: int, inside: Shell, drops: bool = False) -> Shell:
            return Shell(
                nn.LeakyReLU(0.2),
                down(outer, inner, bias=biased),
                make_norm(norm, inner),
                inside,
                nn.ReLU(),
                up(2 * inner, outer, bias=biased),
                make_norm(norm, outer),
                *([nn.Dropout(0.5)] if drops else []),
            )

        for _ in range(depth - 5):
            shell = around(wide, wide, shell, drops=dropout)
        for outer in (4 * width, 2 * width, width):
            shell = around(outer, 2 * outer, shell)
        self.model = Shell(
            down(channels[0], width, bias=biased),
            shell,
            nn.ReLU(),
            up(2 * width, channels[1]),
            nn.Tanh(),
            outermost=True,
        )

    def forward(self, photo: Tensor) -> Tensor:
        return self.model(photo)


def randomise(network: nn.Module, seed: int = 0) -> nn.Module:
    """Give weights and statistics values as if trained, none of them at its start."""
    randomness = torch.Generator().manual_seed(seed)
    for name, tensor in network.state_dict().items():
        if name.endswith("filt"):
            continue
        if name.endswith("num_batches_tracked"):
            tensor.fill_(41)
        elif name.endswith("running_var"):
            tensor.uniform_(0.5, 2, generator=randomness)
        elif tensor.ndim == 1:
            tensor.uniform_(-0.5, 1.5, generator=randomness)
        else:
            tensor.normal_(0, (2 / tensor[0].numel()) ** 0.5, generator=randomness)
    return network
