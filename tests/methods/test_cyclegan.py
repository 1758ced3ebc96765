import copy
import io
from collections import Counter
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

import pytest
import torch
from hypothesis import given, settings
from hypothesis import strategies as st
from torch import Tensor, nn

from tests.toys import PHOTOS
from translate.errors import ConfigError
from translate.images import Pair
from translate.methods.cyclegan import CycleGAN, Settings, build
from translate.phase import Channels, Outcome, Phase

NETWORKS = {"generator_ab", "generator_ba", "discriminator_a", "discriminator_b"}
RESNET = {"name": "resnet", "base_channels": 4, "blocks": 1}
PATCHGAN = {"name": "patchgan", "base_channels": 4, "depth": 1}


def tiny(
    norm: str = "instance", seed: int = 0, channels: Channels = PHOTOS, **settings: Any
) -> CycleGAN:
    networks = {"generator": RESNET | {"norm": norm}, "discriminator": PATCHGAN | {"norm": norm}}
    return build(Settings.model_validate(networks | settings), channels, seed)


def pair(
    batch: int = 2, seed: int = 0, side_a: int = 32, side_b: int = 32, channels: Channels = PHOTOS
) -> Pair:
    randomness = torch.Generator().manual_seed(seed)
    return Pair(
        *(
            torch.rand(batch, count, side, side, generator=randomness) * 2 - 1
            for count, side in zip(channels, (side_a, side_b), strict=True)
        )
    )


@contextmanager
def frozen(method: CycleGAN, phase: Phase) -> Iterator[None]:
    for name in phase.freezes:
        method.networks[name].requires_grad_(False)
    yield
    for name in phase.freezes:
        method.networks[name].requires_grad_(True)


def run(method: CycleGAN, phase: Phase, batch: Pair, images: dict[str, Tensor]) -> Outcome:
    """Play one phase and leave its gradients in the networks."""
    with frozen(method, phase):
        outcome = phase.play(batch, images)
        torch.stack(list(outcome.losses.values())).sum().backward()
    return outcome


def step(method: CycleGAN, batch: Pair) -> dict[str, float]:
    """One whole training step, as short as it can be; returns the losses."""
    images = method.translate(batch)
    losses: dict[str, float] = {}
    for phase in method.phases:
        learning = [w for name in phase.trains for w in method.networks[name].parameters()]
        optimizer = torch.optim.Adam(learning, lr=1e-3)
        losses |= {
            name: loss.item() for name, loss in run(method, phase, batch, images).losses.items()
        }
        optimizer.step()
        optimizer.zero_grad()
    return losses


@contextmanager
def counted(method: CycleGAN) -> Iterator[Counter[str]]:
    calls: Counter[str] = Counter()
    hooks = [
        network.register_forward_hook(lambda *_, name=name: calls.update([name]))
        for name, network in method.networks.items()
    ]
    yield calls
    for hook in hooks:
        hook.remove()


def test_defaults_are_the_papers() -> None:
    settings = Settings()

    assert (settings.cycle_weight, settings.identity_weight, settings.pool_size) == (10, 5, 50)
    assert (settings.generator.blocks, settings.generator.base_channels) == (9, 64)
    assert settings.game == "least_squares"
    assert settings.discriminator.model_dump() == {
        "name": "patchgan",
        "base_channels": 64,
        "depth": 3,
        "norm": "instance",
        "spectral_norm": False,
    }
    assert (settings.augment, settings.penalty_weight, settings.penalty_at) == ((), 0, "real")


def test_owns_two_of_each_and_exports_both_directions() -> None:
    method = tiny()

    assert method.networks.keys() == NETWORKS
    assert dict(method.exports) == {"a_to_b": "generator_ab", "b_to_a": "generator_ba"}
    assert [phase.name for phase in method.phases] == ["generators", "discriminators"]


def test_translations_have_the_shape_of_what_they_stand_beside() -> None:
    images = tiny().translate(pair())

    assert set(images) == {"fake_a", "fake_b", "cycled_a", "cycled_b", "same_a", "same_b"}
    assert {image.shape for image in images.values()} == {(2, 3, 32, 32)}


def test_images_come_from_the_generators_their_names_say() -> None:
    method, (a, b) = tiny(), pair()
    there, back = method.networks["generator_ab"], method.networks["generator_ba"]
    expected = {
        "fake_b": there(a),
        "fake_a": back(b),
        "same_b": there(b),
        "same_a": back(a),
        "cycled_a": back(there(a)),
        "cycled_b": there(back(b)),
    }

    for name, image in method.translate(Pair(a, b)).items():
        torch.testing.assert_close(image, expected[name], atol=1e-5, rtol=0)


@pytest.mark.parametrize("norm", ["instance", "batch"])
def test_each_phase_changes_what_it_trains_and_nothing_else(norm: str) -> None:
    method, batch = tiny(norm), pair()
    images = method.translate(batch)
    for phase in method.phases:
        before = copy.deepcopy({n: dict(m.named_parameters()) for n, m in method.networks.items()})
        optimizer = torch.optim.Adam(
            [w for name in phase.trains for w in method.networks[name].parameters()]
        )
        run(method, phase, batch, images)
        optimizer.step()
        changed = {
            name
            for name, network in method.networks.items()
            if any(not torch.equal(w, before[name][key]) for key, w in network.named_parameters())
        }
        assert changed == set(phase.trains)


def test_generators_learn_through_judges_that_feel_nothing() -> None:
    method, batch = tiny(), pair()
    run(method, method.phases[0], batch, method.translate(batch))

    for name, network in method.networks.items():
        for weights in network.parameters():
            assert (weights.grad is None) == name.startswith("discriminator")


def test_judges_teach_the_generators_nothing_in_their_own_phase() -> None:
    method, batch = tiny(), pair()
    run(method, method.phases[1], batch, method.translate(batch))

    for name, network in method.networks.items():
        for weights in network.parameters():
            assert (weights.grad is None) == name.startswith("generator")


class Constant(nn.Module):
    """Answers everything with one number that can be learned."""

    def __init__(self, value: float) -> None:
        super().__init__()
        self.value = nn.Parameter(torch.tensor(value))

    def forward(self, images: Tensor) -> Tensor:
        return self.value.expand_as(images)


def test_losses_are_what_a_hand_computes() -> None:
    networks: dict[str, nn.Module] = {
        "generator_ab": Constant(0.5),
        "generator_ba": Constant(-0.5),
        "discriminator_a": Constant(0.75),
        "discriminator_b": Constant(0.25),
    }
    method = CycleGAN(networks, Settings(), seed=0)
    batch = Pair(torch.zeros(1, 3, 4, 4), torch.ones(1, 3, 4, 4))
    images = method.translate(batch)

    generators = method.play_generators(batch, images)
    discriminators = method.play_discriminators(batch, images)

    assert {name: loss.item() for name, loss in generators.losses.items()} == {
        "adversarial_a": 0.25**2,
        "cycle_a": 10 * 0.5,  # |-0.5 - 0|
        "identity_a": 5 * 0.5,
        "adversarial_b": 0.75**2,
        "cycle_b": 10 * 0.5,  # |0.5 - 1|
        "identity_b": 5 * 0.5,
    }
    assert {name: loss.item() for name, loss in discriminators.losses.items()} == {
        "discriminator_a": (0.25**2 + 0.75**2) / 2,
        "discriminator_b": (0.75**2 + 0.25**2) / 2,
    }
    assert {name: share.item() for name, share in discriminators.measures.items()} == {
        "accuracy_real_a": 1,
        "accuracy_fake_a": 0,
        "accuracy_real_b": 0,
        "accuracy_fake_b": 1,
    }


@pytest.mark.parametrize(("identity_weight", "names"), [(5, 6), (0, 4)])
def test_merging_passes_halves_the_calls(identity_weight: float, names: int) -> None:
    method, batch = tiny(identity_weight=identity_weight), pair()
    with counted(method) as calls:
        images = method.translate(batch)
        method.play_discriminators(batch, images)

    assert len(images) == names
    assert calls == {
        "generator_ab": 2,
        "generator_ba": 2,
        "discriminator_a": 1,
        "discriminator_b": 1,
    }


def apart(method: CycleGAN) -> CycleGAN:
    """The same method, never merging passes."""
    twin = copy.deepcopy(method)
    twin._mergeable = dict.fromkeys(NETWORKS, False)
    twin.phases = CycleGAN(twin.networks, twin.settings, seed=0).phases
    return twin


def gradients(method: CycleGAN, batch: Pair) -> Iterator[Tensor]:
    images = method.translate(batch)
    for phase, play in zip(
        method.phases, (method.play_generators, method.play_discriminators), strict=True
    ):
        run(method, Phase(phase.name, phase.trains, play, phase.freezes), batch, images)
    for network in method.networks.values():
        for weights in network.parameters():
            assert weights.grad is not None
            yield weights.grad


def test_merged_passes_teach_the_same_as_separate_ones() -> None:
    method, batch = tiny(), pair()
    separate = apart(method)
    with counted(separate) as calls:
        expected = list(gradients(separate, batch))

    assert calls["generator_ab"] == 3
    for ours, theirs in zip(gradients(method, batch), expected, strict=True):
        torch.testing.assert_close(ours, theirs, atol=1e-5, rtol=1e-4)


def test_batch_norm_never_shares_a_pass() -> None:
    method, batch = tiny("batch"), pair()
    with counted(method) as calls:
        method.play_discriminators(batch, method.translate(batch))

    assert calls == {
        "generator_ab": 3,
        "generator_ba": 3,
        "discriminator_a": 2,
        "discriminator_b": 2,
    }


def test_networks_replaced_after_construction_are_the_ones_that_run() -> None:
    method, batch = tiny(), pair()
    for name in NETWORKS:
        method.networks[name] = Constant(0.0)

    assert not method.translate(batch)["cycled_a"].any()
    assert (
        method.play_discriminators(batch, method.translate(batch)).losses["discriminator_a"] == 0.5
    )


def test_domains_of_different_sides_train_too() -> None:
    method, batch = tiny(), pair(side_a=32, side_b=40)

    assert method.translate(batch)["cycled_b"].shape == batch.b.shape
    assert all(loss >= 0 for loss in step(method, batch).values())


@settings(max_examples=6, deadline=None)
@given(a=st.integers(1, 7), b=st.integers(1, 7))
def test_domains_of_different_channels_train_without_an_identity_loss(a: int, b: int) -> None:
    channels = Channels(a, b)
    method, batch = tiny(channels=channels, identity_weight=0), pair(channels=channels)

    images = method.translate(batch)

    assert {name: image.shape[1] for name, image in images.items()} == {
        "fake_a": a, "cycled_a": a, "fake_b": b, "cycled_b": b,
    }  # fmt: skip
    assert all(loss >= 0 for loss in step(method, batch).values())


def test_an_identity_loss_between_different_channels_is_refused() -> None:
    with pytest.raises(ConfigError, match=r"identity_weight: .* 3 and 1 channels.*Set it to 0"):
        tiny(channels=Channels(3, 1))
    tiny(channels=Channels(5, 5))  # they need not be three


def test_grid_needs_no_identity_pass() -> None:
    method = tiny()
    with torch.no_grad():
        images = method.translate(pair())

    assert set(images) == {"fake_a", "fake_b", "cycled_a", "cycled_b"}


def test_measures_are_detached_shares() -> None:
    method, batch = tiny(), pair()
    measures = method.play_discriminators(batch, method.translate(batch)).measures

    for share in measures.values():
        assert not share.requires_grad
        assert 0 <= share <= 1


@pytest.mark.parametrize("game", ["least_squares", "vanilla", "hinge"])
def test_training_brings_the_cycle_closer(game: str) -> None:
    method, batch = tiny(game=game), pair(batch=1)
    cycles = [
        losses["cycle_a"] + losses["cycle_b"] for losses in (step(method, batch) for _ in range(12))
    ]

    assert cycles[-1] < cycles[0]


def test_equal_seeds_give_equal_steps() -> None:
    first, second = tiny(seed=3), tiny(seed=3)

    assert step(first, pair()) == step(second, pair())
    assert step(first, pair()) != step(tiny(seed=4), pair())


def test_restored_pools_hand_out_the_same_translations() -> None:
    method = tiny(pool_size=3)
    with torch.no_grad():
        for seed in range(4):
            batch = pair(seed=seed)
            method.play_discriminators(batch, method.translate(batch))
    file = io.BytesIO()
    torch.save(method.state_dict(), file)
    file.seek(0)
    restored = tiny(pool_size=3, seed=9)
    restored.load_state_dict(torch.load(file, weights_only=True))

    for seed in range(4):
        images = pair(batch=4, seed=seed)
        for domain in "ab":
            ours = method.pools[domain].exchange(images.a)
            assert torch.equal(ours, restored.pools[domain].exchange(images.a))
