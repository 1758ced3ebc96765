"""One training step: every phase of a method played once, with Accelerate's help."""

import warnings
from typing import Any

import torch
from accelerate import Accelerator
from torch import nn

from translate.errors import SharedError
from translate.images import Pair
from translate.phase import Images, Method, Phase, Scalars
from translate.training.average import Averages
from translate.training.learner import Learner
from translate.training.settings import TrainingSettings


class Stepper:
    """Own the learners and averages of a method, and take its training steps.

    Networks are handed to Accelerate here: `method.networks` then holds prepared ones (autocast,
    DistributedDataParallel), and `trained` the plain ones inside them.
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
        self.learners = {phase.name: self._make_learner(phase) for phase in method.phases}
        with warnings.catch_warnings():
            # `broadcast_buffers` has a successor that Accelerate does not know yet.
            warnings.simplefilter("ignore", FutureWarning)
            for name, network in self.trained.items():
                method.networks[name] = accelerator.prepare(network)

    def _make_learner(self, phase: Phase) -> Learner:
        weights = [w for name in phase.trains for w in self.trained[name].parameters()]
        is_scaled = self.accelerator.mixed_precision == "fp16"
        return Learner(weights, self.settings, self.accelerator.device, is_scaled)

    def set_learning_rate(self, rate: float) -> None:
        """Set what every phase learns with from now on."""
        for learner in self.learners.values():
            learner.set_rate(rate)

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
        learner = self.learners[phase.name]
        frozen = [self.method.networks[name] for name in phase.freezes]
        for network in frozen:
            network.requires_grad_(False)
        losses, measures = phase.play(pair, images)
        self.accelerator.backward(learner.total(losses))
        learned = learner.update() if self.accelerator.sync_gradients else {}
        for network in frozen:
            network.requires_grad_(True)
        told = losses | measures | learned
        return {f"{phase.name}/{n}": v.detach() for n, v in told.items()}

    def skipped_in_a_row(self) -> dict[str, int]:
        """Tell for each phase how many of its last updates were skipped; it waits."""
        streaks = torch.stack([learner.streak for learner in self.learners.values()]).tolist()
        return {name: int(n) for name, n in zip(self.learners, streaks, strict=True)}

    def check(self, step: int) -> None:
        """Refuse to go on where nothing has been learned for many steps.

        Raises:
            SharedError: Naming phase, loss and step.
        """
        for name, count in self.skipped_in_a_row().items():
            if count >= self.settings.most_skipped_updates:
                since = step - count * self.settings.accumulate_steps + 1
                raise SharedError(
                    f"{name}: the last {count} updates, since step {since}, were skipped because "
                    f"numbers were not finite ({self.learners[name].explain()}). The weights are "
                    "those from before. Go on from the last state with --resume latest after "
                    "looking at the photos seen there; or start anew with a lower "
                    "training.learning_rate, training.clip_norm 1, or training.precision no."
                )

    def state_dict(self) -> dict[str, Any]:
        """Return all that is learned, remembered or random; of all processes the same."""
        state = {
            "networks": {name: n.state_dict() for name, n in self.trained.items()},
            "learners": {name: learner.state_dict() for name, learner in self.learners.items()},
            "averages": self.averages.state_dict(),
            "method": self.method.state_dict(),
            "random": torch.get_rng_state(),
        }
        if self.accelerator.device.type != "cpu":
            module = torch.get_device_module(self.accelerator.device)
            state["device_random"] = module.get_rng_state()
        return state

    def load_state_dict(self, state: dict[str, Any]) -> None:
        """Take up what `state_dict` returned."""
        for name, network in self.trained.items():
            network.load_state_dict(state["networks"][name])
        for name, learner in self.learners.items():
            learner.load_state_dict(state["learners"][name])
        self.averages.load_state_dict(state["averages"])
        self.method.load_state_dict(state["method"])
        torch.set_rng_state(state["random"])
        if self.accelerator.device.type != "cpu":
            module = torch.get_device_module(self.accelerator.device)
            module.set_rng_state(state["device_random"])
