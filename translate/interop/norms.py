"""Which norm a network of the reference was trained with: its keys tell."""

from collections.abc import Mapping

from torch import Tensor

from translate.errors import BundleError
from translate.networks.layers import Norm

STATISTICS = (".running_mean", ".running_var", ".num_batches_tracked")


def infer_norm(state: Mapping[str, Tensor], first: str, where: str) -> Norm:
    """Tell batch norm, which learns and replaces biases, from instance norm, which does neither.

    Args:
        first: Name of the first convolution.

    Raises:
        BundleError: The norm is neither of the two.
    """
    learns = any(name.endswith(".weight") and t.ndim == 1 for name, t in state.items())
    has_bias = f"{first}.bias" in state
    if learns and has_bias:
        raise BundleError(
            f"{where}: its norms have learned scales, and its convolutions have biases besides: "
            "instance norms with affine=True, as very old files of the reference have them. There "
            "is no such norm here, nor in the reference of today: train the network anew."
        )
    if not learns and not has_bias:
        raise BundleError(
            f"{where}: has neither norms nor biases ({first}.bias is missing), as trained with "
            "--norm none. There is no such network here: train it with instance or batch norm."
        )
    return "batch" if learns else "instance"
