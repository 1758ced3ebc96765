"""How good is a model? Its translations of held-out photos, measured beside what learns nothing."""

from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from typing import Any

import torch
from torch import Tensor

from translate.bundle import DIRECTIONS, Bundle
from translate.errors import DataError
from translate.evaluation.baselines import LabStatistics, colour_transfer
from translate.evaluation.bootstrap import RESAMPLES
from translate.evaluation.distances import LEAST_PHOTOS
from translate.evaluation.feature_cache import FeatureCache
from translate.evaluation.features import BATCH, Extractor, FeatureExtractor
from translate.evaluation.results import TRANSLATION, Evaluation, Row
from translate.evidence.judging import Judge, Judgement, Seen, Ways
from translate.evidence.photos import JudgedPhotos
from translate.evidence.remembering import Remembering, digest_of
from translate.evidence.scoring import REAL, photo_scores, set_scores
from translate.images import Encoding
from translate.inference.choices import choose_direction
from translate.inference.fingerprint import fingerprint
from translate.inference.translator import Translator
from translate.version import __version__

COLOUR_PHOTOS = 200  # training photos whose colours stand for their domain in the colour transfer

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
        device: Where the model translates; None: the fastest there is.
    """

    extractor: Extractor | None
    eye: FeatureExtractor | None
    cache: FeatureCache
    seed: int = 0
    most_photos: int = 2000
    device: str | torch.device | None = None


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
        BundleError: The bundle has no such direction.
        DataError: There are too few photos, or they cannot be read.
    """
    chosen = [choose_direction(bundle, direction) for direction in directions]
    chosen = chosen or [direction for direction in DIRECTIONS if direction in bundle.generators]
    rows: list[Row] = []
    counts: dict[str, Any] = {}
    known = None
    if instruments.extractor is not None:
        known = Remembering(photos, instruments.cache, instruments.extractor)
    for direction in chosen:
        measured = _Direction(bundle, photos, instruments, known, direction)
        rows += measured.rows(progress)
        counts[direction] = measured.counts
    protocol = _protocol(photos, instruments, counts)
    return Evaluation(protocol, _subject(bundle, chosen), rows)


def _subject(bundle: Bundle, directions: Sequence[str]) -> dict[str, Any]:
    return {
        "method": bundle.method,
        "domains": dict(bundle.domains),
        "mode": bundle.inference_mode,
        "fingerprints": {direction: fingerprint(bundle, direction) for direction in directions},
        "written_by": __version__,
    }


def _protocol(
    photos: JudgedPhotos, instruments: Instruments, counts: dict[str, Any]
) -> dict[str, Any]:
    extractor, eye = instruments.extractor, instruments.eye
    return {
        "photos": digest_of(photos, instruments.most_photos),
        "paired": photos.is_paired,
        "counts": counts,
        "view": photos.view,
        "side_px": photos.side_px,
        "pixels": "8 bits, translations not compressed, computed in float32",
        "set_features": extractor.name if extractor else None,
        "structure_and_perceptual_features": eye.name if eye else None,
        "intervals": f"95 %, bootstrap over photos, {RESAMPLES} resamples of means",
        "seed": instruments.seed,
    }


class _Direction:
    """The evaluation of one direction."""

    def __init__(
        self,
        bundle: Bundle,
        photos: JudgedPhotos,
        instruments: Instruments,
        known: Remembering | None,
        direction: str,
    ) -> None:
        self.bundle, self.photos, self.tools = bundle, photos, instruments
        self.direction = direction
        self.source, self.target = direction.split("_to_")
        self.before, self.after = (photos.encodings[d] for d in (self.source, self.target))
        self.is_bands = "bands" in (self.before.kind, self.after.kind)
        self.known = known if self.after.kind in ("photo", "grey") else None
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
        gathered = self._judge(progress)
        scores = photo_scores(gathered, self.tools.seed)
        if self.known is not None:
            features = {name: j.features() for name, j in gathered.items() if name != REAL}
            for name, found in set_scores(
                *self._real(self.known), features, self.tools.seed
            ).items():
                scores[name] = found | scores.get(name, {})
        for name, found in scores.items():
            for measure, estimate in found.items():
                yield Row(self.direction, name, measure, *estimate)

    def _judge(self, progress: Progress) -> dict[str, Judgement]:
        """Look at every photo, at what each way makes of it, and at a real one of the target."""
        ways = self._ways()
        judge = Judge(self.tools.eye, self.known.extractor if self.known else None)
        gathered: dict[str, Judgement] = {name: Judgement() for name in (*ways, REAL)}
        step = BATCH if self.photos.side_px else 1
        for start in range(0, len(self.items), step):
            progress(self.bundle.in_words(self.direction), start, len(self.items))
            items = self.items[start : start + step]
            others = self._others(start, items)
            source, other = self._open(items, others)
            seen = judge.see(_shown(self.before, source))
            real = judge.see(_shown(self.after, other))
            answer = real if self.photos.is_paired else None
            for name, way in ways.items():
                gathered[name].add(judge(seen, way(source), answer))
            gathered[REAL].add(judge.compare(seen, real))
            self._note(items, self.source, seen)
            self._note(others, self.target, real)
        progress(self.bundle.in_words(self.direction), len(self.items), len(self.items))
        return gathered

    def _note(self, items: Sequence[int], domain: str, seen: Seen) -> None:
        if self.known is not None and self.known.extractor is self.tools.eye and seen.look:
            self.known.note(items, domain, seen.look.pooled)

    def _ways(self) -> Ways:
        translator = Translator(self.bundle, self.direction, self.tools.device)
        ways: Ways = {TRANSLATION: lambda source: _shown(self.after, translator(source))}
        if self.is_bands:  # between bands there is no transfer of colours
            return ways
        if self.photos.training is not None:
            learned = self.photos.training(self.target, COLOUR_PHOTOS)
            colours = LabStatistics.of(self.after.show(photo) for photo in learned)
            ways["colour transfer"] = lambda source: colour_transfer(
                self.before.show(source), colours
            )
        return ways | {"input unchanged": self.before.show}

    def _others(self, start: int, items: Sequence[int]) -> Sequence[int]:
        """Choose the exact answers, or any photos of their domain."""
        if self.photos.is_paired:
            return items
        return [self.answers[(start + i) % len(self.answers)] for i in range(len(items))]

    def _open(self, items: Sequence[int], others: Sequence[int]) -> tuple[Tensor, Tensor]:
        """Open photos to translate, and others to compare with."""
        if self.photos.is_paired:  # both images at once: they may lie in one file
            pairs = [self.photos.test[index] for index in items]
            sides = ([getattr(pair, side) for pair in pairs] for side in (self.source, self.target))
        else:
            wanted = ((items, self.source), (others, self.target))
            sides = ([self.photos.image(i, side) for i in some] for some, side in wanted)
        source, other = (torch.stack(images) for images in sides)
        return source, other

    def _real(self, known: Remembering) -> tuple[Tensor, Tensor | None]:
        """Return the features of real photos: of the held-out ones, and of as many learned from."""
        held_out = known.features(self.answers, self.target)
        learned = self._learned(known)
        if learned is None or len(learned) < LEAST_PHOTOS:
            return held_out, None
        self.counts["training"] = len(learned)
        return held_out, learned

    def _learned(self, known: Remembering) -> Tensor | None:
        most, photos = len(self.items), self.photos
        if photos.learned is not None:
            remembering = Remembering(photos.learned, known.cache, known.extractor)
            return remembering.features(photos.learned.items(self.target, most), self.target)
        if photos.training is None:
            return None
        return known.of_images(self.after.show(p) for p in photos.training(self.target, most))


def _shown(encoding: Encoding, images: Tensor) -> Tensor:
    """Turn channels into what people can look at; bands stay as they are."""
    return images if encoding.kind == "bands" else encoding.show(images)
