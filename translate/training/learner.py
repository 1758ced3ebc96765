"""One phase's share of a step: its optimizer, its loss scale, and what it does with NaN."""

from collections.abc import Sequence
from typing import Any

import torch
from torch import Tensor, nn
from torch.optim import Adam

from translate.phase import Scalars
from translate.processes import gather_batch
from translate.training.settings import TrainingSettings


class Learner:
    """Turn the losses of a phase into an update of its weights, or skip it if they are not finite.

    Nothing here waits for the device: whether an update is skipped is decided there, by a flag that
    PyTorch's fused Adam obeys, and counted there, to be read when the journal is written.

    Every phase has a loss scale of its own for fp16. Accelerate has one for all, which would count
    an overflow of one network against the others, and grow twice a step.

    Args:
        weights: What learns.
        is_scaled: Whether gradients are computed in fp16.
    """

    def __init__(
        self,
        weights: Sequence[Tensor],
        settings: TrainingSettings,
        device: torch.device,
        is_scaled: bool,
    ) -> None:
        self.weights = list(weights)
        self.clip_norm = settings.clip_norm
        self.adam = Adam(self.weights, lr=settings.learning_rate, betas=settings.betas, fused=True)
        # On Apple's GPUs fused Adam takes the flag and does not heed it: there one waits for it.
        self._decides_on_device = device.type in {"cpu", "cuda"}
        self.scaler = torch.amp.GradScaler(device.type, enabled=is_scaled)
        self.streak = torch.zeros((), device=device)  # updates skipped in a row, up to now
        self.skipped = torch.zeros((), device=device)  # updates skipped in all
        self.names: tuple[str, ...] = ()
        self._suspects: Tensor | None = None  # which losses were not finite since the last update
        self._last_suspects = torch.zeros(0)  # the same of the last update

    def set_rate(self, rate: float) -> None:
        """Set what it learns with from now on."""
        for group in self.adam.param_groups:
            group["lr"] = rate

    def total(self, losses: Scalars) -> Tensor:
        """Add losses up, scaled for fp16, for gradients to be taken of.

        A sum that is not finite is made to reach every gradient, and with their mean over all
        processes every process, so that all of them skip the update together.
        """
        self.names = tuple(losses)
        values = torch.stack(list(losses.values()))
        suspects = ~values.detach().isfinite()
        self._suspects = suspects if self._suspects is None else self._suspects | suspects
        total = values.sum()
        poison = torch.where(total.detach().isfinite(), 1.0, torch.nan)  # times 1 changes no bit
        return self.scaler.scale(total * poison)

    def update(self) -> Scalars:
        """Learn from the gradients that came together; return measures of them for the journal."""
        self.scaler.unscale_(self.adam)
        gradients = [w.grad for w in self.weights if w.grad is not None]
        norm = nn.utils.get_total_norm(gradients)
        if self.clip_norm is not None:
            nn.utils.clip_grads_with_norm_(self.weights, self.clip_norm, norm)
        is_skipped = (~norm.isfinite()).float()
        if self._decides_on_device:
            self.adam.found_inf = is_skipped  # type: ignore[attr-defined]  # fused Adam obeys it
            self.adam.step()
        elif not is_skipped:
            self.adam.step()
        self.adam.zero_grad()
        self.scaler.update()
        self.streak = (self.streak + is_skipped) * is_skipped
        self.skipped = self.skipped + is_skipped
        if self._suspects is not None:
            self._last_suspects, self._suspects = self._suspects, None
        return {"gradient_norm": norm.nan_to_num(0.0, 0.0, 0.0), "skipped": is_skipped}

    def explain(self) -> str:
        """Say what was not finite at the last update; every process must ask, and waits."""
        bad = gather_batch(self._last_suspects[None].float()).amax(dim=0).tolist()
        losses = [name for name, is_bad in zip(self.names, bad, strict=True) if is_bad]
        if losses:
            return f"not finite: {', '.join(losses)}"
        return f"all losses ({', '.join(self.names)}) are finite, but their gradients are not"

    def state_dict(self) -> dict[str, Any]:
        """Return optimizer, loss scale, counts, and what `explain` needs."""
        return {
            "adam": self.adam.state_dict(),
            "scaler": self.scaler.state_dict(),
            "streak": self.streak,
            "skipped": self.skipped,
            "losses": list(self.names),
            "suspects": self._last_suspects,
        }

    def load_state_dict(self, state: dict[str, Any]) -> None:
        """Take up what `state_dict` returned."""
        self.adam.load_state_dict(state["adam"])
        self.scaler.load_state_dict(state["scaler"])
        self.streak = state["streak"].to(self.streak.device)
        self.skipped = state["skipped"].to(self.skipped.device)
        self.names = tuple(state["losses"])
        self._last_suspects = state["suspects"].to(self.skipped.device)
