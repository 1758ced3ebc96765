"""CycleGAN: learn from two unrelated folders of photos, by translating there and back.

Source:
    Zhu et al. 2017, "Unpaired Image-to-Image Translation using Cycle-Consistent Adversarial
    Networks". The paper's G is our generator_ab, its F generator_ba; its D_X is discriminator_a,
    its D_Y discriminator_b.
"""

import random
from collections.abc import Mapping
from functools import partial
from typing import Any, Literal

import torch
from pydantic import Field
from torch import Tensor, nn

from translate import config
from translate.augmentation import DifferentiableAugmentation, Policy
from translate.errors import ConfigError
from translate.images import Pair
from translate.losses import GAMES, Game, l1, share_called_real
from translate.networks import (
    DiscriminatorSettings,
    GeneratorSettings,
    PatchGANSettings,
    ResNetSettings,
    build_discriminator,
    build_generator,
    is_large_enough,
    is_mergeable,
    least_side_px,
    pass_together,
)
from translate.penalty import GradientPenalty, Place
from translate.phase import Channels, Images, Outcome, Phase, Scalars
from translate.pool import ImagePool

NEEDS_PAIRS = False


class Settings(config.Settings):
    """Learn from two folders of unrelated photos (Zhu et al. 2017)."""

    name: Literal["cyclegan"] = "cyclegan"
    generator: GeneratorSettings = ResNetSettings()  # one for each direction
    discriminator: DiscriminatorSettings = PatchGANSettings()  # one for each domain
    game: Literal["least_squares", "vanilla", "hinge"] = "least_squares"  # how the two sides play
    cycle_weight: float = Field(10.0, ge=0)  # how closely a photo must survive there and back
    identity_weight: float = Field(5.0, ge=0)  # keep photos of the target domain; 0 is faster
    pool_size: int = Field(50, ge=0)  # earlier translations that discriminators are shown; 0: none
    augment: tuple[Policy, ...] = ()  # changes of what discriminators see; for few photos
    penalty_weight: float = Field(0.0, ge=0)  # keeps discriminators from being steep; 0: off
    penalty_at: Place = "real"  # where steep: at photos (R1), or between them and translations


class CycleGAN:
    """Two generators and two discriminators: fool the judge of the other domain, and come back.

    Args:
        networks: generator_ab, generator_ba, discriminator_a and discriminator_b.
        settings: The game of section 3.1, weights of the losses and size of the pools.
        seed: Decides which earlier translations the pools hand out, and what else is drawn.
    """

    exports: Mapping[str, str] = {"a_to_b": "generator_ab", "b_to_a": "generator_ba"}

    def __init__(self, networks: dict[str, nn.Module], settings: Settings, seed: int) -> None:
        self.networks = networks
        self.settings = settings
        self.game: Game = GAMES[settings.game]
        # Read now: the trainer will replace the networks by wrapped ones.
        self._mergeable = {name: is_mergeable(network) for name, network in networks.items()}
        self._least_px = {name: least_side_px(network) for name, network in networks.items()}
        self.pools = {
            domain: ImagePool(settings.pool_size, random.Random(f"{seed} {domain}"))  # noqa: S311
            for domain in "ab"
        }
        chance = torch.Generator().manual_seed(seed)
        self.augment = DifferentiableAugmentation(settings.augment, chance)
        self.penalty = GradientPenalty(settings.penalty_weight, settings.penalty_at, chance)
        generators = ("generator_ab", "generator_ba")
        discriminators = ("discriminator_a", "discriminator_b")
        self.phases: tuple[Phase, ...] = (
            Phase("generators", generators, self.play_generators, freezes=discriminators),
            Phase("discriminators", discriminators, self.play_discriminators),
        )

    def translate(self, pair: Pair) -> Images:
        """Go there and back from both domains; for the identity loss, also stay where one is.

        Nothing learns while gradients are off, so that last pass is left out then.
        """
        there, back = "generator_ab", "generator_ba"
        images: Images = {}
        if self.settings.identity_weight > 0 and torch.is_grad_enabled():
            images["fake_b"], images["same_b"] = self._run(there, pair.a, pair.b)
            images["fake_a"], images["same_a"] = self._run(back, pair.b, pair.a)
        else:
            (images["fake_b"],) = self._run(there, pair.a)
            (images["fake_a"],) = self._run(back, pair.b)
        (images["cycled_a"],) = self._run(back, images["fake_b"])
        (images["cycled_b"],) = self._run(there, images["fake_a"])
        return images

    def play_generators(self, pair: Pair, images: Images) -> Outcome:
        """Be believed, come back, and leave alone what needs no translation: eq. 3 and sec. 5.2."""
        losses: Scalars = {}
        for domain, real in zip("ab", pair, strict=True):
            (shown,) = self.augment(images[f"fake_{domain}"])
            scores = self._score(f"discriminator_{domain}", shown)
            losses[f"adversarial_{domain}"] = self.game.generator(scores)
            cycle = l1(images[f"cycled_{domain}"], real)
            losses[f"cycle_{domain}"] = self.settings.cycle_weight * cycle
            if self.settings.identity_weight > 0:
                identity = l1(images[f"same_{domain}"], real)
                losses[f"identity_{domain}"] = self.settings.identity_weight * identity
        return Outcome(losses, measures={})

    def play_discriminators(self, pair: Pair, images: Images) -> Outcome:
        """Tell photos from translations, some of them older ones (section 4)."""
        losses: Scalars = {}
        measures: Scalars = {}
        for domain, photos in zip("ab", pair, strict=True):
            name = f"discriminator_{domain}"
            translations = self.pools[domain].exchange(images[f"fake_{domain}"])
            seen, claimed = self.augment(photos, translations)
            seen = self.penalty.watch(seen)
            real, fake = self._run(name, seen, claimed)
            losses[name] = self.game.discriminator(real, fake)
            if self.penalty.is_due():
                penalty = self.penalty(partial(self._score, name), seen, claimed, real)
                losses[f"penalty_{domain}"] = penalty
            measures[f"accuracy_real_{domain}"] = share_called_real(real, self.game)
            measures[f"accuracy_fake_{domain}"] = 1 - share_called_real(fake, self.game)
        return Outcome(losses, measures)

    def judge(self, pair: Pair, images: Images) -> Images:
        """Show each discriminator a photo of its domain, and what is claimed to be one."""
        judged: Images = {}
        for domain, real in zip("ab", pair, strict=True):
            seen = {f"real_{domain}": real, f"fake_{domain}": images[f"fake_{domain}"]}
            for name, image in seen.items():
                if is_large_enough(image, self._least_px[f"discriminator_{domain}"]):
                    scores = self._score(f"discriminator_{domain}", image)
                    judged[name] = self.game.realness(scores)
        return judged

    def state_dict(self) -> dict[str, Any]:
        """Return what the pools remember, and how far chance has come where it is asked."""
        pools = {f"pool_{domain}": pool.state_dict() for domain, pool in self.pools.items()}
        return pools | self.augment.state_dict() | self.penalty.state_dict()

    def load_state_dict(self, state: dict[str, Any]) -> None:
        """Take up what `state_dict` returned."""
        for domain, pool in self.pools.items():
            pool.load_state_dict(state[f"pool_{domain}"])
        self.augment.load_state_dict(state)
        self.penalty.load_state_dict(state)

    def _score(self, name: str, images: Tensor) -> Tensor:
        return self._run(name, images)[0]

    def _run(self, name: str, *batches: Tensor) -> tuple[Tensor, ...]:
        return pass_together(self.networks[name], *batches, merge=self._mergeable[name])


def build(settings: Settings, channels: Channels, seed: int) -> CycleGAN:
    """Make a CycleGAN with untrained networks; equal seeds give equal weights and pools.

    Raises:
        ConfigError: An identity loss is asked for between domains of different channels.
    """
    if channels.a != channels.b and settings.identity_weight > 0:
        raise ConfigError(
            f"method.identity_weight: the domains have {channels.a} and {channels.b} channels, so "
            "an image of one cannot be kept as it is by the translation into the other. "
            "Set it to 0."
        )
    randomness = torch.Generator().manual_seed(seed)
    networks: dict[str, nn.Module] = {
        "generator_ab": build_generator(settings.generator, randomness, *channels),
        "generator_ba": build_generator(settings.generator, randomness, *reversed(channels)),
        "discriminator_a": build_discriminator(settings.discriminator, randomness, channels.a),
        "discriminator_b": build_discriminator(settings.discriminator, randomness, channels.b),
    }
    return CycleGAN(networks, settings, seed)
