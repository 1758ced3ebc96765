"""Fit weights to a network, all of them or none."""

from collections.abc import Mapping

import torch
from torch import Tensor

from translate.errors import BundleError
from translate.interop.norms import STATISTICS
from translate.networks import Generator

LISTED = 8  # misfits that a message shows


def match_weights(
    state: Mapping[str, Tensor],
    generator: Generator,
    layout: Mapping[str, str | Tensor],
    where: str,
) -> dict[str, Tensor]:
    """Return our state dict, made of the reference's.

    What an instance norm of an old PyTorch remembered is left out: it was never used. A batch norm
    of an old PyTorch did not count its batches; that counter, of no influence here, begins at 0.

    Args:
        generator: The network that is expected; its weights may be on the meta device.
        layout: The reference's keys, each with our name for it or the fixed filter it holds.

    Raises:
        BundleError: A key is missing, or left over, or its tensor is not what it should be.
    """
    expected = generator.state_dict()
    weights: dict[str, Tensor] = {}
    unused = STATISTICS if generator.arguments["norm"] == "instance" else ()
    misfits = [
        f"{key}: left over" for key in state if key not in layout and not key.endswith(unused)
    ]
    for key, ours in layout.items():
        found = state.get(key)
        if isinstance(ours, Tensor):
            if found is not None and not _are_close(found, ours):
                misfits.append(f"{key}: expected the fixed filter of CUT, found another")
        elif found is None and key.endswith(".num_batches_tracked"):
            weights[ours] = torch.zeros((), dtype=torch.int64)
        elif found is None or found.shape != expected[ours].shape:
            shape = "nothing" if found is None else tuple(found.shape)
            misfits.append(f"{key}: expected {tuple(expected[ours].shape)}, found {shape}")
        else:
            # A copy of its own: tensors of one file may share memory, and would be saved twice.
            weights[ours] = found.to(expected[ours].dtype, copy=True).contiguous()
            if not weights[ours].isfinite().all():
                misfits.append(f"{key}: holds numbers that are not finite")
    if misfits:
        raise BundleError(_list(misfits, generator, where))
    return weights


def describe(generator: Generator) -> str:
    """Name a generator and its arguments: `resnet (in_channels 3, ...)`."""
    arguments = ", ".join(f"{name} {value}" for name, value in generator.arguments.items())
    return f"{generator.name} ({arguments})"


def _are_close(found: Tensor, fixed: Tensor) -> bool:
    return found.shape == fixed.shape and torch.allclose(found.to(fixed.dtype), fixed)


def _list(misfits: list[str], generator: Generator, where: str) -> str:
    more = f"\n  and {len(misfits) - LISTED} more" if len(misfits) > LISTED else ""
    return (
        f"{where}: looks like a {describe(generator)}, but {len(misfits)} of "
        "its keys do not fit:\n  "
        + "\n  ".join(misfits[:LISTED])
        + more
        + "\nNothing was imported."
    )
