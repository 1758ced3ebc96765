"""The processes of one run, which together act as one: what each batch is a part of.

Step by step all processes take batches of one length; in the order of their numbers they make up
the batch that a single process would take. What looks across the images of a batch (batch norm, the
image pool) or draws random numbers for them (dropout, augmentation) looks at, or draws for, all of
it: then the number of processes changes nothing about a run. It asks PyTorch, as PyTorch's own
synchronised batch norm does, so that methods and networks need not know of processes.
"""

from typing import Any, cast

import torch
import torch.distributed as dist
from torch import Tensor


def count_processes() -> int:
    """Count the processes of this run; 1: it is alone."""
    return dist.get_world_size() if dist.is_available() and dist.is_initialized() else 1


def is_first() -> bool:
    """Say whether this process is number 0, which writes and chooses for all."""
    return count_processes() == 1 or dist.get_rank() == 0


def gather_batch(images: Tensor) -> Tensor:
    """Put together what each process has, in the order of their numbers; without gradients.

    Every process must call it, with tensors of one shape.

    Shape:
        (N, ...) -> (N * processes, ...).
    """
    if count_processes() == 1:
        return images.detach()
    parts = [torch.empty_like(images) for _ in range(count_processes())]
    dist.all_gather(parts, images.detach().contiguous())
    return torch.cat(parts)


def own_part(whole: Tensor) -> Tensor:
    """Take this process's part of what was drawn or decided for the batch of all processes.

    Shape:
        (N * processes, ...) -> (N, ...).
    """
    if count_processes() == 1:
        return whole
    return whole.chunk(count_processes())[dist.get_rank()]


def sum_over_processes(values: Tensor) -> Tensor:
    """Add up what each process has; gradients flow back to all of them, any number of times.

    Every process must call it, with tensors of one shape.
    """
    if count_processes() == 1:
        return values
    return cast(Tensor, _Sum.apply(values))


class _Sum(torch.autograd.Function):
    """The derivative of a sum that all processes share is the sum of all their derivatives."""

    @staticmethod
    def forward(_: Any, values: Tensor) -> Tensor:
        total = values.clone()
        dist.all_reduce(total)
        return total

    @staticmethod
    def backward(_: Any, *gradients: Tensor) -> Tensor:
        return sum_over_processes(gradients[0].contiguous())
