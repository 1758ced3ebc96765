import math
from collections import Counter
from typing import Any

import pytest
import torch
from hypothesis import given, settings
from hypothesis import strategies as st
from torch import Tensor, nn

from tests.toys import changed, noise, tiny_pix2pix, weights
from translate.images import Pair
from translate.methods.pix2pix import Pix2Pix, Settings
from translate.phase import Channels, Outcome, Phase, Scalars

DIRECTIONS = ["a_to_b", "b_to_a"]
JUDGE = {"name": "patchgan", "base_channels": 4, "depth": 1}
INSTANCE_NORM = {
    "generator": {"name": "unet", "base_channels": 4, "depth": 3, "norm": "instance"},
    "discriminator": JUDGE | {"norm": "instance"},
}
OTHER_NETWORKS = {
    "generator": {"name": "resnet", "base_channels": 4, "blocks": 1},
    "discriminator": {"name": "pixelgan", "base_channels": 4},
}


def pair(batch: int = 2, seed: int = 0, a: int = 3, b: int = 3) -> Pair:
    return Pair(noise(batch, a, 16, 16, seed=seed), noise(batch, b, 16, 16, seed=seed + 1))


def run(method: Pix2Pix, phase: Phase, batch: Pair, images: dict[str, Tensor]) -> Outcome:
    """Play one phase and leave its gradients in the networks."""
    for name in phase.freezes:
        method.networks[name].requires_grad_(False)
    outcome = phase.play(batch, images)
    torch.stack(list(outcome.losses.values())).sum().backward()
    for name in phase.freezes:
        method.networks[name].requires_grad_(True)
    return outcome


class Constant(nn.Module):
    """Answers everything with one number that can be learned, and remembers what it was asked."""

    def __init__(self, value: float) -> None:
        super().__init__()
        self.value = nn.Parameter(torch.tensor(value))
        self.asked: list[Tensor] = []

    def forward(self, images: Tensor) -> Tensor:
        self.asked.append(images)
        return self.value.expand_as(images)


def constants(direction: str = "a_to_b", generator: float = 0.5, judge: float = 0.0) -> Pix2Pix:
    networks = {"generator": Constant(generator), "discriminator": Constant(judge)}
    return Pix2Pix(networks, Settings(direction=direction), seed=0)


def test_defaults_are_the_papers() -> None:
    chosen = Settings()

    assert (chosen.direction, chosen.game, chosen.l1_weight) == ("a_to_b", "vanilla", 100)
    assert chosen.generator.model_dump() == {
        "name": "unet",
        "base_channels": 64,
        "depth": 8,
        "norm": "batch",
        "dropout": True,
        "upsample": "transposed",
    }
    assert chosen.discriminator.model_dump() == {
        "name": "patchgan",
        "base_channels": 64,
        "depth": 3,
        "norm": "batch",
        "spectral_norm": False,
    }
    assert (chosen.augment, chosen.penalty_weight, chosen.penalty_at) == ((), 0, "real")


@pytest.mark.parametrize("direction", DIRECTIONS)
def test_owns_one_of_each_and_exports_its_direction_alone(direction: str) -> None:
    method = tiny_pix2pix(direction=direction)

    assert method.networks.keys() == {"generator", "discriminator"}
    assert dict(method.exports) == {direction: "generator"}
    assert [phase.name for phase in method.phases] == ["discriminator", "generator"]


@settings(max_examples=20, deadline=None)
@given(
    direction=st.sampled_from(DIRECTIONS),
    a=st.integers(1, 7),
    b=st.integers(1, 7),
    batch=st.integers(1, 3),
)
def test_pairs_of_any_channels_are_translated_and_learned_from(
    direction: str, a: int, b: int, batch: int
) -> None:
    method = tiny_pix2pix(Channels(a, b), direction=direction)
    images = pair(batch, a=a, b=b)

    (name, translation), *others = method.translate(images).items()
    outcomes = [run(method, phase, images, {name: translation}) for phase in method.phases]

    assert not others
    assert name == f"fake_{direction[-1]}"
    assert translation.shape == getattr(images, direction[-1]).shape
    assert all(loss.isfinite() for outcome in outcomes for loss in outcome.losses.values())


@pytest.mark.parametrize("direction", DIRECTIONS)
def test_the_generator_is_shown_the_source_and_never_the_target(direction: str) -> None:
    method, images = constants(direction), pair()
    generator, discriminator = method.networks.values()

    translations = method.translate(images)
    for phase in method.phases:
        phase.play(images, translations)

    assert len(generator.asked) == 1
    assert generator.asked[0] is getattr(images, direction[0])
    assert len(discriminator.asked) == 2  # real and fake share one call


@pytest.mark.parametrize("direction", DIRECTIONS)
def test_the_discriminator_sees_the_source_and_then_what_claims_to_be_its_translation(
    direction: str,
) -> None:
    method, images = constants(direction), pair(batch=1, a=3, b=3)
    judge = method.networks["discriminator"]
    source, target = (getattr(images, direction[i]) for i in (0, -1))
    translations = method.translate(images)
    (translation,) = translations.values()

    method.play_discriminator(images, translations)
    method.play_generator(images, translations)

    true_pair, claimed = (torch.cat([source, other], dim=1) for other in (target, translation))
    assert torch.equal(judge.asked[0], torch.cat([true_pair, claimed]))
    assert torch.equal(judge.asked[1], claimed)
    assert [asked.requires_grad for asked in judge.asked] == [False, True]


@pytest.mark.parametrize("direction", DIRECTIONS)
@pytest.mark.parametrize("networks", [{}, INSTANCE_NORM, OTHER_NETWORKS])
def test_each_phase_changes_what_it_trains_and_nothing_else(
    direction: str, networks: dict[str, Any]
) -> None:
    method, images = tiny_pix2pix(direction=direction, **networks), pair()
    translations = method.translate(images)
    for phase in method.phases:
        before = weights(method.networks)
        optimizer = torch.optim.Adam(
            [w for name in phase.trains for w in method.networks[name].parameters()]
        )
        run(method, phase, images, translations)
        optimizer.step()
        assert changed(before, weights(method.networks)) == set(phase.trains) == {phase.name}


@pytest.mark.parametrize("number", [0, 1])
def test_neither_side_feels_what_the_other_learns_from(number: int) -> None:
    method, images = tiny_pix2pix(), pair()
    phase = method.phases[number]

    run(method, phase, images, method.translate(images))

    felt = {
        name for name, network in method.networks.items() for w in network.parameters()
        if w.grad is not None
    }  # fmt: skip
    assert felt == {phase.name}


def test_losses_are_what_a_hand_computes() -> None:
    method = constants(generator=0.5, judge=math.log(3))  # sure of everything, by 3 to 1
    images = Pair(torch.zeros(1, 3, 4, 4), torch.ones(1, 3, 4, 4))
    translations = method.translate(images)

    judged = method.play_discriminator(images, translations)
    taught = method.play_generator(images, translations)

    # -log(3/4) where it is right about the photo, -log(1/4) where it believes the translation.
    assert values(judged.losses) == pytest.approx(
        {"discriminator": (math.log(4 / 3) + math.log(4)) / 2}
    )
    assert values(judged.measures) == {"accuracy_real": 1, "accuracy_fake": 0}
    assert values(taught.losses) == pytest.approx(
        {"adversarial": math.log(4 / 3), "l1": 100 * 0.5}  # |0.5 - 1|
    )
    assert taught.measures == {}


def values(scalars: Scalars) -> dict[str, float]:
    return {name: scalar.item() for name, scalar in scalars.items()}


def test_without_an_l1_weight_only_the_judge_is_heeded() -> None:
    method, images = tiny_pix2pix(l1_weight=0), pair()

    losses = method.play_generator(images, method.translate(images)).losses

    assert losses["l1"] == 0
    assert losses["adversarial"] > 0


@pytest.mark.parametrize(("networks", "calls"), [({}, 2), (INSTANCE_NORM, 1)])
def test_only_a_batch_norm_needs_two_calls_for_real_and_fake(
    networks: dict[str, Any], calls: int
) -> None:
    method, images = tiny_pix2pix(**networks), pair()

    counts: Counter[str] = Counter()
    for name, network in method.networks.items():
        network.register_forward_hook(lambda *_, name=name: counts.update([name]))

    method.play_discriminator(images, method.translate(images))

    assert counts == {"generator": 1, "discriminator": calls}


def test_merged_passes_teach_the_same_as_separate_ones() -> None:
    merged, images = tiny_pix2pix(**INSTANCE_NORM), pair()
    apart = tiny_pix2pix(**INSTANCE_NORM)
    apart._is_mergeable = False

    for method in (merged, apart):
        run(method, method.phases[0], images, method.translate(images))

    ours, theirs = (method.networks["discriminator"].parameters() for method in (merged, apart))
    for mine, other in zip(ours, theirs, strict=True):
        torch.testing.assert_close(mine.grad, other.grad, atol=1e-5, rtol=1e-4)


def test_networks_replaced_after_construction_are_the_ones_that_run() -> None:
    method, images = tiny_pix2pix(), pair()
    method.networks |= {"generator": Constant(0.25), "discriminator": Constant(0.0)}

    translations = method.translate(images)

    assert (translations["fake_b"] == 0.25).all()
    losses = method.play_discriminator(images, translations).losses
    assert losses["discriminator"].item() == pytest.approx(math.log(2))


def test_measures_are_detached_shares() -> None:
    method, images = tiny_pix2pix(), pair()

    measures = method.play_discriminator(images, method.translate(images)).measures

    for share in measures.values():
        assert not share.requires_grad
        assert 0 <= share <= 1


@settings(max_examples=5, deadline=None)
@given(st.integers(0, 2**40))
def test_equal_seeds_give_equal_weights_whatever_came_before(seed: int) -> None:
    first = weights(tiny_pix2pix(seed=seed).networks)
    torch.rand(3)
    state = torch.get_rng_state()
    again = weights(tiny_pix2pix(seed=seed).networks)

    assert all(torch.equal(value, again[key]) for key, value in first.items())
    assert torch.equal(torch.get_rng_state(), state)
    other = weights(tiny_pix2pix(seed=seed + 1).networks)
    assert changed(first, other) == {"generator", "discriminator"}


def test_dropout_is_what_makes_two_translations_differ() -> None:
    unet = {"name": "unet", "base_channels": 2, "depth": 6}
    images = Pair(noise(1, 3, 64, 64), noise(1, 3, 64, 64, seed=1))

    def is_repeatable(dropout: bool) -> bool:
        method = tiny_pix2pix(generator=unet | {"dropout": dropout})
        first, again = (method.translate(images)["fake_b"] for _ in range(2))
        return torch.equal(first, again)

    assert not is_repeatable(True)
    assert is_repeatable(False)
