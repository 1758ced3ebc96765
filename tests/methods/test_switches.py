"""The switches for small data sets, together: augmentation, gradient penalty, spectral norm."""

import copy
import io
from collections.abc import Iterator
from typing import Any

import pytest
import torch
import torch.distributed as dist
from torch import Tensor
from torch.nn.parallel import DistributedDataParallel

from tests.method_toys import METHODS, NORMS, POLICIES, Player, judges, make, pair
from translate.config import check
from translate.errors import ConfigError
from translate.methods import cyclegan, load_method, pix2pix
from translate.phase import Method

SWITCHES: dict[str, dict[str, Any]] = {
    "colour": {"augment": ["colour"]},
    "translation": {"augment": ["translation"]},
    "cutout": {"augment": ["cutout"]},
    "R1": {"penalty_weight": 100.0, "penalty_at": "real"},
    "between": {"penalty_weight": 100.0, "penalty_at": "between"},
    "spectral norm": {"spectral_norm": True},
}


def weights_of_judges(method: Method) -> dict[str, Tensor]:
    """All weights of all discriminators, under the names they have without spectral norm."""
    return {
        f"{name}.{key}".replace("parametrizations.weight.original", "weight"): weight
        for name, network in judges(method)
        for key, weight in network.named_parameters()
    }


def learned_by_judges(method: Method) -> dict[str, Tensor]:
    return {key: w.detach().clone() for key, w in weights_of_judges(method).items()}


@pytest.mark.parametrize("is_half", [False, True])
@pytest.mark.parametrize("spectral_norm", [False, True])
@pytest.mark.parametrize("penalty", [None, "real", "between"])
@pytest.mark.parametrize("augment", [[], POLICIES], ids=["", "augment"])
@pytest.mark.parametrize("norm", NORMS)
@pytest.mark.parametrize("name", METHODS)
def test_every_combination_takes_a_step_with_finite_numbers(
    name: str, norm: str, augment: list[str], penalty: str | None, spectral_norm: bool,
    is_half: bool,
) -> None:  # fmt: skip
    chosen = {"penalty_weight": 10.0, "penalty_at": penalty} if penalty else {}
    method = make(name, norm, spectral_norm, augment=augment, **chosen)
    before = learned_by_judges(method)
    if is_half:  # what Accelerate does to a network
        for network in method.networks.values():
            network.forward = torch.autocast("cpu", torch.bfloat16)(network.forward)

    losses = Player(method).step(pair())

    assert all(loss.isfinite() for loss in losses.values())
    expected = {"penalty_a", "penalty_b"} if name == "cyclegan" else {"penalty"}
    assert {n for n in losses if n.startswith("penalty")} == (expected if penalty else set())
    assert all(losses[n] > 0 for n in expected & losses.keys())
    after = learned_by_judges(method)
    assert all(value.isfinite().all() for value in after.values())
    assert any(not torch.equal(value, before[key]) for key, value in after.items())


@pytest.mark.parametrize("name", METHODS)
@pytest.mark.parametrize("switch", SWITCHES.values(), ids=SWITCHES)
def test_each_switch_changes_what_discriminators_learn(name: str, switch: dict[str, Any]) -> None:
    off, on = make(name), make(name, **switch)
    for key, weight in weights_of_judges(on).items():  # spectral norm draws between two networks
        weight.data.copy_(weights_of_judges(off)[key])

    for method in (off, on):
        player = Player(method)
        for seed in range(2):
            player.step(pair(seed))

    ours, theirs = learned_by_judges(off), learned_by_judges(on)
    for judge, _ in judges(off):
        assert any(not torch.equal(v, theirs[k]) for k, v in ours.items() if k.startswith(judge))


@pytest.mark.parametrize("name", METHODS)
@pytest.mark.parametrize("at", ["real", "between"])
def test_photos_and_translations_are_handed_back_as_they_were(name: str, at: str) -> None:
    method, batch = make(name, augment=POLICIES, penalty_weight=1.0, penalty_at=at), pair()
    kept = copy.deepcopy(batch)

    Player(method).step(batch)

    for images, before in zip(batch, kept, strict=True):
        assert torch.equal(images, before)
        assert not images.requires_grad


@pytest.mark.parametrize("name", METHODS)
@pytest.mark.parametrize("at", ["real", "between"])
def test_a_restored_method_goes_on_as_if_nothing_had_happened(name: str, at: str) -> None:
    switches = {"augment": POLICIES, "penalty_weight": 1.0, "penalty_at": at, "spectral_norm": True}
    method = make(name, **switches)
    player = Player(method)
    player.step(pair())
    file = io.BytesIO()
    torch.save(method.state_dict(), file)
    file.seek(0)
    restored = make(name, seed=9, **switches)
    restored.load_state_dict(torch.load(file, weights_only=True))
    for key, network in method.networks.items():
        restored.networks[key].load_state_dict(network.state_dict())
    again = Player(restored)
    for phase, adam in player.adams.items():
        again.adams[phase].load_state_dict(copy.deepcopy(adam.state_dict()))

    for seed in range(2):
        assert player.step(pair(seed)) == again.step(pair(seed))


@pytest.fixture
def alone() -> Iterator[None]:
    """A group of processes that has one member."""
    dist.init_process_group("gloo", store=dist.HashStore(), rank=0, world_size=1)
    yield
    dist.destroy_process_group()


@pytest.mark.usefixtures("alone")
@pytest.mark.filterwarnings("ignore:`broadcast_buffers`:FutureWarning")
@pytest.mark.parametrize("name", METHODS)
@pytest.mark.parametrize("norm", NORMS)
@pytest.mark.parametrize("at", ["real", "between"])
def test_wrapped_networks_learn_the_same(name: str, norm: str, at: str) -> None:
    switches = {
        "augment": POLICIES,
        "penalty_weight": 10.0,
        "penalty_at": at,
        "spectral_norm": True,
    }
    plain, wrapped = (make(name, norm, **switches) for _ in range(2))
    player, other = Player(plain), Player(wrapped)
    inside = dict(wrapped.networks)
    for key, network in inside.items():
        wrapped.networks[key] = DistributedDataParallel(network, broadcast_buffers=False)

    for seed in range(2):
        expected, seen = player.step(pair(seed)), other.step(pair(seed))
        assert seen.keys() == expected.keys()
        for loss, value in expected.items():
            torch.testing.assert_close(seen[loss], value)
    for key, network in plain.networks.items():
        for ours, theirs in zip(network.parameters(), inside[key].parameters(), strict=True):
            if ours.ndim > 1:  # a bias before a norm learns from rounding alone
                torch.testing.assert_close(ours, theirs, atol=1e-5, rtol=1e-4)


@pytest.mark.parametrize("name", METHODS)
def test_unknown_policies_and_places_are_answered_with_those_that_exist(name: str) -> None:
    values = {"augment": ["color"], "penalty_at": "fake", "penalty_weight": -1}

    with pytest.raises(ConfigError) as error:
        check(load_method(name).Settings, values, "recipe")

    for words in (
        r"augment.0: must be 'colour', 'translation' or 'cutout', got 'color'",
        r"penalty_at: must be 'real' or 'between', got 'fake'",
        r"penalty_weight: must be greater than or equal to 0",
    ):
        assert words in str(error.value)


@pytest.mark.parametrize("kind", [cyclegan.Settings, pix2pix.Settings])
def test_one_policy_may_be_written_without_a_list(kind: type) -> None:
    assert check(kind, {"augment": "cutout"}, "recipe").augment == ("cutout",)
