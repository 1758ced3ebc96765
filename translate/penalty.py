"""Gradient penalties: discriminators pay for being steep, lest they learn photos by heart.

Source:
    Mescheder et al. 2018, "Which Training Methods for GANs do actually Converge?", eq. 9 (R1, at
    real images); Thanh-Tung et al. 2019, "Improving Generalization and Stability of Generative
    Adversarial Networks" (between real and fake ones; our weight is halved there as in R1).
"""

from collections.abc import Callable
from typing import Any, Literal

import torch
from torch import Tensor

from translate.errors import ConfigError
from translate.processes import count_processes, own_part

Place = Literal["real", "between"]


class GradientPenalty:
    """The penalty of one method, for all of its discriminators.

    Args:
        weight: The papers' gamma; 0 switches it off.
        at: Penalise at real images, or at random mixtures of a real and a fake one.
        randomness: A generator on the CPU, which draws how they are mixed.
    """

    def __init__(self, weight: float, at: Place, randomness: torch.Generator) -> None:
        self.weight, self.at, self.randomness = weight, at, randomness

    def is_due(self) -> bool:
        """Say whether there is a penalty to pay: never while gradients are off."""
        return self.weight > 0 and torch.is_grad_enabled()

    def watch(self, real: Tensor) -> Tensor:
        """Prepare real images for the pass that is made anyway, if that is where it is steep."""
        return real.detach().requires_grad_() if self.is_due() and self.at == "real" else real

    def __call__(
        self, judge: Callable[[Tensor], Tensor], real: Tensor, fake: Tensor, scores: Tensor
    ) -> Tensor:
        """Return the weighted penalty.

        Args:
            judge: The discriminator, from images to scores; used only between real and fake.
            real: Images that `watch` returned and that the discriminator then saw.
            fake: Images that it was shown beside them.
            scores: What it said about the real ones.

        Raises:
            ConfigError: Images of different sides are to be mixed.
        """
        if self.at == "real":
            return self.weight / 2 * mean_squared_slope(scores, real)
        mixture = self.mix(real, fake)
        return self.weight / 2 * mean_squared_slope(judge(mixture), mixture)

    def mix(self, real: Tensor, fake: Tensor) -> Tensor:
        """Mix each real image with its fake one, each pair by a share of its own.

        The shares are drawn for the images of all processes; this one takes its part.
        """
        if real.shape != fake.shape:
            sizes = " and ".join(f"{i.shape[-1]} x {i.shape[-2]}" for i in (real, fake))
            raise ConfigError(
                f"method.penalty_at: photos and translations can be mixed only where they have "
                f"the same sides, got {sizes} pixels. Set it to 'real'."
            )
        shares = torch.rand(len(real) * count_processes(), generator=self.randomness)
        part = own_part(shares).to(real.device, real.dtype, non_blocking=True).view(-1, 1, 1, 1)
        return torch.lerp(fake.detach().to(real.dtype), real.detach(), part).requires_grad_()

    def state_dict(self) -> dict[str, Any]:
        """Return the state of its randomness; nothing where it never draws."""
        return {"penalty": self.randomness.get_state()} if self._draws else {}

    def load_state_dict(self, state: dict[str, Any]) -> None:
        """Take up what `state_dict` returned."""
        if self._draws:
            self.randomness.set_state(state["penalty"])

    @property
    def _draws(self) -> bool:
        return self.weight > 0 and self.at == "between"


def mean_squared_slope(scores: Tensor, images: Tensor) -> Tensor:
    """Return the mean over images of how steep D is there: |grad D(x)|^2, summed over pixels.

    D(x) is the mean of an image's patch scores. The gradient is that of their sum, divided
    afterwards: in half precision the share of one patch in a mean might vanish on the way back.
    With batch norm a score also depends on the other images of its batch, and the sum is of all.

    Shape:
        Scores (N, ...) of images (N, C, H, W), which require a gradient -> ().
    """
    (slope,) = torch.autograd.grad(scores.float().sum(), images, create_graph=True)
    return (slope.float() / scores[0].numel()).square().flatten(1).sum(dim=1).mean()
