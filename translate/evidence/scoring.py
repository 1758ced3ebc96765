"""From findings photo by photo to scores with intervals, of every way and between ways."""

from collections.abc import Mapping

from torch import Tensor

from translate.evaluation.bootstrap import Estimate, estimate_mean
from translate.evaluation.results import TRANSLATION
from translate.evaluation.sets import estimate_kernel_gain, score_sets
from translate.evidence.judging import Judgement

REAL = "real photos"
PER_THOUSAND = 1000  # KID is told in thousandths

Scores = dict[str, dict[str, Estimate]]
"""Way -> measure -> number."""


def minus(baseline: str) -> str:
    """Name the difference between the translation and another way: the same photos in both."""
    return f"{TRANSLATION} minus {baseline}"


def photo_scores(gathered: Mapping[str, Judgement], seed: int) -> Scores:
    """Average what every photo has, and the differences photo by photo.

    Of a difference the interval is much narrower than those of the two numbers: photos differ more
    from one another than ways do.
    """
    values = {way: judgement.values() for way, judgement in gathered.items()}
    for baseline in _baselines(values):
        values[minus(baseline)] = {
            measure: numbers - values[baseline][measure]
            for measure, numbers in values[TRANSLATION].items()
            if measure in values[baseline]
        }
    return {
        way: {measure: estimate_mean(numbers, seed) for measure, numbers in found.items()}
        for way, found in values.items()
    }


def set_scores(
    real: Tensor, learned: Tensor | None, features: Mapping[str, Tensor], seed: int
) -> Scores:
    """Compare sets of photos with real photos of the target.

    Args:
        real: Features of held-out photos.
        learned: Features of photos that were learned from; None: there are none.
        features: Way -> those of its translations, in the same order for all ways.
    """
    sets = dict(features) if learned is None else {**features, REAL: learned}
    scores: Scores = {}
    for way, found in sets.items():
        scores[way] = score_sets(real, found, seed)._asdict()
        scores[way]["kid"] = scores[way]["kid"].scaled(PER_THOUSAND)
    for baseline in _baselines(features):
        fake, other = (features[way].double() for way in (TRANSLATION, baseline))
        gain = estimate_kernel_gain(real.double(), fake, other, seed)
        scores[minus(baseline)] = {"kid": gain.scaled(PER_THOUSAND)}
    return scores


def _baselines(ways: Mapping[str, object]) -> list[str]:
    return [way for way in ways if way not in (TRANSLATION, REAL)]
