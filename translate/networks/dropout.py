"""Dropout for the batch of a run, whichever processes its images lie with."""

import torch
import torch.nn.functional as F
from torch import Tensor, nn

from translate.processes import count_processes, own_part


class Dropout(nn.Dropout):
    """PyTorch's, but many processes drop together what a single one would drop.

    Each draws for the images of all, and takes its own part: no process waits for another. Their
    process-wide generators must stand alike. Without gradients, as where process 0 alone draws
    sample grids, it draws for its own images only.
    """

    def forward(self, features: Tensor) -> Tensor:
        """Drop features, in training."""
        if not self.training or count_processes() == 1 or not torch.is_grad_enabled():
            return super().forward(features)
        whole = F.dropout(_ones_for_all(features), self.p, training=True)
        # A copy, or what is kept for the backward pass would be the numbers of all processes.
        return features * own_part(whole).clone()


def _ones_for_all(features: Tensor) -> Tensor:
    """Make what numbers are drawn for, lying in memory as the features do: they meet in that order.

    Shape:
        (N, ...) -> (N * processes, ...).
    """
    is_upright = features.is_contiguous()
    is_by_pixel = not is_upright and features.is_contiguous(memory_format=torch.channels_last)
    layout = torch.channels_last if is_by_pixel else torch.contiguous_format
    shape = len(features) * count_processes(), *features.shape[1:]
    return torch.empty(
        shape, dtype=features.dtype, device=features.device, memory_format=layout
    ).fill_(1)
