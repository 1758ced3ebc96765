"""One training step: every phase of a method played once, with Accelerate's help."""

import warnings
from typing import Any

import torch
from accelerate import Accelerator
from torch import Tensor, nn
from torch.optim import Adam, Optimizer

from translate.images import Pair
from translate.phase import Images, Method, Phase, Scalars
from translate.training.average import Averages
from translate.training.settings import TrainingSettings


class Stepper:
    """Own the optimizers and averages of a method, and take its training steps.

    Networks and optimizers are handed to Accelerate here: `method.networks` then holds prepared
    ones (autocast, DistributedDataParallel), and `trained` the plain ones inside them.
    """

    def __init__(
        self, method: Method, settings: TrainingSettings, accelerator: Accelerator
    ) -> None:
        self.method, self.settings, self.accelerator = method, settings, accelerator
        self.trained: dict[str, nn.Module] = dict(method.networks)
        for network in self.trained.values():
            network.to(accelerator.device)
        exported = {name: self.trained[name] for name in method.exports.values()}
        self.averages = Averages(exported, settings.average_decay)
        self.optimizers: dict[str, Optimizer] = {
            phase.name: accelerator.prepare(self._make_optimizer(phase)) for phase in method.phases
        }
        with warnings.catch_warnings():
            # `broadcast_buffers` has a successor that Accelerate does not know yet.
            warnings.simplefilter("ignore", FutureWarning)
            for name, network in self.trained.items():
                method.networks[name] = accelerator.prepare(network)

    def _make_optimizer(self, phase: Phase) -> Optimizer:
        return Adam(
            self._weights(phase),
            lr=self.settings.learning_rate,
            betas=self.settings.betas,
            fused=self.accelerator.device.type in {"cpu", "cuda"},
        )

    def _weights(self, phase: Phase) -> list[Tensor]:
        return [w for name in phase.trains for w in self.trained[name].parameters()]

    def set_learning_rate(self, rate: float) -> None:
        """Set what every optimizer learns with from now on."""
        for optimizer in self.optimizers.values():
            for group in optimizer.param_groups:
                group["lr"] = rate

    def step(self, pair: Pair, ends_epoch: bool = False) -> Scalars:
        """Play every phase once, in the method's order; return losses and measures to log.

        Args:
            pair: A batch.
            ends_epoch: Update the networks now, however few gradients have come together: none
                are carried over into the next epoch, nor lost by a state saved between. They are
                divided as if they were complete, so this update is a smaller one.
        """
        seen: Scalars = {}
        if ends_epoch:
            self.accelerator.step = self.settings.accumulate_steps - 1  # so the next one is full
        with self.accelerator.accumulate(*self.method.networks.values()):
            images = self.method.translate(pair)
            for phase in self.method.phases:
                seen |= self._play(phase, pair, images)
            if self.accelerator.sync_gradients:
                self.averages.update()
        return seen

    def _play(self, phase: Phase, pair: Pair, images: Images) -> Scalars:
        frozen = [self.method.networks[name] for name in phase.freezes]
        for network in frozen:
            network.requires_grad_(False)
        losses, measures = phase.play(pair, images)
        self.accelerator.backward(torch.stack(list(losses.values())).sum())
        self._update(phase)
        for network in frozen:
            network.requires_grad_(True)
        return {f"{phase.name}/{n}": v.detach() for n, v in (losses | measures).items()}

    def _update(self, phase: Phase) -> None:
        """Let a phase's networks learn; while gradients accumulate, Accelerate does nothing here.

        Accelerate's own clipping would unscale the gradients of all optimizers, not of one.
        """
        optimizer = self.optimizers[phase.name]
        if self.settings.clip_norm is not None and self.accelerator.sync_gradients:
            self.accelerator.unscale_gradients(optimizer)
            nn.utils.clip_grad_norm_(self._weights(phase), self.settings.clip_norm)
        optimizer.step()
        optimizer.zero_grad()

    def state_dict(self) -> dict[str, Any]:
        """Return what all processes share: networks, optimizers, averages, gradient scaler."""
        scaler = self.accelerator.scaler
        return {
            "networks": {name: n.state_dict() for name, n in self.trained.items()},
            "optimizers": {name: o.state_dict() for name, o in self.optimizers.items()},
            "averages": self.averages.state_dict(),
            "scaler": scaler.state_dict() if scaler is not None else {},
        }

    def load_state_dict(self, state: dict[str, Any]) -> None:
        """Take up what `state_dict` returned."""
        for name, network in self.trained.items():
            network.load_state_dict(state["networks"][name])
        for name, optimizer in self.optimizers.items():
            optimizer.load_state_dict(state["optimizers"][name])
        self.averages.load_state_dict(state["averages"])
        if self.accelerator.scaler is not None:
            self.accelerator.scaler.load_state_dict(state["scaler"])

    def own_state_dict(self) -> dict[str, Any]:
        """Return what this process has of its own: the method's memory and the randomness."""
        own = {"method": self.method.state_dict(), "random": torch.get_rng_state()}
        if self.accelerator.device.type == "cuda":
            own["cuda_random"] = torch.cuda.get_rng_state()
        return own

    def load_own_state_dict(self, state: dict[str, Any]) -> None:
        """Take up what `own_state_dict` returned."""
        self.method.load_state_dict(state["method"])
        torch.set_rng_state(state["random"])
        if self.accelerator.device.type == "cuda":
            torch.cuda.set_rng_state(state["cuda_random"])
