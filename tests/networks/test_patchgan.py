import pytest
import torch
from torch import nn

from translate.networks import (
    DiscriminatorSettings,
    PatchGAN,
    PatchGANSettings,
    PixelGAN,
    PixelGANSettings,
    build_discriminator,
    is_per_sample,
)

NORMALISED = [
    PatchGANSettings(base_channels=4, depth=2, norm="none", spectral_norm=True),
    PixelGANSettings(base_channels=4, norm="batch", spectral_norm=True),
]


def parameters(network: nn.Module) -> int:
    return sum(weights.numel() for weights in network.parameters())


@pytest.mark.parametrize(("side", "grid"), [(256, 30), (128, 14), (64, 6)])
def test_scores_one_cell_per_patch(side: int, grid: int) -> None:
    scores = PatchGAN(in_channels=3, base_channels=4)(torch.zeros(2, 3, side, side))

    assert scores.shape == (2, 1, grid, grid)


@pytest.mark.parametrize(("depth", "grid"), [(1, 126), (2, 62), (4, 14), (5, 6), (6, 2)])
def test_deeper_networks_score_fewer_patches(depth: int, grid: int) -> None:
    scores = PatchGAN(base_channels=1, depth=depth)(torch.zeros(1, 3, 256, 256))

    assert scores.shape[-2:] == (grid, grid)


@pytest.mark.parametrize(
    ("depth", "patch"), [(1, 16), (2, 34), (3, 70), (4, 142), (5, 286), (6, 574)]
)
def test_each_cell_sees_the_papers_patch(depth: int, patch: int) -> None:
    # Normalisation mixes the whole image, so the patch shows only without it.
    network = PatchGAN(in_channels=1, base_channels=1, depth=depth, norm="none")
    side = 2 ** (depth + 4)
    photo = torch.rand(1, 1, side, side, requires_grad=True)
    scores = network(photo)

    scores[0, 0, scores.shape[2] // 2, scores.shape[3] // 2].backward()

    assert photo.grad is not None
    rows = photo.grad[0, 0].abs().sum(dim=1).nonzero()
    assert rows.max() - rows.min() + 1 == patch


@pytest.mark.parametrize(
    ("arguments", "count"),
    [
        ({}, 2_764_737),
        ({"in_channels": 6, "norm": "batch"}, 2_768_705),
        ({"in_channels": 6, "norm": "batch", "depth": 1}, 139_585),
        ({"in_channels": 6, "norm": "batch", "depth": 2}, 666_433),
        ({"in_channels": 6, "norm": "batch", "depth": 4}, 6_964_033),
        ({"in_channels": 6, "norm": "batch", "depth": 5}, 11_159_361),
        ({"in_channels": 6, "norm": "batch", "depth": 6}, 15_354_689),
    ],
)
def test_has_as_many_parameters_as_the_reference(arguments: dict, count: int) -> None:
    with torch.device("meta"):
        assert parameters(PatchGAN(**arguments)) == count


def test_pixel_network_has_as_many_parameters_as_the_reference() -> None:
    assert round(parameters(PixelGAN(in_channels=6)) / 1e6, 3) == 0.009


def test_pixel_network_judges_each_pixel_by_itself() -> None:
    photo = torch.rand(1, 3, 8, 8, requires_grad=True)
    scores = PixelGAN(base_channels=4, norm="none")(photo)

    scores[0, 0, 3, 5].backward()

    assert scores.shape == (1, 1, 8, 8)
    assert photo.grad is not None
    assert photo.grad[0].abs().sum(dim=0).nonzero().tolist() == [[3, 5]]


@pytest.mark.parametrize(
    "network",
    [PatchGAN(base_channels=1, depth=2), PatchGAN(base_channels=1), PixelGAN(base_channels=1)],
)
def test_least_side_is_the_shortest_that_scores(network: PatchGAN | PixelGAN) -> None:
    side = network.least_side_px

    assert network(torch.rand(1, 3, side, side)).shape[-1] >= 1
    with pytest.raises((RuntimeError, ValueError)):
        network(torch.rand(1, 3, side - 1, side - 1))


def build(settings: DiscriminatorSettings, seed: int = 0) -> nn.Module:
    return build_discriminator(settings, torch.Generator().manual_seed(seed))


def convolutions(network: nn.Module) -> list[nn.Conv2d]:
    return [layer for layer in network.modules() if isinstance(layer, nn.Conv2d)]


@pytest.mark.parametrize("settings", NORMALISED, ids=lambda s: s.name)
def test_a_normalised_convolution_stretches_nothing(settings: DiscriminatorSettings) -> None:
    layers = convolutions(build(settings))

    assert len(layers) == (4 if settings.name == "patchgan" else 3)
    for layer in layers:
        stretch = torch.linalg.matrix_norm(layer.weight.flatten(1), 2)
        assert stretch.item() == pytest.approx(1, abs=0.05)  # the iteration has but begun


@pytest.mark.parametrize("settings", NORMALISED, ids=lambda s: s.name)
def test_spectral_norm_changes_no_shape_and_mixes_no_images(
    settings: DiscriminatorSettings,
) -> None:
    plain = build(settings.model_copy(update={"spectral_norm": False}))
    normalised = build(settings)

    photos = torch.rand(2, 3, 16, 16)
    assert normalised(photos).shape == plain(photos).shape
    assert parameters(normalised) == parameters(plain)
    assert is_per_sample(normalised) == is_per_sample(plain)
    assert normalised.least_side_px == plain.least_side_px


@pytest.mark.parametrize("settings", NORMALISED, ids=lambda s: s.name)
def test_spectral_norm_begins_with_the_weights_that_would_be_there_without_it(
    settings: DiscriminatorSettings,
) -> None:
    plain = build(settings.model_copy(update={"spectral_norm": False}))

    for ours, theirs in zip(convolutions(build(settings)), convolutions(plain), strict=True):
        assert torch.equal(ours.parametrizations.weight.original, theirs.weight)


@pytest.mark.parametrize("settings", NORMALISED, ids=lambda s: s.name)
def test_equal_seeds_begin_equal_power_iterations(settings: DiscriminatorSettings) -> None:
    first = build(settings, seed=7).state_dict()
    torch.rand(3)  # what the process has drawn elsewhere
    before = torch.get_rng_state()
    again, other = build(settings, seed=7).state_dict(), build(settings, seed=8).state_dict()

    assert torch.equal(torch.get_rng_state(), before)
    assert all(torch.equal(value, again[key]) for key, value in first.items())
    key = "0.parametrizations.weight.0._u"
    assert not torch.equal(first[key], other[key])


def test_two_normalised_networks_of_one_seed_begin_apart() -> None:
    randomness = torch.Generator().manual_seed(0)
    first, second = (build_discriminator(NORMALISED[0], randomness).state_dict() for _ in range(2))

    key = "0.parametrizations.weight.0._v"
    assert not torch.equal(first[key], second[key])


@pytest.mark.parametrize("name", ["patchgan", "pixelgan"])
def test_without_spectral_norm_nothing_is_drawn_but_weights(name: str) -> None:
    kind = PatchGANSettings if name == "patchgan" else PixelGANSettings
    randomness, weights_only = (torch.Generator().manual_seed(0) for _ in range(2))

    network = build_discriminator(kind(base_channels=4), randomness)
    for layer in convolutions(network):
        drawn = torch.empty_like(layer.weight).normal_(0, 0.02, generator=weights_only)
        assert torch.equal(layer.weight, drawn)

    assert torch.equal(randomness.get_state(), weights_only.get_state())


def test_a_normalised_network_goes_on_from_its_state() -> None:
    ours, theirs, photos = (
        build(NORMALISED[0]),
        build(NORMALISED[0], seed=1),
        torch.rand(1, 3, 16, 16),
    )
    for _ in range(3):
        ours(photos)

    theirs.load_state_dict(ours.state_dict())

    assert torch.equal(ours(photos), theirs(photos))
