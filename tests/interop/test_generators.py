from pathlib import Path
from typing import Any, ClassVar

import pytest
import torch
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from torch import Tensor, nn

from tests.interop.reference_networks import ReferenceResNet, ReferenceUNet, randomise
from translate.errors import BundleError
from translate.interop import export_state, import_generator
from translate.networks import Generator, ResNetGenerator, UNetGenerator

NORMS = ["instance", "batch"]
MANY = settings(
    max_examples=15, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture]
)


def imported(network: nn.Module, folder: Path) -> Generator:
    file = folder / "latest_net_G.pth"
    torch.save(network.state_dict(), file)
    return import_generator(file)


def assert_translated_alike(network: nn.Module, generator: Generator, photo: Tensor) -> None:
    """Compare by running statistics, then by those of the photo itself."""
    for uses_own_statistics in (False, True):
        for each in (network, generator):
            for layer in each.modules():
                layer.training = uses_own_statistics and not isinstance(layer, nn.Dropout)
        with torch.no_grad():
            expected, found = network(photo.clone()), generator(photo.clone())
        assert expected.std() > 0.02, "a flat photo would prove nothing"
        torch.testing.assert_close(found, expected, atol=1e-5, rtol=0)


def assert_survives(network: nn.Module, generator: Generator) -> None:
    exported, expected = export_state(generator), network.state_dict()
    assert list(exported) == list(expected)
    for key, tensor in expected.items():
        assert exported[key].dtype == tensor.dtype, key
        assert torch.equal(exported[key], tensor), key
    network.load_state_dict(exported, strict=True)


@pytest.mark.parametrize(
    ("network", "keys", "weights"),
    [
        (ReferenceResNet, 48, 11_378_179),
        (lambda: ReferenceResNet(norm="batch"), 140, 11_383_427),
        (lambda: ReferenceResNet(blocks=6), 36, 7_837_699),
        (ReferenceUNet, 82, 54_413_955),
        (lambda: ReferenceUNet(norm="instance"), 32, 54_409_603),
        (lambda: ReferenceUNet(depth=7), 70, 41_828_995),
    ],
)
def test_the_restated_networks_are_the_published_ones_in_keys_and_size(
    network: Any, keys: int, weights: int
) -> None:
    with torch.device("meta"):
        restated = network()

    assert len(restated.state_dict()) == keys
    assert sum(parameter.numel() for parameter in restated.parameters()) == weights


@pytest.mark.parametrize("norm", NORMS)
@pytest.mark.parametrize("dropout", [False, True])
@pytest.mark.parametrize("smooth", [(False, False), (True, True), (True, False), (False, True)])
def test_an_imported_resnet_translates_as_the_reference_does(
    norm: str, dropout: bool, smooth: tuple[bool, bool], tmp_path: Path
) -> None:
    down, up = smooth
    network = randomise(ReferenceResNet((3, 3), 4, 3, norm, dropout, 2, down, up))

    generator = imported(network, tmp_path)

    assert_survives(network, generator)
    assert_translated_alike(network, generator, torch.rand(2, 3, 24, 32) * 2 - 1)


@pytest.mark.parametrize("norm", NORMS)
@pytest.mark.parametrize("depth", [5, 6, 7])
def test_an_imported_unet_translates_as_the_reference_does(
    norm: str, depth: int, tmp_path: Path
) -> None:
    network = randomise(ReferenceUNet((3, 3), 2, depth, norm))

    generator = imported(network, tmp_path)

    assert_survives(network, generator)
    assert_translated_alike(network, generator, torch.rand(2, 3, 2**depth, 2**depth) * 2 - 1)


@MANY
@given(
    channels=st.tuples(st.integers(1, 5), st.integers(1, 5)),
    width=st.integers(1, 5),
    blocks=st.integers(1, 12),
    norm=st.sampled_from(NORMS),
    dropout=st.booleans(),
    halvings=st.integers(0, 4),
    smooth=st.booleans(),
)
def test_all_about_a_resnet_is_read_off_its_keys(
    channels: tuple[int, int],
    width: int,
    blocks: int,
    norm: str,
    dropout: bool,
    halvings: int,
    smooth: bool,
    tmp_path: Path,
) -> None:
    network = ReferenceResNet(channels, width, blocks, norm, dropout, halvings, smooth, smooth)

    generator = imported(randomise(network), tmp_path)

    assert generator.arguments == {
        "in_channels": channels[0],
        "out_channels": channels[1],
        "base_channels": width,
        "blocks": blocks,
        "norm": norm,
        # Without halvings there is nothing to tell them by, and no difference.
        "upsample": "blur" if smooth and halvings else "transposed",
        "downsample": "blur" if smooth and halvings else "strided",
        "dropout": dropout,
        "downsamplings": halvings,
        "residual": False,
    }
    assert_survives(network, generator)


@MANY
@given(
    channels=st.tuples(st.integers(1, 5), st.integers(1, 5)),
    width=st.integers(1, 3),
    depth=st.integers(5, 9),
    norm=st.sampled_from(NORMS),
)
def test_all_about_a_unet_is_read_off_its_keys(
    channels: tuple[int, int], width: int, depth: int, norm: str, tmp_path: Path
) -> None:
    network = ReferenceUNet(channels, width, depth, norm)

    generator = imported(randomise(network), tmp_path)

    assert generator.arguments == {
        "in_channels": channels[0],
        "out_channels": channels[1],
        "base_channels": width,
        "depth": depth,
        "norm": norm,
        "dropout": norm == "batch",  # it leaves no keys: the reference's defaults are assumed
        "upsample": "transposed",
    }
    assert_survives(network, generator)


@pytest.mark.parametrize("depth", [2, 3, 4])
def test_a_unet_of_ours_too_flat_for_the_reference_comes_back_too(
    depth: int, tmp_path: Path
) -> None:
    network = UNetGenerator(base_channels=2, depth=depth)
    torch.save(export_state(network), tmp_path / "flat.pth")

    generator = import_generator(tmp_path / "flat.pth")

    assert generator.arguments == network.arguments
    assert all(map(torch.equal, generator.state_dict().values(), network.state_dict().values()))


def test_an_imported_generator_is_ready_to_use_and_to_learn(tmp_path: Path) -> None:
    generator = imported(ReferenceResNet(width=2, blocks=1, smooth_up=True), tmp_path)

    assert not generator.training
    assert all(parameter.requires_grad for parameter in generator.parameters())
    assert {tensor.device.type for tensor in generator.state_dict().values()} == {"cpu"}


def test_importing_leaves_random_numbers_alone(tmp_path: Path) -> None:
    network = ReferenceUNet(width=1, depth=5)
    before = torch.get_rng_state()

    imported(network, tmp_path)

    assert torch.equal(torch.get_rng_state(), before)


def refused(keys: dict[str, tuple[int, ...]], folder: Path) -> str:
    file = folder / "net.pth"
    torch.save({key: torch.zeros(shape) for key, shape in keys.items()}, file)
    with pytest.raises(BundleError) as caught:
        import_generator(file)
    message = str(caught.value)
    assert message.startswith(f"{file}: ")
    return message


CONV = (2, 2, 3, 3)


@pytest.mark.parametrize(
    ("keys", "told"),
    [
        ({"model.0.weight": (2, 3, 4, 4), "model.0.bias": (2,)}, "is a discriminator, which"),
        ({"net.0.weight": (2, 3, 1, 1), "net.2.weight": (4, 2, 1, 1)}, "is a discriminator, which"),
        ({"mlp_0.0.weight": (2, 3), "mlp_0.0.bias": (2,)}, "what CUT compares patches with"),
        ({"encoder.weight": CONV}, "is neither a ResNet nor a U-Net of the reference"),
        ({"model.1.weight": (2, 3, 7, 7), "model.4.weight": CONV}, "is neither a ResNet nor"),
        (
            {"model.1.weight": (2, 3, 7, 7), "model.4.conv_block.0.weight": CONV},
            "model.4.conv_block.0, not with padding: it was trained with padding_type='zero'",
        ),
        ({"model.4.conv_block.1.weight": CONV}, "are not where a ResNet of the reference has them"),
        (
            {"model.4.conv_block.1.weight": CONV, "model.1.weight": (2, 3, 7, 7)},
            "expected model.1.weight and others, found model.1.weight",
        ),
        ({"model.model.1.model.1.weight": CONV}, "the convolutions of its outermost level"),
        ({"model.model.0.weight": (2,), "model.model.3.weight": (2,)}, "of its outermost level"),
        (
            {"model.model.0.weight": (2, 3, 4, 4), "model.model.3.weight": (4, 3, 4, 4)},
            "has neither norms nor biases (model.model.0.bias is missing)",
        ),
        (
            {
                "model.model.0.weight": (2, 3, 4, 4),
                "model.model.0.bias": (2,),
                "model.model.3.weight": (4, 3, 4, 4),
            },
            "describes no network that can be: depth must be 2 to 12, got 1",
        ),
    ],
)
def test_what_is_no_generator_of_the_reference_is_refused_by_what_it_is(
    keys: dict[str, tuple[int, ...]], told: str, tmp_path: Path
) -> None:
    assert told in refused(keys, tmp_path)


def test_learned_instance_norms_are_refused_with_the_reason(tmp_path: Path) -> None:
    shapes = {k: tuple(t.shape) for k, t in ReferenceResNet(width=2).state_dict().items()}
    shapes |= {"model.2.weight": (2,), "model.2.bias": (2,)}

    assert "instance norms with affine=True, as very old files" in refused(shapes, tmp_path)


class Foreign(Generator):
    arguments: ClassVar[dict[str, Any]] = {}


@pytest.mark.parametrize(
    ("network", "told"),
    [
        (Foreign(), "the reference has no Foreign"),
        (ResNetGenerator(base_channels=1, blocks=1, norm="none"), "its norm is 'none'"),
        (UNetGenerator(base_channels=1, depth=2, norm="none"), "its norm is 'none'"),
        (ResNetGenerator(base_channels=1, blocks=1, upsample="resize"), "upsample is 'resize'"),
        (ResNetGenerator(base_channels=1, blocks=1, residual=True), "residual is 'True'"),
    ],
)
def test_what_the_reference_cannot_hold_is_not_exported(network: Generator, told: str) -> None:
    with pytest.raises(BundleError, match=told):
        export_state(network)
