"""Inception's features: those that published FID and KID are told in."""

import re
import tempfile
from http.client import HTTPException
from pathlib import Path
from pickle import UnpicklingError
from typing import Any

import torch
from torch import Tensor

from translate.errors import ConfigError, DataError
from translate.evaluation.features import BATCH, file_hash

URL = (
    "https://github.com/toshas/torch-fidelity/releases/download/v0.2.0/"
    "weights-inception-2015-12-05-6726825d.pth"
)
DIGEST = "6726825d"  # how the SHA-256 of the published weights begins
EXTRACTOR = "Inception 2015-12-05, 299 px as in TensorFlow, pooled"
LAYER = "2048"  # the pooled features before the classifier


class InceptionExtractor:
    """Turn photos into the 2048 features of Inception, as the authors of FID do.

    Args:
        weights: torch-fidelity's file; None: the one in the cache, fetched the first time.
        device: Where the network runs.
        cache: The folder for what is fetched.

    Source:
        Szegedy et al. 2016, in the TensorFlow version of 2015-12-05 that Heusel et al. 2017 used,
        with TensorFlow's resizing to 299 px, by torch-fidelity.

    Raises:
        ConfigError: torch-fidelity is not installed.
        DataError: The weights are missing, foreign or damaged, or cannot be fetched.
    """

    def __init__(
        self, weights: Path | None, device: torch.device, cache: Path, url: str = URL
    ) -> None:
        file = fetch_weights(cache, url) if weights is None else weights
        self.device = device
        self.network: Any = _load(file).to(device)
        self.name = f"{EXTRACTOR}; weights {file_hash(file)}"

    @torch.inference_mode()
    def __call__(self, photos: Tensor) -> Tensor:
        """Extract features, a few photos at a time.

        Shape:
            (N, 3, H, W) in [-1, 1] -> (N, 2048), float32 on the CPU.
        """
        levels = ((photos + 1) * 127.5).round().clamp(0, 255).to(torch.uint8)
        parts = [self.network(part.to(self.device))[0].cpu() for part in torch.split(levels, BATCH)]
        return torch.cat(parts)


def fetch_weights(cache: Path, url: str = URL) -> Path:
    """Find the published weights in a folder, or fetch them there.

    Raises:
        DataError: They cannot be had, or what came is something else.
    """
    file = cache / Path(url).name
    if file.is_file():
        return file
    found = re.search(r"-([0-9a-f]{8,})\.pth$", url)
    try:
        cache.mkdir(parents=True, exist_ok=True)
        torch.hub.download_url_to_file(
            url, str(file), hash_prefix=found.group(1) if found else DIGEST, progress=False
        )
    except (OSError, HTTPException) as error:
        reason = getattr(error, "reason", None) or error
        raise DataError(
            f"Inception's weights could not be fetched from {url} to {cache} ({reason}). Fetch the "
            "file on a machine that is online and name it with --weights FILE, or use the features "
            "that need no download: --extractor efficientnet."
        ) from error
    except RuntimeError as error:  # how PyTorch says that the digest is another
        raise DataError(f"{url}: what came is not the published file ({error}).") from error
    return file


def _load(file: Path) -> torch.nn.Module:
    """Build the network without running anything that may be hidden in the file.

    torch-fidelity unpickles what it is given; so the file is read safely first, and what it is
    given is a copy that was written here.
    """
    try:
        from torch_fidelity.feature_extractor_inceptionv3 import (  # noqa: PLC0415
            FeatureExtractorInceptionV3,
        )
    except ImportError as error:
        raise ConfigError(
            f"Inception's features need a package that is not installed ({error.name}). "
            'pip install "photo-translate[metrics]", or use --extractor efficientnet.'
        ) from error
    advice = "Name torch-fidelity's weights-inception-2015-12-05-6726825d.pth."
    if not file.is_file():
        raise DataError(f"{file}: there is no such file. {advice}")
    try:
        weights = torch.load(file, map_location="cpu", weights_only=True)
        # Its first weights, replaced at once, would be drawn from the process-wide generator.
        with tempfile.TemporaryDirectory() as folder, torch.random.fork_rng(devices=[]):
            copy = Path(folder) / "weights.pth"
            torch.save(weights, copy)
            network: torch.nn.Module = FeatureExtractorInceptionV3(
                "inception-v3-compat", [LAYER], feature_extractor_weights_path=str(copy)
            )
    except OSError as error:
        raise DataError(f"{file}: cannot be read ({error.strerror or error}). {advice}") from error
    except (RuntimeError, ValueError, KeyError, TypeError, EOFError, UnpicklingError) as error:
        first = str(error).splitlines()[0] if str(error) else type(error).__name__
        raise DataError(f"{file}: does not hold Inception's weights ({first}). {advice}") from error
    return network
