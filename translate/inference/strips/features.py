"""Feature maps of a whole photo, of which only a few rows exist at a time."""

import math
from collections.abc import Callable, Iterator
from functools import reduce
from typing import NamedTuple, Protocol

import torch
from torch import Tensor, nn
from torch.nn import functional as F
from torch.nn.modules.batchnorm import _NormBase

from translate.inference.modes import LiveDropout
from translate.inference.strips.moments import Moments

LEAST_ROWS = 16
"""Rows of the shortest strip: reflecting needs some, and every strip repeats those at its edges."""


class Size(NamedTuple):
    """Of a feature map."""

    channels: int
    height: int
    width: int

    def times(self, channels: int, up: int, down: int) -> "Size":
        """Scale both sides."""
        return Size(channels, self.height * up // down, self.width * up // down)


class Features(Protocol):
    """A feature map that computes the rows it is asked for.

    Attributes:
        row_bytes: Memory that computing one more row at a time takes, on the way as well.
        recomputed: Layers since anything was kept that are run again for each of their readers.
    """

    size: Size
    row_bytes: float
    recomputed: int

    def rows(self, top: int, bottom: int, for_good: bool) -> Tensor:
        """Compute some rows; the caller may change them.

        Args:
            for_good: The caller will never ask for rows above `top` again.

        Shape:
            (1, channels, bottom - top, width).
        """
        ...

    def reader(self) -> "Features":
        """Give what one reader may ask; each reads at its own pace."""
        ...


def most_rows(features: Features, strip_bytes: int) -> int:
    """Tell how many rows may be computed at a time within so much memory, or little more."""
    return max(LEAST_ROWS, int(strip_bytes / features.row_bytes))


def cut(features: Features, strip_bytes: int) -> Iterator[tuple[int, int]]:
    """Part the rows of features into strips that take so much memory to compute, or little more."""
    height = features.size.height
    strips = -(-height // most_rows(features, strip_bytes))
    for strip in range(strips):  # all about as high: a last one of a single row would be dear
        yield height * strip // strips, height * (strip + 1) // strips


class _Computed:
    """Common to features that remember nothing: every reader may ask them directly."""

    size: Size
    row_bytes: float
    recomputed: int

    def rows(self, top: int, bottom: int, for_good: bool) -> Tensor:
        """See `Features`."""
        raise NotImplementedError

    def reader(self) -> "Features":
        """See `Features`."""
        return self


class Source(_Computed):
    """The photo itself.

    Args:
        read: From (top, bottom) to the rows between, (channels, rows, width).
    """

    def __init__(self, size: Size, read: Callable[[int, int], Tensor], like: Tensor) -> None:
        self.size = size
        self.read = read
        self.like = like  # where, and with which numbers, it is computed
        self.row_bytes = 2.0 * size.channels * size.width * 4
        self.recomputed = 0

    def rows(self, top: int, bottom: int, for_good: bool) -> Tensor:
        """Read from the photo."""
        rows = self.read(top, bottom)[None].to(self.like)
        return rows.contiguous(memory_format=torch.channels_last)  # see `InstanceNorm`


class Local(_Computed):
    """What layers make of features if every pixel depends on near ones only.

    The layers run on the rows that are needed and a margin. At the photo's own border they do what
    they always do there; what they did at the margin's is cut off with it.

    Args:
        reach: Rows below, in each direction, that a row depends on, or more.
        up, down: Rows that come out for each row that goes in: up / down.
    """

    def __init__(
        self, below: Features, layers: nn.Module, channels: int, reach: int, up: int, down: int
    ) -> None:
        self.below = below.reader()
        self.layers = layers
        self.reach, self.up, self.down = reach, up, down
        self.size = below.size.times(channels, up, down)
        ratio = down / up
        taken = math.prod(below.size[::2]) * ratio  # channels times width
        itemsize = 4  # at most; norms compute with so many
        here = 3 * itemsize * (taken + channels * self.size.width)
        self.row_bytes = max(below.row_bytes * ratio, here)
        self.recomputed = below.recomputed + (reach > 0)

    def rows(self, top: int, bottom: int, for_good: bool) -> Tensor:
        """Compute them from those near them."""
        up, down = self.up, self.down
        first = top * down // up - self.reach
        last = -(-bottom * down // up) + self.reach
        first = max(0, first // down * down)
        last = min(self.below.size.height, -(-last // down) * down)
        result: Tensor = self.layers(self.below.rows(first, last, for_good))
        start = first * up // down
        if result.shape[-2] != (last - first) * up // down:
            raise RuntimeError(f"{self.layers} does not scale its rows by {up}/{down}")
        if (top, bottom) == (start, start + result.shape[-2]):
            return result
        return result[..., top - start : bottom - start, :]


class Normed(_Computed):
    """Features normalised by the statistics of the whole photo.

    Args:
        norm: Instance norm; or batch norm, which for a single photo is the same but for a scale.
        strip_bytes: Memory to compute a strip in, when statistics are gathered.
        moments: Where statistics are looked up, or noted once they were gathered.
        place: Which of them are meant.
    """

    def __init__(
        self,
        below: Features,
        norm: _NormBase,
        strip_bytes: int,
        moments: list[Moments | None],
        place: int,
    ) -> None:
        self.below = below.reader()
        self.norm = norm
        self.strip_bytes = strip_bytes
        self.moments, self.place = moments, place
        self.size = below.size
        row = 4 * below.size.channels * below.size.width
        self.row_bytes = max(below.row_bytes, 3.0 * row)
        self.recomputed = below.recomputed

    def rows(self, top: int, bottom: int, for_good: bool) -> Tensor:
        """Normalise them."""
        mean, variance = self.gather()[1:]
        features = self.below.rows(top, bottom, for_good)
        # In float32 throughout: a CPU takes shorter features, but not two kinds of parameters.
        mean, variance, weight, bias = (
            None if each is None else each.to(torch.float32).to(features.device)
            for each in (mean, variance, self.norm.weight, self.norm.bias)
        )
        normed: Tensor = F.batch_norm(
            features, mean, variance, weight, bias, training=False, eps=self.norm.eps
        )
        return normed

    def gather(self) -> Moments:
        """Read everything once, unless it was read before."""
        moments = self.moments[self.place]
        if moments is None:
            strips = cut(self.below, self.strip_bytes)
            parts = (Moments.of(self.below.rows(*strip, for_good=False)) for strip in strips)
            moments = self.moments[self.place] = reduce(Moments.joined, parts)
        return moments


class Dropped(_Computed):
    """Features of which live dropout drops the same as it would of the whole photo."""

    def __init__(self, below: Features, dropout: LiveDropout) -> None:
        self.below = below.reader()
        self.dropout = dropout
        self.size, self.recomputed = below.size, below.recomputed
        self.row_bytes = below.row_bytes
        self.is_kept: Tensor | None = None

    def rows(self, top: int, bottom: int, for_good: bool) -> Tensor:
        """Drop some of them."""
        features = self.below.rows(top, bottom, for_good)
        if self.is_kept is None:  # after what lies below, which draws first in the whole photo too
            self.is_kept = self.dropout.draw((1, *self.size))
        return self.dropout.drop(features, self.is_kept[..., top:bottom, :])


class Added(_Computed):
    """The sum of two feature maps of one size."""

    def __init__(self, one: Features, other: Features) -> None:
        self.one, self.other = one.reader(), other.reader()
        self.size = one.size
        self.row_bytes = max(one.row_bytes, other.row_bytes) + 4.0 * self.size.width * self.size[0]
        self.recomputed = max(one.recomputed, other.recomputed)

    def rows(self, top: int, bottom: int, for_good: bool) -> Tensor:
        """Add them up."""
        changed = self.one.rows(top, bottom, for_good)
        return changed.add_(self.other.rows(top, bottom, for_good))


class Changed(_Computed):
    """A photo and its change, put together pixel by pixel."""

    def __init__(self, layer: nn.Module, photo: Features, change: Features) -> None:
        self.layer, self.photo, self.change = layer, photo.reader(), change.reader()
        self.size = photo.size
        self.row_bytes = (
            max(photo.row_bytes, change.row_bytes) + 8.0 * self.size.width * self.size[0]
        )
        self.recomputed = max(photo.recomputed, change.recomputed)

    def rows(self, top: int, bottom: int, for_good: bool) -> Tensor:
        """Change the photo."""
        parts = [part.rows(top, bottom, for_good) for part in (self.photo, self.change)]
        changed: Tensor = self.layer(*parts)
        return changed


class Joined(_Computed):
    """The channels of two feature maps, one after the other."""

    def __init__(self, one: Features, other: Features) -> None:
        self.one, self.other = one.reader(), other.reader()
        self.size = one.size._replace(channels=one.size.channels + other.size.channels)
        self.row_bytes = max(one.row_bytes, other.row_bytes) + 8.0 * self.size.width * self.size[0]
        self.recomputed = max(one.recomputed, other.recomputed)

    def rows(self, top: int, bottom: int, for_good: bool) -> Tensor:
        """Put them side by side."""
        parts = [part.rows(top, bottom, for_good) for part in (self.one, self.other)]
        return torch.cat(parts, dim=1)
