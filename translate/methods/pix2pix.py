"""Pix2Pix: learn from pairs of images that show the same thing in two ways.

Source:
    Isola et al. 2017, "Image-to-Image Translation with Conditional Adversarial Networks". The
    paper's x is our source, its y the real target, its z the dropout inside the generator.
"""

from collections.abc import Mapping
from typing import Any, Literal

import torch
from pydantic import Field
from torch import Tensor, nn

from translate import config
from translate.augmentation import DifferentiableAugmentation, Policy
from translate.images import Pair
from translate.losses import GAMES, Game, l1, share_called_real
from translate.networks import (
    DiscriminatorSettings,
    GeneratorSettings,
    PatchGANSettings,
    UNetSettings,
    build_discriminator,
    build_generator,
    is_large_enough,
    is_mergeable,
    least_side_px,
    pass_together,
)
from translate.penalty import GradientPenalty, Place
from translate.phase import Channels, Images, Outcome, Phase, Scalars

NEEDS_PAIRS = True


class Settings(config.Settings):
    """Learn from pairs of images that show the same thing in two ways (Isola et al. 2017)."""

    name: Literal["pix2pix"] = "pix2pix"
    direction: Literal["a_to_b", "b_to_a"] = "a_to_b"  # from which domain into which
    generator: GeneratorSettings = UNetSettings()
    discriminator: DiscriminatorSettings = PatchGANSettings(norm="batch")
    game: Literal["vanilla", "least_squares", "hinge"] = "vanilla"  # how the two sides play
    l1_weight: float = Field(100.0, ge=0)  # how near a translation must come to the one true answer
    augment: tuple[Policy, ...] = ()  # changes of what discriminators see; for few photos
    penalty_weight: float = Field(0.0, ge=0)  # keeps discriminators from being steep; 0: off
    penalty_at: Place = "real"  # where steep: at photos (R1), or between them and translations


class Pix2Pix:
    """A generator, and a discriminator that sees what the generator was given.

    Args:
        networks: generator and discriminator. The discriminator takes the channels of the source,
            followed by those of the target.
        settings: The direction, the game of section 3.1 and the weight of its L1 loss.
        seed: Decides what is drawn for augmentation and penalty.
    """

    def __init__(self, networks: dict[str, nn.Module], settings: Settings, seed: int) -> None:
        self.networks = networks
        self.settings = settings
        self.game: Game = GAMES[settings.game]
        self.exports: Mapping[str, str] = {settings.direction: "generator"}
        self.source, self.target = settings.direction.split("_to_")
        # Read now: the trainer will replace the networks by wrapped ones.
        self._is_mergeable = is_mergeable(networks["discriminator"])
        self._least_px = least_side_px(networks["discriminator"])
        chance = torch.Generator().manual_seed(seed)
        self.augment = DifferentiableAugmentation(settings.augment, chance)
        self.penalty = GradientPenalty(settings.penalty_weight, settings.penalty_at, chance)
        self.phases: tuple[Phase, ...] = (
            Phase("discriminator", ("discriminator",), self.play_discriminator),
            Phase("generator", ("generator",), self.play_generator, freezes=("discriminator",)),
        )

    def translate(self, pair: Pair) -> Images:
        """Translate the source; dropout inside the generator is the only noise (section 3.2)."""
        source, _ = self._part(pair)
        return {f"fake_{self.target}": self.networks["generator"](source)}

    def play_discriminator(self, pair: Pair, images: Images) -> Outcome:
        """Tell true pairs from translated ones: eq. 1, halved to slow the discriminator (3.3)."""
        source, target = self._part(pair)
        translation = images[f"fake_{self.target}"].detach()
        source, target, translation = self.augment(source, target, translation)
        # Steep is what it is in the target: no translation can change the source (as Mescheder
        # et al. 2018 leave the class of an image alone).
        target = self.penalty.watch(target)
        real, fake = self._judge((source, target), (source, translation))
        losses: Scalars = {"discriminator": self.game.discriminator(real, fake)}
        if self.penalty.is_due():
            losses["penalty"] = self.penalty(
                lambda mixture: self._judge((source, mixture))[0], target, translation, real
            )
        measures: Scalars = {
            "accuracy_real": share_called_real(real, self.game),
            "accuracy_fake": 1 - share_called_real(fake, self.game),
        }
        return Outcome(losses, measures)

    def play_generator(self, pair: Pair, images: Images) -> Outcome:
        """Be believed, and be near the one true answer: eq. 4."""
        source, target = self._part(pair)
        translation = images[f"fake_{self.target}"]
        (scores,) = self._judge(self.augment(source, translation))
        losses: Scalars = {
            "adversarial": self.game.generator(scores),
            "l1": self.settings.l1_weight * l1(translation, target),
        }
        return Outcome(losses, measures={})

    def judge(self, pair: Pair, images: Images) -> Images:
        """Show the discriminator the true answer and the translation, each beside its source."""
        source, target = self._part(pair)
        if not is_large_enough(source, self._least_px):
            return {}
        translation = images[f"fake_{self.target}"]
        real, fake = self._judge((source, target), (source, translation))
        realness = self.game.realness
        return {f"real_{self.target}": realness(real), f"fake_{self.target}": realness(fake)}

    def state_dict(self) -> dict[str, Any]:
        """Return how far chance has come where it is asked: nothing else is remembered."""
        return self.augment.state_dict() | self.penalty.state_dict()

    def load_state_dict(self, state: dict[str, Any]) -> None:
        """Take up what `state_dict` returned."""
        self.augment.load_state_dict(state)
        self.penalty.load_state_dict(state)

    def _part(self, pair: Pair) -> tuple[Tensor, Tensor]:
        return getattr(pair, self.source), getattr(pair, self.target)

    def _judge(self, *pairs: tuple[Tensor, ...]) -> tuple[Tensor, ...]:
        """Score images beside the source they claim to translate: the condition of eq. 1."""
        stacked = [torch.cat(pair, dim=1) for pair in pairs]
        discriminator = self.networks["discriminator"]
        return pass_together(discriminator, *stacked, merge=self._is_mergeable)


def build(settings: Settings, channels: Channels, seed: int) -> Pix2Pix:
    """Make a Pix2Pix with untrained networks; equal seeds give equal weights."""
    randomness = torch.Generator().manual_seed(seed)
    source, target = channels if settings.direction == "a_to_b" else reversed(channels)
    networks: dict[str, nn.Module] = {
        "generator": build_generator(settings.generator, randomness, source, target),
        "discriminator": build_discriminator(settings.discriminator, randomness, source + target),
    }
    return Pix2Pix(networks, settings, seed)
