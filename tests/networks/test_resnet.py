import json
from typing import Any

import pytest
import torch
from hypothesis import given, settings
from hypothesis import strategies as st
from pydantic import ValidationError
from torch import Tensor, nn

from translate.errors import ConfigError
from translate.networks import ResNetGenerator, ResNetSettings, build_generator


def parameters(network: nn.Module) -> int:
    return sum(weights.numel() for weights in network.parameters())


@pytest.mark.parametrize(("blocks", "count"), [(9, 11_378_179), (6, 7_837_699)])
def test_has_as_many_parameters_as_the_reference(blocks: int, count: int) -> None:
    with torch.device("meta"):
        assert parameters(ResNetGenerator(blocks=blocks)) == count


def test_only_the_last_convolution_has_a_bias_under_batch_norm() -> None:
    network = ResNetGenerator(base_channels=2, blocks=1, norm="batch")
    biases = [m.bias is not None for m in network.modules() if hasattr(m, "kernel_size")]

    assert biases == [False] * (len(biases) - 1) + [True]


@settings(max_examples=8, deadline=None)
@given(
    height=st.integers(1, 4),
    width=st.integers(1, 4),
    downsamplings=st.integers(0, 3),
    norm=st.sampled_from(["instance", "batch", "none"]),
    upsample=st.sampled_from(["transposed", "resize", "blur"]),
    downsample=st.sampled_from(["strided", "blur"]),
    residual=st.booleans(),
)
def test_photos_keep_their_size_and_range(
    height: int,
    width: int,
    downsamplings: int,
    norm: str,
    upsample: str,
    downsample: str,
    residual: bool,
) -> None:
    network = ResNetGenerator(
        base_channels=2,
        blocks=1,
        norm=norm,
        upsample=upsample,
        downsample=downsample,
        downsamplings=downsamplings,
        residual=residual,
    )
    sides = [max(network.least_side_px, side * network.stride) for side in (height, width)]
    photo = torch.rand(2, 3, *sides) * 2 - 1

    translation = network(photo)

    assert translation.shape == photo.shape
    assert translation.abs().max() <= 1


@pytest.mark.parametrize("downsample", ["strided", "blur"])
@pytest.mark.parametrize("downsamplings", [0, 1, 2])
def test_least_side_is_the_shortest_that_works(downsamplings: int, downsample: str) -> None:
    network = ResNetGenerator(
        base_channels=2,
        blocks=1,
        upsample="blur",
        downsample=downsample,
        downsamplings=downsamplings,
    )
    side, shorter = network.least_side_px, network.least_side_px - network.stride

    network(torch.zeros(1, 3, side, side))
    with pytest.raises((RuntimeError, ValueError)):
        network(torch.zeros(1, 3, shorter, shorter))


@pytest.mark.parametrize(
    ("place", "before", "after"), [(0, 82, 82), (1, 83, 81), (2, 84, 84), (3, 81, 83)]
)
def test_pixel_sees_the_references_165_px_or_four_more(place: int, before: int, after: int) -> None:
    # How far a pixel of the nine-block network sees depends on its place within the stride of 4.
    network = ResNetGenerator(in_channels=1, out_channels=1, base_channels=1, norm="none").double()
    for weights in network.parameters():  # all paths positive, so that none cancels or is cut off
        nn.init.constant_(weights, 0.02)
    photo = torch.rand(1, 1, 192, 192, dtype=torch.float64, requires_grad=True)
    centre = 96 + place

    network(photo)[0, 0, centre, centre].backward()

    assert photo.grad is not None
    rows = photo.grad[0, 0].abs().sum(dim=1).nonzero()
    assert (centre - rows.min(), rows.max() - centre) == (before, after)


def fine_grain(upsample: str) -> float:
    """Share of the detail in random networks' outputs that lies at the 2 px frequency."""
    shares = []
    for seed in range(4):
        network = build_generator(
            ResNetSettings(base_channels=4, blocks=1, upsample=upsample),
            torch.Generator().manual_seed(seed),
        )
        smooth = torch.linspace(-1, 1, 32).expand(1, 3, 32, 32)
        with torch.no_grad():
            spectrum = torch.fft.fft2(network(smooth)).abs().square().mean(dim=(0, 1))
        spectrum[0, 0] = 0  # the mean is no detail
        shares.append((spectrum[16].sum() + spectrum[:, 16].sum()) / spectrum.sum())
    return float(torch.stack(shares).mean())


def test_resizing_leaves_less_checkerboard_than_transposing() -> None:
    assert fine_grain("resize") < fine_grain("transposed") / 3


def shift_sensitivity(downsample: str) -> float:
    """How much features differ when a photo is moved by a pixel, as a share of their spread."""
    torch.manual_seed(0)
    network = ResNetGenerator(
        base_channels=8, blocks=1, downsample=downsample, norm="none"
    ).requires_grad_(False)
    halving = network.layers[4:8] if downsample == "blur" else network.layers[4:7]
    features = torch.rand(1, 8, 65, 65)
    first, moved = halving(features[..., :-1]), halving(features[..., 1:])
    inner = (..., slice(2, -2), slice(2, -2))
    return float((first - moved)[inner].std() / first[inner].std())


def test_blurring_makes_halved_features_less_sensitive_to_a_shift() -> None:
    assert shift_sensitivity("blur") < 0.7 * shift_sensitivity("strided")


def test_dropout_acts_in_training_only() -> None:
    network = ResNetGenerator(base_channels=2, blocks=1, dropout=True)
    photo = torch.rand(1, 3, 16, 16)

    def is_repeatable() -> bool:
        return torch.equal(network(photo), network(photo))

    assert not is_repeatable()
    network.eval()
    assert is_repeatable()


def translated_alike(first: nn.Module, second: nn.Module) -> bool:
    photo: Tensor = torch.rand(1, 3, 16, 16)
    return torch.equal(first(photo), second(photo))


def without_change(**arguments: Any) -> ResNetGenerator:
    """A residual generator that learned to change nothing."""
    network = ResNetGenerator(base_channels=2, blocks=1, residual=True, **arguments)
    for weights in network.parameters():
        nn.init.zeros_(weights)
    return network


def test_a_residual_generator_that_changes_nothing_keeps_nine_tenths_of_the_contrast() -> None:
    photo = torch.rand(2, 3, 16, 24) * 2 - 1

    torch.testing.assert_close(without_change()(photo), 0.9 * photo, atol=1e-6, rtol=1e-5)


def test_what_the_layers_of_a_residual_generator_give_is_added_before_a_tanh() -> None:
    network = ResNetGenerator(base_channels=2, blocks=1, residual=True)
    photo = torch.rand(1, 3, 16, 16) * 2 - 1

    expected = torch.tanh(torch.atanh(0.9 * photo.double()) + network.layers(photo).double())

    torch.testing.assert_close(network(photo).double(), expected, atol=1e-5, rtol=0)


@pytest.mark.parametrize("level", [-1.0, 0.0, 1.0])
@pytest.mark.parametrize("change", [-3.0, 0.0, 3.0])
def test_black_and_white_can_still_be_changed_by_a_residual_generator(
    level: float, change: float
) -> None:
    network = without_change()
    last = [layer for layer in network.modules() if isinstance(layer, nn.Conv2d)][-1]
    assert last.bias is not None
    nn.init.constant_(last.bias, change)
    photo = torch.full((1, 3, 8, 8), level, requires_grad=True)

    network(photo).mean().backward()

    for gradient in (last.bias.grad, photo.grad):
        assert gradient is not None
        assert gradient.isfinite().all()
        assert (gradient > 0).all()


def test_a_residual_generator_has_the_weights_of_one_that_is_not() -> None:
    plain, residual = (
        ResNetGenerator(base_channels=2, blocks=1, residual=each).state_dict()
        for each in (False, True)
    )

    assert {name: value.shape for name, value in plain.items()} == {
        name: value.shape for name, value in residual.items()
    }
    assert not ResNetSettings().residual


@pytest.mark.parametrize(("taken", "given"), [(5, 3), (1, 3), (3, 1)])
def test_a_residual_generator_needs_as_many_channels_out_as_in(taken: int, given: int) -> None:
    expected = rf"residual: .* got {taken} in and {given} out\. Set it to false\."

    with pytest.raises(ConfigError, match=expected):
        build_generator(ResNetSettings(residual=True), torch.Generator(), taken, given)


def test_generators_of_bundles_that_know_no_residual_are_none() -> None:
    arguments = ResNetGenerator(base_channels=2, blocks=1).arguments
    assert arguments.pop("residual") is False

    assert ResNetGenerator(**arguments).change is None


@pytest.mark.parametrize("residual", [False, True])
def test_arguments_survive_json_and_rebuild_the_network(residual: bool) -> None:
    network = ResNetGenerator(
        base_channels=2,
        blocks=2,
        upsample="resize",
        downsample="blur",
        dropout=True,
        residual=residual,
    ).eval()

    rebuilt = ResNetGenerator(**json.loads(json.dumps(network.arguments))).eval()
    rebuilt.load_state_dict(network.state_dict())

    assert translated_alike(network, rebuilt)


def test_settings_are_the_papers_and_refuse_no_blocks() -> None:
    with torch.device("meta"):
        assert (
            ResNetGenerator().arguments.items()
            >= ResNetSettings().model_dump(exclude={"name"}).items()
        )
    with pytest.raises(ValidationError, match="greater than or equal to 1"):
        ResNetSettings(blocks=0)
