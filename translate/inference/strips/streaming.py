"""A photo through a generator in strips."""

import copy
from collections.abc import Callable, Iterator
from typing import NamedTuple

import torch
from torch import Tensor, nn

from translate.images import mirror
from translate.inference.modes import LiveDropout
from translate.inference.strips.features import Size, Source, cut
from translate.inference.strips.flow import Plan, flow
from translate.inference.strips.moments import Moments
from translate.inference.strips.scratch import Scratch
from translate.networks import Generator

Read = Callable[[int, int], Tensor]
"""From (top, bottom) to those rows of a photo: (channels, bottom - top, width) in [-1, 1]."""


class Budget(NamedTuple):
    """Memory to stay within, in bytes.

    Attributes:
        strip: For computing one strip.
        kept: For what waits to be read again; beyond that it waits in a temporary file.
    """

    strip: int
    kept: int


class Strip(NamedTuple):
    """Some rows of a translation.

    Shape:
        rows: (channels, rows, width) in [-1, 1], the first of them row `top` of the translation.
    """

    top: int
    rows: Tensor


@torch.inference_mode()
def stream(
    generator: Generator,
    read: Read,
    size: Size,
    budget: Budget,
    given: list[Moments] | None = None,
) -> Iterator[Strip]:
    """Translate a photo from the top down, with the result of the whole photo but for rounding.

    Args:
        generator: On its device and with its numbers, in the way it is to be run (`apply_mode`).
        size: Of the photo, as it is: it is padded here.
        given: Statistics for the norms, from `gather_statistics`. None: the photo's own.

    Raises:
        UnstreamableError: The generator has a layer that cannot be run in strips.
        TranslateError: There is no room for temporary files.
    """
    source = _padded_source(generator, read, size)
    with Scratch(budget.kept) as scratch:
        plan = Plan(source.size.height * source.size.width, scratch, budget.strip, given)
        translation = flow(generator, source, plan)
        for top, bottom in cut(translation, budget.strip):
            if top >= size.height:
                break  # nothing but padding is left
            rows = translation.rows(top, bottom, for_good=True)[0]
            yield Strip(top, rows[:, : size.height - top, : size.width])


@torch.inference_mode()
def gather_statistics(
    generator: Generator, read: Read, size: Size, budget: Budget
) -> list[Moments]:
    """Run a photo through a generator for the statistics its norms find there, in their order."""
    source = _padded_source(generator, read, size)
    with Scratch(budget.kept) as scratch:
        plan = Plan(source.size.height * source.size.width, scratch, budget.strip)
        flow(generator, source, plan)
        return [moments for moments in plan.moments if moments]


def turn_sideways(generator: Generator) -> Generator:
    """Copy a generator that does to columns what the original does to rows.

    A strip is as wide as its photo. So one that is very wide is translated lying on its side.
    """
    turned = copy.deepcopy(generator)
    for layer in turned.modules():
        if isinstance(layer, nn.Conv2d | nn.ConvTranspose2d):
            layer.weight = nn.Parameter(layer.weight.transpose(2, 3).contiguous(), False)
        elif isinstance(layer, LiveDropout):
            layer.is_sideways = not layer.is_sideways
    return turned


def _padded_source(generator: Generator, read: Read, size: Size) -> Source:
    stride, least = generator.stride, generator.least_side_px
    height, width = (-(-max(side, least) // stride) * stride for side in size[1:])
    rows, columns = mirror(size.height, height), mirror(size.width, width)

    def read_padded(top: int, bottom: int) -> Tensor:
        wanted = rows[top:bottom]
        first, last = int(wanted.min()), int(wanted.max()) + 1
        found = read(first, last)
        if height > size.height:
            found = found.index_select(1, (wanted - first).to(found.device))
        return found if width == size.width else found.index_select(2, columns.to(found.device))

    like = next(generator.parameters())
    return Source(Size(size.channels, height, width), read_padded, like)
