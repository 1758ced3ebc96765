"""The reference's UnetGenerator: which arguments, which keys.

Its levels lie inside one another like the shells of an onion; ours stand in two rows.
"""

from collections.abc import Mapping
from typing import Any

from torch import Tensor

from translate.errors import BundleError
from translate.interop.norms import infer_norm
from translate.networks import UNetGenerator

FIRST, LAST = "model.model.0", "model.model.3"  # both of the outermost level


def infer_unet(state: Mapping[str, Tensor], where: str) -> dict[str, Any]:
    """Count the levels, and read the widths off the outermost.

    Dropout leaves no trace. Batch norm is taken for a Pix2Pix, which has dropout by default, and
    instance norm for a CycleGAN, which has not.

    Raises:
        BundleError: The network is of a kind that there is not here.
    """
    ends = [state.get(f"{name}.weight") for name in (FIRST, LAST)]
    first, last = (tensor if tensor is not None and tensor.ndim == 4 else None for tensor in ends)
    if first is None or last is None:
        raise BundleError(
            f"{where}: looks like a U-Net of the reference, but {FIRST}.weight or {LAST}.weight, "
            "the convolutions of its outermost level, are missing."
        )
    depth = 1
    while any(name.startswith(f"{_level(depth)}.") for name in state):
        depth += 1
    norm = infer_norm(state, FIRST, where)
    return {
        "in_channels": first.shape[1],
        "out_channels": last.shape[1],  # transposed convolutions have them second
        "base_channels": first.shape[0],
        "depth": depth,
        "norm": norm,
        "dropout": norm == "batch",
    }


def unet_layout(generator: UNetGenerator) -> dict[str, str | Tensor]:
    """List the reference's keys in its order, each with our name for it."""
    names = list(generator.state_dict())
    innermost = len(generator.encoder) - 1
    return {
        _rename(name, innermost): name
        for row, levels in (
            ("encoder", range(innermost + 1)),
            ("decoder", range(innermost, -1, -1)),
        )
        for level in levels
        for name in names
        if name.startswith(f"{row}.{level}.")
    }


def _rename(name: str, innermost: int) -> str:
    """`encoder.2.1.weight` -> `model.model.1.model.3.model.1.weight`.

    A level of the reference is its way down, the levels inside it and its way up. The way down is
    a convolution at the outermost level, an activation and a convolution at the innermost, which
    has nothing inside, and an activation, a convolution and a norm at those between.
    """
    row, level, place, kind = name.split(".")
    way_down = 2 if int(level) in {0, innermost} else 4
    shift = way_down if row == "decoder" else 0
    return f"{_level(int(level))}.{int(place) + shift}.{kind}"


def _level(number: int) -> str:
    inside = [".1.model", *[".3.model"] * (number - 1)] if number else []
    return "".join(["model.model", *inside])
