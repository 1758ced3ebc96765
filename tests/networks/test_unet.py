import json

import pytest
import torch
from hypothesis import given, settings
from hypothesis import strategies as st
from pydantic import ValidationError
from torch import Tensor, nn

from translate.networks import UNetGenerator, UNetSettings
from translate.networks.batch_norm import BatchNorm
from translate.networks.dropout import Dropout

CONVOLUTIONS = nn.Conv2d | nn.ConvTranspose2d


def parameters(network: nn.Module) -> int:
    return sum(weights.numel() for weights in network.parameters())


def dropping_levels(network: UNetGenerator) -> list[int]:
    """Levels with dropout, counted from the photo."""
    return [
        number
        for number, level in enumerate(network.decoder)
        if any(isinstance(layer, nn.Dropout) for layer in level.modules())
    ]


@settings(max_examples=12, deadline=None)
@given(
    depth=st.integers(2, 6),
    height=st.integers(1, 2),
    width=st.integers(1, 2),
    channels=st.tuples(st.integers(1, 7), st.integers(1, 7)),
    norm=st.sampled_from(["instance", "batch", "none"]),
    upsample=st.sampled_from(["transposed", "resize"]),
)
def test_images_keep_their_size_and_range_whatever_their_channels(
    depth: int, height: int, width: int, channels: tuple[int, int], norm: str, upsample: str
) -> None:
    source, target = channels
    network = UNetGenerator(
        in_channels=source,
        out_channels=target,
        base_channels=2,
        depth=depth,
        norm=norm,
        upsample=upsample,
    )
    photo = torch.rand(1, source, height * network.stride, width * network.stride) * 2 - 1
    untouched = photo.clone()

    translation = network(photo)

    assert translation.shape == (1, target, *photo.shape[2:])
    assert translation.abs().max() <= 1
    assert torch.equal(photo, untouched)  # many layers work in place


@pytest.mark.parametrize(("depth", "millions"), [(8, 54.414), (7, 41.829)])
def test_has_as_many_parameters_as_the_reference(depth: int, millions: float) -> None:
    with torch.device("meta"):
        assert round(parameters(UNetGenerator(depth=depth)) / 1e6, 3) == millions


@pytest.mark.parametrize(
    ("depth", "norm", "keys"), [(8, "batch", 82), (8, "instance", 32), (7, "batch", 70)]
)
def test_has_as_many_entries_as_the_references_files(depth: int, norm: str, keys: int) -> None:
    with torch.device("meta"):
        assert len(UNetGenerator(depth=depth, norm=norm).state_dict()) == keys


@pytest.mark.parametrize(
    ("depth", "levels"), [(4, []), (5, []), (6, [4]), (7, [4, 5]), (8, [4, 5, 6])]
)
def test_dropout_lies_where_the_reference_has_it_unless_it_is_off(
    depth: int, levels: list[int]
) -> None:
    with torch.device("meta"):
        network, calm = UNetGenerator(depth=depth), UNetGenerator(depth=depth, dropout=False)

    assert dropping_levels(calm) == []
    assert dropping_levels(network) == levels
    for level in levels:
        assert [type(layer) for layer in network.decoder[level]][-2:] == [
            BatchNorm,
            Dropout,
        ]


def test_dropout_acts_in_training_only() -> None:
    network = UNetGenerator(base_channels=2, depth=6)
    photo = torch.rand(2, 3, 64, 64)

    def is_repeatable() -> bool:
        return torch.equal(network(photo), network(photo))

    assert not is_repeatable()
    network.eval()
    assert is_repeatable()


@pytest.mark.parametrize("norm", ["batch", "instance", "none"])
@pytest.mark.parametrize("upsample", ["transposed", "resize"])
def test_under_batch_norm_only_the_last_convolution_has_a_bias_else_all_have(
    norm: str, upsample: str
) -> None:
    network = UNetGenerator(base_channels=2, depth=4, norm=norm, upsample=upsample)
    convolutions = [layer for layer in network.modules() if isinstance(layer, CONVOLUTIONS)]

    biased = [layer for layer in convolutions if layer.bias is not None]

    assert biased == ([network.decoder[0][1]] if norm == "batch" else convolutions)


def test_neither_the_first_nor_the_innermost_halving_has_a_norm() -> None:
    network = UNetGenerator(base_channels=2, depth=5)

    normed = [any(isinstance(m, nn.BatchNorm2d) for m in level) for level in network.encoder]

    assert normed == [False, True, True, True, False]


@pytest.mark.parametrize(
    ("side_px", "words"),
    [
        (64, "method.generator.depth could be 2, 3, 4, 5, 6"),
        (100, "method.generator.depth could be 2"),
        (8192, "method.generator.depth could be 2, 3, 4, 5, 6, 7, 8, 9, 10, 11, 12"),
        (30, "no method.generator.depth fits it, for 4 does not divide it"),
    ],
)
def test_a_misfit_is_explained_by_the_depths_that_fit(side_px: int, words: str) -> None:
    assert UNetGenerator.explain_misfit(side_px) == words


@settings(deadline=None)
@given(st.integers(1, 5000))
def test_every_depth_named_to_a_misfit_takes_it(side_px: int) -> None:
    words = UNetGenerator.explain_misfit(side_px)

    named = [int(word) for word in words.rpartition("could be ")[2].split(", ") if word.isdigit()]
    assert bool(named) == (side_px % 4 == 0)
    for depth in named:
        with torch.device("meta"):
            network = UNetGenerator(base_channels=1, depth=depth)
        assert side_px % network.stride == 0
        assert side_px >= network.least_side_px


@pytest.mark.parametrize("depth", [2, 3, 4])
def test_least_side_is_the_shortest_that_works(depth: int) -> None:
    network = UNetGenerator(base_channels=2, depth=depth)
    side = network.least_side_px

    assert network(torch.zeros(1, 3, side, side)).shape[-1] == side
    with pytest.raises((RuntimeError, ValueError)):
        network(torch.zeros(1, 3, side // 2, side // 2))


@pytest.mark.parametrize("norm", ["instance", "none"])
def test_without_batch_norm_photos_of_a_batch_do_not_mix(norm: str) -> None:
    network = UNetGenerator(base_channels=2, depth=3, norm=norm)
    photos: Tensor = torch.rand(3, 3, 16, 16)

    alone = torch.cat([network(photo) for photo in photos.split(1)])

    torch.testing.assert_close(network(photos), alone, atol=1e-5, rtol=0)


def test_every_weight_learns() -> None:
    network = UNetGenerator(base_channels=2, depth=3)

    network(torch.rand(2, 3, 16, 16)).square().sum().backward()

    for name, weights in network.named_parameters():
        assert weights.grad is not None, name
        assert weights.grad.any(), name


def test_arguments_survive_json_and_rebuild_the_network() -> None:
    network = UNetGenerator(
        in_channels=4,
        out_channels=1,
        base_channels=2,
        depth=3,
        norm="instance",
        dropout=False,
        upsample="resize",
    ).eval()

    rebuilt = UNetGenerator(**json.loads(json.dumps(network.arguments))).eval()
    rebuilt.load_state_dict(network.state_dict())

    photo = torch.rand(1, 4, 16, 16)
    assert torch.equal(rebuilt(photo), network(photo))


@pytest.mark.parametrize("depth", [1, 0, 13])
def test_a_depth_that_is_no_u_is_refused(depth: int) -> None:
    with pytest.raises(ValueError, match=rf"depth must be 2 to 12, got {depth}$"):
        UNetGenerator(depth=depth)


def test_a_way_to_enlarge_that_there_is_not_is_refused() -> None:
    with pytest.raises(ValueError, match="upsample must be transposed or resize, got 'blur'"):
        UNetGenerator(upsample="blur")


def test_settings_are_the_papers_and_refuse_a_single_level() -> None:
    with torch.device("meta"):
        assert (
            UNetGenerator().arguments.items() >= UNetSettings().model_dump(exclude={"name"}).items()
        )
    assert UNetSettings().model_dump() == {
        "name": "unet",
        "base_channels": 64,
        "depth": 8,
        "norm": "batch",
        "dropout": True,
        "upsample": "transposed",
    }
    with pytest.raises(ValidationError, match="greater than or equal to 2"):
        UNetSettings(depth=1)
