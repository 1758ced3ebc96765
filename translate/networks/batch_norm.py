"""Batch norm over the batch of a run, whichever processes its images lie with."""

from collections.abc import Iterable

import torch
import torch.nn.functional as F
from torch import Tensor, nn

from translate.processes import count_processes, sum_over_processes


class BatchNorm(nn.BatchNorm2d):
    """PyTorch's, but over the batch of all processes, and no bad batch spoils what it remembers.

    PyTorch's own for many processes, `SyncBatchNorm`, refuses tensors that lie on CPUs, cannot be
    differentiated twice, and would wait for ever where process 0 alone draws sample grids in
    training mode. Here processes meet in training mode only, and only while gradients are on: then
    every process must call it.

    In training a mean or variance that is not finite is not remembered: a single NaN would stay
    for ever, though the step that it came from be left out.

    Statistics of a batch are computed in float32 at least, whatever its type.

    Shape:
        (N, C, H, W) -> the same, of the same type.
    """

    def forward(self, features: Tensor) -> Tensor:
        """Normalise each channel: by this batch in training, else by what is remembered, if any."""
        if not self.training and self.running_mean is not None:
            return super().forward(features)
        self._check_input_dim(features)
        share = self._count_batch()
        if self.training and count_processes() > 1 and torch.is_grad_enabled():
            return self._normalise_together(features, share)
        return self._normalise_alone(features, share)

    def _normalise_alone(self, features: Tensor, share: float) -> Tensor:
        # Copies: PyTorch keeps what it is given for the backward pass, and would refuse there what
        # a second batch has written to meanwhile.
        new = [_widened(former, copy=True) for former in self._memory()]
        mean, variance = new or (None, None)
        weight, bias = (p if p is None else _widened(p) for p in (self.weight, self.bias))
        normalised = F.batch_norm(features, mean, variance, weight, bias, True, share, self.eps)
        _remember(self._memory(), new)
        return normalised

    def _normalise_together(self, features: Tensor, share: float) -> Tensor:
        wide = _widened(features)
        count = features.numel() // features.shape[1] * count_processes()
        mean = sum_over_processes(wide.sum((0, 2, 3))) / count
        centred = wide - mean[:, None, None]  # before squaring: large numbers have few digits left
        variance = sum_over_processes(centred.square().sum((0, 2, 3))) / count
        scale = (variance + self.eps).rsqrt()
        if self.weight is not None:
            scale = scale * self.weight
        normalised = centred * scale[:, None, None]
        if self.bias is not None:
            normalised = normalised + self.bias[:, None, None]
        new = mean.detach(), variance.detach() * (count / (count - 1))
        memory = self._memory()
        _remember(memory, [f.lerp(n.to(f), share) for f, n in zip(memory, new, strict=False)])
        return normalised.to(features.dtype)

    def _count_batch(self) -> float:
        """Count this batch, and say how much it is to weigh in what is remembered."""
        if self._memory() and self.num_batches_tracked is not None:
            self.num_batches_tracked.add_(1)
            if self.momentum is None:  # all batches weigh the same
                return 1.0 / float(self.num_batches_tracked)
        return self.momentum or 0.0

    def _memory(self) -> tuple[Tensor, ...]:
        """Return mean and variance to write to; nothing where this batch is not remembered."""
        if not (self.training and self.track_running_stats):
            return ()
        return tuple(kept for kept in (self.running_mean, self.running_var) if kept is not None)


def _remember(memory: Iterable[Tensor], statistics: Iterable[Tensor]) -> None:
    """Take up what is finite; which it is, only the device needs to know."""
    for former, new in zip(memory, statistics, strict=True):
        former.copy_(torch.where(new.isfinite(), new, former))


def _widened(values: Tensor, copy: bool = False) -> Tensor:
    """Return numbers as float32, or float64 if they are: sums of fewer bits would be rounded."""
    return values.to(torch.promote_types(values.dtype, torch.float32), copy=copy)
