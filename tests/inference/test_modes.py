import copy
from concurrent.futures import ThreadPoolExecutor

import numpy as np
import pytest
import torch
from hypothesis import given, settings
from hypothesis import strategies as st
from torch import nn

from translate.bundle import Bundle
from translate.errors import TranslateError
from translate.inference.modes import LiveDropout, apply_mode, check_mode, drawing
from translate.networks import Generator, ResNetGenerator

SEEDS = st.integers(0, 2**70)


def noise(*shape: int) -> torch.Tensor:
    return torch.rand(shape, generator=torch.Generator().manual_seed(0)) * 2 - 1


@pytest.fixture
def generator(chancy: Bundle) -> Generator:
    return copy.deepcopy(chancy.generators["a_to_b"])


def run(network: nn.Module, mode: str, photo: torch.Tensor) -> torch.Tensor:
    network = copy.deepcopy(network)
    apply_mode(network, mode)
    with drawing(7, 0):
        return network(photo)


def drawn(seed: int, sample: int, *shape: int) -> torch.Tensor:
    """The numbers of a sample, drawn without the code under test."""
    state = np.random.SeedSequence(seed, spawn_key=(sample,)).generate_state(1, np.uint64)
    return torch.rand(shape, generator=torch.Generator().manual_seed(int(state[0])))


@pytest.mark.parametrize(
    ("mode", "expected"), [("deterministic", 1.0), ("paper", 1.0), ("eval", 2.0)]
)
def test_batch_norm_takes_the_photos_own_statistics_or_those_of_training(
    mode: str, expected: float
) -> None:
    norm = nn.BatchNorm2d(1)
    norm.running_mean, norm.running_var = torch.tensor([-2.0]), torch.tensor([4.0])
    photo = torch.tensor([[[[-2.0, 2.0]]]])  # mean 0, deviation 2

    assert run(norm, mode, photo)[0, 0, 0, 1].item() == pytest.approx(expected, abs=1e-4)


def test_deterministic_is_training_without_dropout(generator: Generator) -> None:
    photo = noise(1, 3, 64, 64)

    translated = run(generator, "deterministic", photo)

    training = generator.train()
    for layer in training.modules():
        if isinstance(layer, nn.Dropout):
            layer.eval()
    assert torch.allclose(translated, training(photo), atol=1e-6)


def test_eval_is_the_network_as_it_is_evaluated(generator: Generator) -> None:
    photo = noise(1, 3, 64, 64)
    generator.train()(photo)  # learns its statistics

    assert torch.equal(run(generator, "eval", photo), generator.eval()(photo))


def test_paper_is_training_with_the_masks_that_seed_and_sample_decide(
    generator: Generator,
) -> None:
    photo = noise(1, 3, 64, 64)

    translated = run(generator, "paper", photo)

    masks: list[torch.Tensor] = []

    def drop(_: nn.Module, features: tuple[torch.Tensor], __: torch.Tensor) -> torch.Tensor:
        masks.append((drawn(7, 0, *features[0].shape) >= 0.5).float())
        return features[0] * masks[-1] * 2

    for layer in generator.train().modules():
        if isinstance(layer, nn.Dropout):
            layer.register_forward_hook(drop)
    assert torch.allclose(translated, generator(photo), atol=1e-6)
    assert [mask.shape for mask in masks] == [(1, 16, 4, 4)]  # level 4 of 64 px


def test_the_three_modes_differ_where_there_is_batch_norm_and_dropout(
    generator: Generator,
) -> None:
    photo = noise(1, 3, 64, 64)
    own, running, chance = (run(generator, m, photo) for m in ("deterministic", "eval", "paper"))

    for one, other in ((own, running), (own, chance), (running, chance)):
        assert (one - other).abs().max() > 0.01


def test_without_batch_norm_and_dropout_all_modes_are_one() -> None:
    network, photo = ResNetGenerator(base_channels=2, blocks=1), noise(1, 3, 16, 16)

    first, *others = (run(network, mode, photo) for mode in ("deterministic", "eval", "paper"))

    assert all(torch.equal(first, other) for other in others)


def test_live_dropout_drops_or_scales_and_touches_nobodys_numbers() -> None:
    before = torch.get_rng_state()

    with drawing(3, 1):
        dropped = LiveDropout(0.25)(torch.full((2, 4, 8, 8), 3.0))

    assert dropped.unique().tolist() == [0.0, 4.0]
    assert torch.equal(dropped == 0, drawn(3, 1, 2, 4, 8, 8) < 0.25)
    assert torch.equal(torch.get_rng_state(), before)


@settings(max_examples=30, deadline=None)
@given(SEEDS, SEEDS, st.integers(0, 50), st.integers(0, 50))
def test_seed_and_sample_decide_every_mask(seed: int, other: int, i: int, j: int) -> None:
    def mask(seed: int, sample: int) -> torch.Tensor:
        with drawing(seed, sample):
            return LiveDropout(0.5)(torch.ones(100))

    assert torch.equal(mask(seed, i), mask(seed, i))
    assert torch.equal(mask(seed, i), mask(other, j)) == ((seed, i) == (other, j))


def test_a_seed_beyond_32_bits_is_no_other_seeds_sample() -> None:
    assert not torch.equal(drawn(2**32 + 5, 0, 9), drawn(5, 1, 9))
    with drawing(2**32 + 5, 0):
        assert torch.equal(LiveDropout(0.5)(torch.ones(9)) > 0, drawn(2**32 + 5, 0, 9) >= 0.5)


def test_each_thread_draws_its_own_numbers() -> None:
    layer = LiveDropout(0.5)

    def draw(seed: int) -> list[torch.Tensor]:
        with drawing(seed, 0):
            return [layer(torch.ones(50_000)) for _ in range(5)]

    with ThreadPoolExecutor(4) as pool:
        together = list(pool.map(draw, range(12)))

    for seed, masks in enumerate(together):
        assert all(torch.equal(m, again) for m, again in zip(masks, draw(seed), strict=True))


def test_an_unknown_mode_names_those_there_are() -> None:
    with pytest.raises(TranslateError) as caught:
        check_mode("dream")

    assert str(caught.value) == (
        "There is no inference mode 'dream'. Choose one of deterministic, eval, paper."
    )
