"""Fewer, fuller passes through a network."""

import torch
from torch import Tensor, nn


def pass_together(network: nn.Module, *batches: Tensor, merge: bool) -> tuple[Tensor, ...]:
    """Return the network's result for each batch, from one call if possible.

    One call over several batches costs less than several calls, the more so for small batches, and
    under DistributedDataParallel it is one synchronisation instead of several.

    Args:
        network: Any network from one image batch to one tensor per image.
        batches: One or more of any length; those of different sides cannot share a call.
        merge: Allow one call. Right only if no layer mixes the images of a batch: see
            `is_mergeable`.
    """
    if merge and len(batches) > 1 and len({batch.shape[1:] for batch in batches}) == 1:
        merged: Tensor = network(torch.cat(batches))
        return torch.split(merged, [len(batch) for batch in batches])
    return tuple(network(batch) for batch in batches)


def least_side_px(network: nn.Module) -> int:
    """Tell the shortest side of images that a network takes; 1 of one that does not say."""
    return int(getattr(network, "least_side_px", 1))


def is_large_enough(images: Tensor, least_px: int) -> bool:
    """Say whether both sides of images reach what `least_side_px` told."""
    return min(images.shape[-2:]) >= least_px
