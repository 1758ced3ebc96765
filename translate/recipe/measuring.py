"""What came of a run: its translations of held-out photos, measured as `evaluate` measures them."""

from pathlib import Path

import torch

from translate.bundle import load_bundle
from translate.data import Splits
from translate.errors import ConfigError
from translate.evaluation.distances import LEAST_PHOTOS
from translate.evaluation.feature_cache import USUAL, FeatureCache
from translate.evaluation.features import FeatureExtractor
from translate.evaluation.results import Evaluation
from translate.evidence.evaluate import Instruments, evaluate
from translate.evidence.photos import JudgedPhotos, photos_of_run
from translate.images.writing import write_whole
from translate.machine import cache_file
from translate.recipe.recipe import Recipe

EVALUATION = "evaluation.json"  # in a run's folder
LEAST_FOR_SETS = 20  # photos of a domain; what fewer have in common says nothing of their kind


def measure_run(recipe: Recipe, folder: Path, bundle: Path, data: Splits) -> Evaluation | None:
    """Measure a bundle on the photos that its run held out, and write `evaluation.json`.

    The bundle is read back from disk: what is measured is what people will get. Features are used
    where the extra `metrics` is installed and there are photos enough, and left out elsewhere.

    Returns:
        None: fewer than two photos were held out.
    """
    photos = photos_of_run(data)
    if photos is None or _fewer(photos, LEAST_PHOTOS):
        return None
    eye = None if _fewer(photos, LEAST_FOR_SETS) else _eye()
    with FeatureCache(cache_file(USUAL)) as cache:
        tools = Instruments(eye, eye, cache, most_photos=recipe.training.validate_photos)
        found = evaluate(load_bundle(bundle), photos, tools)
    write_whole(found.to_json().encode(), folder / EVALUATION)
    return found


def _eye() -> FeatureExtractor | None:
    try:
        return FeatureExtractor(torch.device("cpu"))
    except ConfigError:
        return None


def _fewer(photos: JudgedPhotos, least: int) -> bool:
    return any(len(photos.items(domain, least)) < least for domain in "ab")
