"""Every loss, as functions of scores or images.

All of them compute in float32 whatever they are given: half precision loses digits in a mean.
"""

from collections.abc import Callable
from typing import NamedTuple

import torch.nn.functional as F
from torch import Tensor


class Game(NamedTuple):
    """One adversarial game: what each side minimises, from raw scores to a scalar."""

    discriminator: Callable[[Tensor, Tensor], Tensor]  # (scores of real, scores of fake) -> ()
    generator: Callable[[Tensor], Tensor]  # (scores of fake) -> ()
    threshold: float  # a score above it calls its patch real
    realness: Callable[[Tensor], Tensor]  # scores -> how real, in [0, 1]; 0.5 is undecided


def least_squares_discriminator(real: Tensor, fake: Tensor) -> Tensor:
    """Pull real scores to 1 and fake scores to 0 (Mao et al. 2017, eq. 9).

    The half slows the discriminator relative to the generator, as Pix2Pix and CycleGAN both do.
    """
    return ((real.float() - 1).square().mean() + fake.float().square().mean()) / 2


def least_squares_generator(fake: Tensor) -> Tensor:
    """Pull fake scores to 1: the generator wants to be believed (Zhu et al. 2017, section 4)."""
    return (fake.float() - 1).square().mean()


def vanilla_discriminator(real: Tensor, fake: Tensor) -> Tensor:
    """Minimise the cross-entropy of telling real from fake (Goodfellow et al. 2014, eq. 1).

    Scores are logits: softplus(-s) is -log(sigmoid(s)) without its overflow. Halved like the
    least-squares game, as Isola et al. 2017 do in section 3.3.
    """
    return (F.softplus(-real.float()).mean() + F.softplus(fake.float()).mean()) / 2


def vanilla_generator(fake: Tensor) -> Tensor:
    """Maximise log D(fake) rather than minimise log(1 - D(fake)) (Goodfellow et al. 2014, sec. 3).

    The second stops teaching just when the discriminator is sure of itself.
    """
    return F.softplus(-fake.float()).mean()


def hinge_discriminator(real: Tensor, fake: Tensor) -> Tensor:
    """Push real scores above 1 and fake scores below -1, and care for none beyond.

    Not halved: neither Lim & Ye 2017, "Geometric GAN", nor Miyato et al. 2018, section 4, does it.
    """
    return F.relu(1 - real.float()).mean() + F.relu(1 + fake.float()).mean()


def hinge_generator(fake: Tensor) -> Tensor:
    """Raise fake scores without end (Miyato et al. 2018, section 4)."""
    return -fake.float().mean()


def least_squares_realness(scores: Tensor) -> Tensor:
    """Read a score as it is meant: 1 is real, 0 translated, and there is nothing beyond."""
    return scores.float().clamp(0, 1)


def vanilla_realness(scores: Tensor) -> Tensor:
    """Read a logit as the probability it stands for (Goodfellow et al. 2014, eq. 1)."""
    return scores.float().sigmoid()


def hinge_realness(scores: Tensor) -> Tensor:
    """Read a score between its two margins, beyond which the game cares no more."""
    return ((scores.float() + 1) / 2).clamp(0, 1)


GAMES = {
    # Half way between the two targets; the other two games are symmetric about 0.
    "least_squares": Game(
        least_squares_discriminator, least_squares_generator, 0.5, least_squares_realness
    ),
    "vanilla": Game(vanilla_discriminator, vanilla_generator, 0.0, vanilla_realness),
    "hinge": Game(hinge_discriminator, hinge_generator, 0.0, hinge_realness),
}


def share_called_real(scores: Tensor, game: Game) -> Tensor:
    """Return the share of patches that the discriminator takes for real, detached.

    Shape:
        Any number of raw scores -> () in [0, 1].
    """
    return (scores.detach() > game.threshold).float().mean()


def l1(image: Tensor, target: Tensor) -> Tensor:
    """Return the mean absolute difference per channel of a pixel: 2 between black and white."""
    return F.l1_loss(image.float(), target.float())
