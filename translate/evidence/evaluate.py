"""How good is a model? Its translations of held-out photos, measured beside what learns nothing."""

from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from typing import Any

import torch
from torch import Tensor

from translate.bundle import DIRECTIONS, Bundle
from translate.errors import DataError
from translate.evaluation.baselines import LabStatistics, colour_transfer
from translate.evaluation.bootstrap import RESAMPLES, Estimate, estimate_mean
from translate.evaluation.distances import LEAST_PHOTOS
from translate.evaluation.feature_cache import FeatureCache
from translate.evaluation.features import Extractor, FeatureExtractor
from translate.evaluation.results import TRANSLATION, Evaluation, Row
from translate.evaluation.sets import score_sets
from translate.evidence.judging import Judge, Judgement, Ways
from translate.evidence.photos import JudgedPhotos
from translate.evidence.remembering import Remembering, digest_of
from translate.inference.translator import Translator

COLOUR_PHOTOS = 200  # training photos whose colours stand for their domain in the colour transfer
BATCH = 8
REAL = "real photos"

Progress = Callable[[str, int, int], None]


@dataclass(frozen=True)
class Instruments:
    """What an evaluation measures with.

    Attributes:
        extractor: Features for KID, FID, precision, recall and diversity; None: none of these.
        eye: What sees structure and likeness; None: neither is measured.
        cache: Where features of real photos are remembered.
        seed: Decides the resamples of intervals, and nothing else.
        most_photos: Of each domain, spread evenly over those held out.
    """

    extractor: Extractor | None
    eye: FeatureExtractor | None
    cache: FeatureCache
    seed: int = 0
    most_photos: int = 2000


def evaluate(
    bundle: Bundle,
    photos: JudgedPhotos,
    instruments: Instruments,
    directions: Sequence[str] = (),
    progress: Progress = lambda *_: None,
) -> Evaluation:
    """Measure a model's translations of held-out photos, and beside them what learns nothing.

    Every translation is rounded to 8 bits, as a file would hold it, and not compressed.

    Args:
        directions: None given: all that the bundle has.
        progress: Called with what is being looked at, how many photos are done, and of how many.

    Raises:
        DataError: There are too few photos, or they cannot be read.
    """
    chosen = [way for way in directions or DIRECTIONS if way in bundle.generators]
    rows: list[Row] = []
    counts: dict[str, Any] = {}
    for direction in chosen:
        measured = _Direction(bundle, photos, instruments, direction)
        rows += measured.rows(progress)
        counts[direction] = measured.counts
    return Evaluation(_protocol(bundle, photos, instruments, counts), {}, rows)


def _protocol(
    bundle: Bundle, photos: JudgedPhotos, instruments: Instruments, counts: dict[str, Any]
) -> dict[str, Any]:
    extractor, eye = instruments.extractor, instruments.eye
    return {
        "photos": digest_of(photos, instruments.most_photos),
        "counts": counts,
        "view": photos.view,
        "side_px": photos.side_px,
        "pixels": "8 bits, translations not compressed, computed in float32",
        "mode": bundle.inference_mode,
        "set_features": extractor.name if extractor else None,
        "structure_and_perceptual_features": eye.name if eye else None,
        "intervals": f"95 %, bootstrap over photos, {RESAMPLES} resamples of means",
        "seed": instruments.seed,
    }


class _Direction:
    """The evaluation of one direction."""

    def __init__(
        self, bundle: Bundle, photos: JudgedPhotos, instruments: Instruments, direction: str
    ) -> None:
        self.bundle, self.photos, self.tools, self.direction = (
            bundle,
            photos,
            instruments,
            direction,
        )
        self.source, self.target = direction.split("_to_")
        self.before, self.after = (photos.encodings[d] for d in (self.source, self.target))
        self.is_bands = "bands" in (self.before.kind, self.after.kind)
        self.has_sets = instruments.extractor is not None and self.after.kind in ("photo", "grey")
        self.items = photos.items(self.source, instruments.most_photos)
        self.answers = photos.items(self.target, instruments.most_photos)
        self.counts = {"translated": len(self.items), "real": len(self.answers)}
        if min(self.counts.values()) < LEAST_PHOTOS:
            raise DataError(
                f"{direction}: expected at least {LEAST_PHOTOS} held-out photos of each domain, "
                f"found {len(self.items)} to translate and {len(self.answers)} to compare with. "
                "Hold out more."
            )

    def rows(self, progress: Progress) -> Iterator[Row]:
        """Measure all ways to translate."""
        ways = self._ways()
        judge = Judge(self.tools.eye, None if not self.has_sets else self.tools.extractor)
        gathered: dict[str, Judgement] = {name: Judgement() for name in (*ways, REAL)}
        for start in range(0, len(self.items), self._batch):
            progress(self.bundle.in_words(self.direction), start, len(self.items))
            source, other = self._open(start)
            shown = self.before.show if not self.is_bands else _as_it_is
            answer = other if self.photos.is_paired else None
            look = judge.look(shown(source))
            for name, way in ways.items():
                gathered[name].add(judge(look, shown(source), way(source), answer))
            gathered[REAL].add(judge.compare(look, shown(source), other))
        progress(self.bundle.in_words(self.direction), len(self.items), len(self.items))
        sets = self._set_scores(gathered) if self.has_sets else {}
        for name, judgement in gathered.items():
            for measure, estimate in sets.get(name, {}).items():
                yield Row(self.direction, name, measure, *estimate)
            for measure, values in judgement.values().items():
                yield Row(self.direction, name, measure, *estimate_mean(values, self.tools.seed))

    @property
    def _batch(self) -> int:
        return BATCH if self.photos.side_px else 1

    def _ways(self) -> Ways:
        translator = Translator(self.bundle, self.direction)
        if self.is_bands:  # between bands there is no transfer of colours
            return {TRANSLATION: translator}
        ways: Ways = {TRANSLATION: lambda source: self.after.show(translator(source))}
        if self.photos.training is not None:
            learned = self.photos.training(self.target, COLOUR_PHOTOS)
            colours = LabStatistics.of(self.after.show(photo) for photo in learned)
            ways["colour transfer"] = lambda source: colour_transfer(
                self.before.show(source), colours
            )
        return ways | {"input unchanged": self.before.show}

    def _open(self, start: int) -> tuple[Tensor, Tensor]:
        """Open photos to translate, and of each the exact answer, or any photo of its domain."""
        items = self.items[start : start + self._batch]
        pairs = [self.photos.test[index] for index in items]
        source = torch.stack([getattr(pair, self.source) for pair in pairs])
        if not self.photos.is_paired:
            turns = (self.answers[(start + i) % len(self.answers)] for i in range(len(items)))
            pairs = [self.photos.test[index] for index in turns]
        others = torch.stack([getattr(pair, self.target) for pair in pairs])
        return source, others if self.is_bands else self.after.show(others)

    def _set_scores(self, gathered: dict[str, Judgement]) -> dict[str, dict[str, Estimate]]:
        remembering = Remembering(self.photos, self.tools.cache, self.tools.extractor)
        real = remembering.features(self.answers, self.target)
        sets = {name: j.features() for name, j in gathered.items() if name != REAL}
        if self.photos.training is not None:
            learned = list(self.photos.training(self.target, len(self.items)))
            if len(learned) >= LEAST_PHOTOS:
                self.counts["training"] = len(learned)
                sets[REAL] = remembering.of_images(self.after.show(photo) for photo in learned)
        scores = {}
        for name, features in sets.items():
            found = score_sets(real, features, self.tools.seed)._asdict()
            scores[name] = found | {"kid": found["kid"].scaled(1000)}
        return scores


def _as_it_is(images: Tensor) -> Tensor:
    return images
