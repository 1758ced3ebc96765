"""The reference's ResnetGenerator, CUT's with antialiasing included: which arguments, which keys.

Its layers stand in one sequence, `model`, as ours do in `layers`: only the names differ.
"""

import re
from collections.abc import Mapping
from typing import Any

import torch
from torch import Tensor

from translate.errors import BundleError
from translate.interop.norms import infer_norm
from translate.networks import ResNetGenerator
from translate.networks.blur import BlurDoubling, BlurHalving

FIRST = "model.1"  # after its padding
INNER = re.compile(r"model\.(\d+)\.conv_block\.(\d+)\.weight")
OUTER = re.compile(r"model\.(\d+)\.weight")


def infer_resnet(state: Mapping[str, Tensor], where: str) -> dict[str, Any]:
    """Read the constructor's arguments off the places and shapes of the convolutions.

    Padding by repetition (`padding_type='replicate'`) leaves no trace and is taken for reflection,
    which every published file has.

    Raises:
        BundleError: The network is of a kind that there is not here.
    """
    convolutions = {name: tensor for name, tensor in state.items() if tensor.ndim == 4}
    inner = [match for name in convolutions if (match := INNER.fullmatch(name))]
    blocks = sorted({int(match[1]) for match in inner})
    places = sorted(int(match[1]) for name in convolutions if (match := OUTER.fullmatch(name)))
    if any(match[2] == "0" for match in inner):
        raise BundleError(
            f"{where}: its blocks begin with a convolution, model.{blocks[0]}.conv_block.0, not "
            "with padding: it was trained with padding_type='zero', which there is not here."
        )
    before = [place for place in places if blocks and place < blocks[0]]
    after = [place for place in places if blocks and place > blocks[-1]]
    if not after or before[:1] != [1]:
        raise BundleError(
            f"{where}: has residual blocks, but the convolutions before and after them are not "
            f"where a ResNet of the reference has them: expected {FIRST}.weight and others, "
            f"found {', '.join(f'model.{place}.weight' for place in places[:8]) or 'none'}."
        )
    first, last = state[f"{FIRST}.weight"], state[f"model.{after[-1]}.weight"]
    halvings = len(before) - 1
    return {
        "in_channels": first.shape[1],
        "out_channels": last.shape[0],
        "base_channels": first.shape[0],
        "blocks": len(blocks),
        "norm": infer_norm(state, FIRST, where),
        # A layer that blurs has no weights, but takes a place: after the activation, and before
        # the convolution.
        "downsample": "blur" if halvings and blocks[0] - before[-1] > 3 else "strided",
        "upsample": "blur" if halvings and after[0] - blocks[-1] > 1 else "transposed",
        "dropout": any(match[2] == "6" for match in inner),
        "downsamplings": halvings,
    }


def resnet_layout(generator: ResNetGenerator) -> dict[str, str | Tensor]:
    """List the reference's keys in its order, each with our name for it or its fixed filter."""
    layout: dict[str, str | Tensor] = {}
    names = list(generator.state_dict())
    channels = 0
    for place, layer in enumerate(generator.layers):
        channels = getattr(layer, "out_channels", channels)
        if isinstance(layer, BlurHalving):
            layout[f"model.{place}.filt"] = _filter([1, 2, 1], channels)
        elif isinstance(layer, BlurDoubling):
            layout[f"model.{place}.filt"] = _filter([1, 3, 3, 1], channels) * 4
        mine = [name for name in names if name.startswith(f"layers.{place}.")]
        layout |= {_rename(name): name for name in mine}
    return layout


def _rename(name: str) -> str:
    """`layers.1.weight` -> `model.1.weight`; `layers.10.layers.1.bias` -> ...conv_block.1.bias."""
    return name.replace("layers", "model", 1).replace("layers", "conv_block", 1)


def _filter(weights: list[int], channels: int) -> Tensor:
    row = torch.tensor(weights, dtype=torch.float32)
    kernel = row[:, None] * row
    return (kernel / kernel.sum()).repeat(channels, 1, 1, 1)
