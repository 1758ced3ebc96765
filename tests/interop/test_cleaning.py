from collections import OrderedDict
from typing import Any

import pytest
import torch
from torch import Tensor, nn
from torch.nn.utils import spectral_norm as old_spectral_norm
from torch.nn.utils.parametrizations import spectral_norm

from translate.errors import BundleError
from translate.interop.cleaning import bare_weights

WEIGHTS = {"model.1.weight": torch.ones(2), "model.1.bias": torch.zeros(2)}


def assert_same(found: dict[str, Tensor]) -> None:
    assert list(found) == list(WEIGHTS)
    assert all(torch.equal(found[name], tensor) for name, tensor in WEIGHTS.items())


@pytest.mark.parametrize(
    "content",
    [
        WEIGHTS,
        OrderedDict(WEIGHTS),
        WEIGHTS | {"_metadata": {"version": 1}},
        {"state_dict": WEIGHTS, "epoch": 3},
        {"params": {"other": torch.ones(1)}, "params_ema": WEIGHTS},
        {"state_dict": {"generator": WEIGHTS}},
        {f"module.{name}": tensor for name, tensor in WEIGHTS.items()},
        {f"module._orig_mod.module.{name}": tensor for name, tensor in WEIGHTS.items()},
        {name: nn.Parameter(tensor) for name, tensor in WEIGHTS.items()},
    ],
)
def test_weights_are_found_in_whatever_they_were_wrapped(content: object) -> None:
    assert_same(bare_weights(content, "net.pth"))


def test_a_prefix_that_some_names_lack_stays() -> None:
    names = {"module.weight": torch.ones(1), "weight": torch.ones(1)}

    assert list(bare_weights(names, "net.pth")) == list(names)


ENDLESS: dict[str, Any] = {}
ENDLESS["state_dict"] = ENDLESS


@pytest.mark.parametrize(
    ("content", "told"),
    [
        ([1, 2], "expected tensors by name, found a list"),
        (torch.ones(2), "expected tensors by name, found a Tensor"),
        ({}, "expected tensors by name, found none"),
        ({"_metadata": {}}, "expected tensors by name, found none"),
        ({"epoch": 3} | WEIGHTS, r"1 of its 3 entries are no plain tensors.*'epoch' \(int\)"),
        (ENDLESS, r"1 of its 1 entries .* 'state_dict' \(dict\)"),
        ({3: torch.ones(1)}, r"'3' \(Tensor\)"),
        ({"w\x1b[2J": torch.ones(1)}, r"w\\x1b\[2J"),
        ({"w" * 300: torch.ones(1)}, "w{80}'"),
        ({"w": torch.ones(1, dtype=torch.complex64)}, "no plain tensors"),
        ({"w": torch.ones(3).to_sparse()}, "no plain tensors"),
        ({"w": torch.ones(3, device="meta")}, "no plain tensors"),
        ({"w": torch.ones(1).expand(10**9)}, "no plain tensors"),
    ],
)
def test_anything_but_plain_tensors_by_name_is_refused(content: object, told: str) -> None:
    with pytest.raises(BundleError, match=f"^net.pth: .*{told}"):
        bare_weights(content, "net.pth")


@pytest.mark.parametrize("constrain", [old_spectral_norm, spectral_norm])
@pytest.mark.parametrize(
    "layer",
    [
        nn.Conv2d(3, 5, 3),
        nn.ConvTranspose2d(3, 5, 3),
        nn.ConvTranspose2d(4, 4, 3),
        nn.Conv2d(4, 4, 3),
    ],
    ids=str,
)
def test_spectral_norm_is_folded_into_the_weight_it_makes(constrain: Any, layer: nn.Module) -> None:
    torch.manual_seed(0)
    network = nn.Sequential(constrain(type(layer)(layer.in_channels, layer.out_channels, 3)))
    photo = torch.rand(1, layer.in_channels, 8, 8)
    for _ in range(20):  # as in training, its vectors come nearer to the singular ones
        network(photo)
    network.eval()(photo)

    folded = bare_weights(network.state_dict(), "net.pth")

    assert sorted(folded) == ["0.bias", "0.weight"]
    torch.testing.assert_close(folded["0.weight"], network[0].weight)


@pytest.mark.parametrize(
    "rest",
    [
        {},
        {"0.weight_v": torch.ones(3)},
        {"0.weight_v": torch.zeros(2)},
    ],
)
def test_a_spectral_norm_that_cannot_be_is_left_for_others_to_refuse(
    rest: dict[str, Tensor],
) -> None:
    parts = {"0.weight_orig": torch.ones(2, 2), "0.weight_u": torch.ones(2)} | rest

    assert list(bare_weights(parts, "net.pth")) == list(parts)
