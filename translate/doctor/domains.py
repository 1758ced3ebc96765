"""How separable the two domains are, and which photos look as if they were in the wrong one."""

import logging
from collections.abc import Callable
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from translate.doctor.looking import Extract, Looks
from translate.doctor.near import Places
from translate.doctor.separating import FEWEST, Accuracy, cross_validate, measure_accuracy
from translate.errors import ConfigError

logger = logging.getLogger(__name__)

SUSPICIOUS = 0.9  # probability of the other domain
LEAST_ACCURACY = 0.65  # below that the classifier's doubts say nothing about single photos


@dataclass(frozen=True)
class Separation:
    """How well the domains are told apart.

    Attributes:
        by_features: With the features of a network that knows ImageNet.
        by_brightness: With nothing but the mean luminance.
        counts: Images of a and of b that were looked at.
        suspicious: Numbers of images that look like the other domain, the clearest first.
        doubts: How probable the other domain is for each of them.
    """

    by_features: Accuracy
    by_brightness: Accuracy
    counts: tuple[int, int]
    suspicious: Places
    doubts: npt.NDArray[np.float64]


def load_extractor() -> tuple[Extract | None, str]:
    """Load the network that features are taken from; without its package, say why not."""
    import torch  # noqa: PLC0415 - only who asks for features waits for torch

    from translate.evaluation.features import FeatureExtractor  # noqa: PLC0415

    try:
        extractor: Callable[[torch.Tensor], torch.Tensor] = FeatureExtractor(torch.device("cpu"))
    except ConfigError:
        return None, (
            "how separable the domains are, because that takes a package that is not installed: "
            'pip install "photo-translate[metrics]"'
        )

    def extract(views: npt.NDArray[np.uint8]) -> npt.NDArray[np.float32]:
        photos = torch.from_numpy(views).permute(0, 3, 1, 2).float() / 127.5 - 1
        return extractor(photos).numpy()

    return extract, ""


def separate(looks: Looks, seed: int) -> Separation | None:
    """Train classifiers on the images whose features are known; None: there are too few."""
    images = np.array(sorted(looks.features), np.int64)
    is_b = looks.sides[images] == 1 if len(images) else np.zeros(0, bool)
    if min(is_b.sum(), (~is_b).sum()) < FEWEST:
        return None
    features = np.stack([looks.features[int(image)] for image in images]).astype(np.float64)
    probabilities = cross_validate(features, is_b, seed)
    brightness = looks.facts["brightness"][images].astype(np.float64)[:, None]
    by_brightness = measure_accuracy(cross_validate(brightness, is_b, seed), is_b)
    by_features = measure_accuracy(probabilities, is_b)
    other = np.where(is_b, 1 - probabilities, probabilities)
    order = np.argsort(-other, kind="stable")
    if by_features.value < LEAST_ACCURACY:
        order = order[:0]
    order = order[other[order] >= SUSPICIOUS]
    return Separation(
        by_features,
        by_brightness,
        (int((~is_b).sum()), int(is_b.sum())),
        images[order],
        other[order],
    )
