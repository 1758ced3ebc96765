"""Bring what people save around weights down to the bare weights, under the bare names."""

from collections.abc import Mapping

import torch
from torch import Tensor

from translate.errors import BundleError
from translate.interop.reading import SAVE_BARE

WRAPPINGS = ("state_dict", "params_ema", "params", "generator")  # what training loops save under
LONGEST_NAME = 200  # the deepest U-Net takes 130
PREFIXES = ("module.", "_orig_mod.")  # DataParallel and DistributedDataParallel; torch.compile
# Weight, left and right vector of spectral norm, as torch.nn.utils and its parametrizations name
# them.
SPECTRAL_FORMS = (
    (".weight_orig", ".weight_u", ".weight_v"),
    tuple(f".parametrizations.weight.{part}" for part in ("original", "0._u", "0._v")),
)


def bare_weights(content: object, where: str) -> dict[str, Tensor]:
    """Find the tensors by name, whatever they were wrapped in.

    Raises:
        BundleError: There are none, or other things among them.
    """
    content = _unwrap(content)
    if not isinstance(content, Mapping):
        raise BundleError(
            f"{where}: expected tensors by name, found a {type(content).__name__}. {SAVE_BARE}"
        )
    # PyTorch's own notes can stand among the weights; they are of no use here.
    weights = {name: value for name, value in content.items() if name != "_metadata"}
    if not weights:
        raise BundleError(f"{where}: expected tensors by name, found none. {SAVE_BARE}")
    wrong = [name for name, value in weights.items() if not _is_plain(name, value)]
    if wrong:
        listed = ", ".join(
            f"{str(name)[:80]!r} ({type(weights[name]).__name__})" for name in wrong[:5]
        )
        raise BundleError(
            f"{where}: {len(wrong)} of its {len(weights)} entries are no plain tensors of their "
            f"own: {listed}. {SAVE_BARE}"
        )
    return fold_spectral_norm(_strip({name: value.detach() for name, value in weights.items()}))


def _unwrap(content: object) -> object:
    for _ in WRAPPINGS:  # a hostile file could be its own content, without an end
        if not isinstance(content, Mapping):
            break
        inner = (content[key] for key in WRAPPINGS if isinstance(content.get(key), Mapping))
        content = next(inner, content)
    return content


def _is_plain(name: object, value: object) -> bool:
    """Refuse tensors that claim to be larger than what the file holds of them."""
    return (
        isinstance(name, str)
        and name.isprintable()
        and len(name) <= LONGEST_NAME
        and isinstance(value, Tensor)
        and value.device.type == "cpu"
        and value.layout == torch.strided
        and not value.is_quantized
        and (value.is_floating_point() or value.dtype == torch.int64)
        and value.untyped_storage().nbytes() >= value.numel() * value.itemsize
    )


def _strip(weights: dict[str, Tensor]) -> dict[str, Tensor]:
    """Take away the prefixes that all names share, however often."""

    def shared() -> str | None:
        return next((p for p in PREFIXES if all(name.startswith(p) for name in weights)), None)

    while prefix := shared():
        weights = {name.removeprefix(prefix): tensor for name, tensor in weights.items()}
    return weights


def fold_spectral_norm(weights: Mapping[str, Tensor]) -> dict[str, Tensor]:
    """Divide weights by the norm that their network would divide them by; leave others alone.

    Source:
        Miyato et al. 2018, "Spectral Normalization for Generative Adversarial Networks", eq. 8.
    """
    folded = dict(weights)
    for original, left, right in SPECTRAL_FORMS:
        for name in weights:
            layer = name.removesuffix(original)
            u, v = (weights.get(layer + ending) for ending in (left, right))
            if layer == name or u is None or v is None:
                continue
            norm = _spectral_norm(weights[name], u, v)
            if norm > 0:
                folded[f"{layer}.weight"] = weights[name] / norm
                for ending in (original, left, right):
                    del folded[layer + ending]
    return folded


def _spectral_norm(weight: Tensor, u: Tensor, v: Tensor) -> float:
    """Compute u W v. The outputs of a transposed convolution lie along the second axis.

    Where u and v fit both axes, the norm is the larger number: along the other axis they are
    no singular vectors, and any pair of vectors gives less than those do.
    """
    sizes = (u.numel(), v.numel())
    matrices = [weight.transpose(0, axis).flatten(1) for axis in range(min(2, weight.ndim))]
    return max((float(u @ m @ v) for m in matrices if m.shape == sizes), default=0.0)
