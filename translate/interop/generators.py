"""From a .pth file of the reference to a generator, and back."""

from collections.abc import Mapping
from pathlib import Path
from typing import Any

import torch
from torch import Tensor

from translate.errors import BundleError
from translate.interop.cleaning import bare_weights
from translate.interop.matching import match_weights
from translate.interop.reading import read_pickle
from translate.interop.reference_resnet import infer_resnet, resnet_layout
from translate.interop.reference_unet import infer_unet, unet_layout
from translate.networks import Generator, ResNetGenerator, UNetGenerator

UNKNOWN_THERE = {"norm": "none", "upsample": "resize", "residual": True}  # to the reference
NAME_GENERATOR = "Name a generator's file, such as latest_net_G.pth or latest_net_G_A.pth."


def import_generator(file: Path) -> Generator:
    """Rebuild a generator of the reference from its weights alone, in evaluation mode on the CPU.

    Its kind, size and norm are read off the names and shapes of the weights. Nothing in the file
    is executed.

    Raises:
        BundleError: The file is missing, damaged, would run code or holds no such generator.
    """
    state = bare_weights(read_pickle(file), str(file))
    kind, arguments = _infer(state, str(file))
    try:
        # On the meta device weights are only shapes: no memory for what may not fit.
        with torch.device("meta"):
            generator = kind(**arguments)
    except (ValueError, RuntimeError) as error:
        raise BundleError(f"{file}: describes no network that can be: {error}.") from error
    weights = match_weights(state, generator, _layout(generator, str(file)), str(file))
    generator.load_state_dict(weights, assign=True)
    return generator.eval()


def export_state(generator: Generator, where: str = "the generator") -> dict[str, Tensor]:
    """Return the weights as the reference would save them: its keys in its order.

    Raises:
        BundleError: The reference has no such generator.
    """
    state = generator.state_dict()
    layout = _layout(generator, where)
    named = {key: state[ours] if isinstance(ours, str) else ours for key, ours in layout.items()}
    return {key: tensor.detach().cpu().contiguous() for key, tensor in named.items()}


def _infer(state: Mapping[str, Tensor], where: str) -> tuple[type[Generator], dict[str, Any]]:
    """Recognise a generator, or say what else this is."""
    if any(name.startswith("model.model.") for name in state):
        return UNetGenerator, infer_unet(state, where)
    if any(".conv_block." in name for name in state):
        return ResNetGenerator, infer_resnet(state, where)
    # A generator pads, or goes down a level, before its first convolution.
    if any(name in state and state[name].ndim == 4 for name in ("model.0.weight", "net.0.weight")):
        raise BundleError(f"{where}: is a discriminator, which judges photos. {NAME_GENERATOR}")
    if "mlp_0.0.weight" in state:
        raise BundleError(f"{where}: is what CUT compares patches with (net_F). {NAME_GENERATOR}")
    listed = ", ".join(list(state)[:8])
    raise BundleError(
        f"{where}: is neither a ResNet nor a U-Net of the reference. Those have keys such as "
        f"model.10.conv_block.1.weight or model.model.0.weight; its {len(state)} keys begin with "
        f"{listed}. {NAME_GENERATOR}"
    )


def _layout(generator: Generator, where: str) -> dict[str, str | Tensor]:
    """Write down which key of the reference holds what."""
    arguments = generator.arguments
    for setting, value in UNKNOWN_THERE.items():
        if arguments.get(setting) == value:
            raise BundleError(
                f"{where}: its {setting} is '{value}', and the reference has no such network: its "
                "weights would mean something else there. Only norm instance or batch, upsample "
                "transposed or blur, and residual False can be exported."
            )
    if isinstance(generator, ResNetGenerator):
        return resnet_layout(generator)
    if isinstance(generator, UNetGenerator):
        return unet_layout(generator)
    raise BundleError(f"{where}: the reference has no {type(generator).__name__}.")
