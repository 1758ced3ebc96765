import pytest
import torch
from torch import nn

from translate.networks import PatchGAN, PixelGAN


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
