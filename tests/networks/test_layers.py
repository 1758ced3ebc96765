import pytest
import torch
import torch.nn.functional as F
from torch import Tensor, nn

from translate.networks.dropout import Dropout
from translate.networks.layers import (
    initialise,
    is_mergeable,
    is_per_sample,
    norm_layer,
    upsampling,
)


def seeded(seed: int) -> torch.Generator:
    return torch.Generator().manual_seed(seed)


def test_instance_norm_neither_learns_nor_remembers() -> None:
    assert not norm_layer("instance", 4).state_dict()


def test_no_norm_changes_nothing() -> None:
    features = torch.rand(2, 4, 5, 5)

    assert norm_layer("none", 4)(features) is features


@pytest.mark.parametrize("word", ["layer", "Instance", "", None])
def test_unknown_words_are_refused_with_those_there_are(word: str | None) -> None:
    with pytest.raises(
        ValueError, match=f"norm must be one of instance, batch, none, got {word!r}"
    ):
        norm_layer(word, 4)  # type: ignore[arg-type]
    with pytest.raises(
        ValueError, match=f"upsample must be one of transposed, resize, blur, got {word!r}"
    ):
        upsampling(word, 4, 2, bias=True)  # type: ignore[arg-type]


@pytest.mark.parametrize("kind", ["transposed", "resize", "blur"])
def test_upsampling_doubles_both_sides(kind: str) -> None:
    layers = nn.Sequential(*upsampling(kind, 3, 2, bias=True))

    assert layers(torch.zeros(2, 3, 4, 6)).shape == (2, 2, 8, 12)


def taps_per_pixel(kind: str) -> Tensor:
    """Sum of a kernel of ones at each pixel of a constant image, away from the border."""
    layers = nn.Sequential(*upsampling(kind, 1, 1, bias=False))
    nn.init.ones_(next(layers.parameters()))
    return layers(torch.ones(1, 1, 6, 6))[0, 0, 2:-2, 2:-2]


@pytest.mark.parametrize("kind", ["resize", "blur"])
def test_resizing_and_blurring_give_every_pixel_the_same_taps(kind: str) -> None:
    assert taps_per_pixel(kind).unique().tolist() == [9]


def test_transposing_gives_pixels_one_two_or_four_taps_in_turn() -> None:
    assert taps_per_pixel("transposed")[:2, :2].tolist() == [[1, 2], [2, 4]]


def test_resizing_is_doubling_each_pixel_then_convolving() -> None:
    (layer,) = upsampling("resize", 3, 2, bias=True)
    features = torch.rand(2, 3, 5, 7)
    doubled = features.repeat_interleave(2, dim=2).repeat_interleave(2, dim=3)

    expected = F.conv2d(F.pad(doubled, (1, 1, 1, 1), mode="reflect"), layer.weight, layer.bias)

    torch.testing.assert_close(layer(features), expected, atol=1e-6, rtol=1e-5)


def test_weights_begin_with_the_papers_spread() -> None:
    network = nn.Sequential(
        nn.Conv2d(16, 64, 3), nn.BatchNorm2d(4096), nn.ConvTranspose2d(16, 64, 3)
    )
    initialise(network, seeded(0))

    for layer, mean in zip(network, [0, 1, 0], strict=True):
        assert layer.weight.mean().item() == pytest.approx(mean, abs=1e-3)
        assert layer.weight.std().item() == pytest.approx(0.02, rel=0.05)
        assert not layer.bias.any()


def test_initialisation_leaves_process_wide_randomness_alone() -> None:
    network = nn.Conv2d(3, 3, 3)
    before = torch.get_rng_state()
    initialise(network, seeded(0))

    assert torch.equal(torch.get_rng_state(), before)


def test_equal_seeds_begin_equal_and_others_differ() -> None:
    weights = []
    for seed in (1, 1, 2):
        network = nn.Linear(8, 8)
        initialise(network, seeded(seed))
        weights.append(network.weight.detach().clone())

    assert torch.equal(weights[0], weights[1])
    assert not torch.equal(weights[0], weights[2])


@pytest.mark.parametrize(
    ("layer", "alone"),
    [
        (nn.InstanceNorm2d(4), True),
        (nn.Identity(), True),
        (nn.BatchNorm2d(4), False),
        (nn.SyncBatchNorm(4), False),
    ],
)
def test_only_batch_norm_mixes_the_images_of_a_batch(layer: nn.Module, alone: bool) -> None:
    assert is_per_sample(nn.Sequential(nn.Conv2d(3, 4, 3), nn.Sequential(layer))) is alone


@pytest.mark.parametrize(
    ("layer", "mergeable"),
    [(nn.ReLU(), True), (Dropout(0.5), False), (norm_layer("batch", 4), False)],
    ids=["nothing", "dropout", "batch norm"],
)
def test_batches_share_a_call_only_where_neither_norms_nor_chance_look_at_their_order(
    layer: nn.Module, mergeable: bool
) -> None:
    assert is_mergeable(nn.Sequential(nn.Conv2d(3, 4, 3), nn.Sequential(layer))) is mergeable
