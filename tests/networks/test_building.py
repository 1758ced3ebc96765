import pytest
import torch
from pydantic import TypeAdapter, ValidationError

from translate.networks import (
    DISCRIMINATORS,
    GENERATORS,
    DiscriminatorSettings,
    PatchGAN,
    PixelGANSettings,
    ResNetSettings,
    build_discriminator,
    build_generator,
)

TINY = ResNetSettings(base_channels=2, blocks=1)


def test_every_architecture_is_found_by_its_own_name() -> None:
    for name, architecture in (GENERATORS | DISCRIMINATORS).items():
        assert architecture.name == name


def test_building_leaves_process_wide_randomness_alone() -> None:
    before = torch.get_rng_state()
    build_generator(TINY, torch.Generator().manual_seed(0))
    build_discriminator(PixelGANSettings(), torch.Generator().manual_seed(0))

    assert torch.equal(torch.get_rng_state(), before)


def test_equal_seeds_build_equal_networks() -> None:
    first, second = (build_generator(TINY, torch.Generator().manual_seed(7)) for _ in range(2))

    for ours, theirs in zip(first.parameters(), second.parameters(), strict=True):
        assert torch.equal(ours, theirs)


def test_two_networks_of_one_seed_differ() -> None:
    randomness = torch.Generator().manual_seed(7)
    first, second = (build_generator(TINY, randomness) for _ in range(2))

    assert not torch.equal(next(first.parameters()), next(second.parameters()))


def test_channels_reach_the_networks() -> None:
    generator = build_generator(TINY, torch.Generator(), in_channels=1, out_channels=2)
    judge = build_discriminator(PixelGANSettings(), torch.Generator(), in_channels=6)

    assert generator(torch.zeros(1, 1, 8, 8)).shape == (1, 2, 8, 8)
    assert judge(torch.rand(1, 6, 8, 8)).shape == (1, 1, 8, 8)


def test_the_name_decides_which_discriminator_is_built() -> None:
    adapter = TypeAdapter(DiscriminatorSettings)
    settings = adapter.validate_python({"name": "patchgan", "depth": 1, "base_channels": 2})

    assert isinstance(build_discriminator(settings, torch.Generator()), PatchGAN)
    with pytest.raises(ValidationError, match="'patchgan', 'pixelgan'"):
        adapter.validate_python({"name": "imagegan"})
