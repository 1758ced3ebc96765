"""One number for how well a run translates held-out photos: its best epoch is picked by it."""

import math
from collections.abc import Callable, Iterable, Iterator, Mapping
from statistics import fmean

import torch
from torch import Tensor, nn

from translate.bundle import DIRECTIONS
from translate.bundle.schema import InferenceMode
from translate.data import Splits
from translate.errors import ConfigError
from translate.evaluation.distances import kernel_distance
from translate.evaluation.features import FeatureExtractor
from translate.evaluation.pairs import mean_difference, ssim
from translate.images import Pair
from translate.training.measures import (
    KEY,
    MEASURES,
    Measure,
    choose_items,
    choose_measure,
    expect_sets_of_photos,
)
from translate.training.still import translating

__all__ = ["MEASURES", "Measure", "Validator"]

SCORES: dict[str, Callable[[Tensor, Tensor], Tensor]] = {"ssim": ssim, "l1": mean_difference}
CHANCE = 0  # seed of dropout in the mode `paper`, so that epochs differ by their weights alone


class Validator:
    """Measure translations of held-out photos: one number, to pick the best epoch by.

    Photos are opened one at a time and translated as a `Translator` would, in the run's mode;
    networks learn and remember nothing of it, and the process's random numbers are left alone.

    Args:
        measure: Key of `MEASURES`, or "auto": ssim where exact answers are known, else kid.
        data: The run's; its held-out photos are looked at.
        most_photos: Of each domain, spread evenly over those held out.
        device: Where the generators are.
        mode: How to translate.
        directions: Those that will be measured; each must be fit for the measure.

    Attributes:
        measure: The one that was chosen.
        items: Domain -> items of `data.test` that are looked at for its photos.

    Raises:
        ConfigError: There is nothing to measure, or not in this way.
    """

    def __init__(
        self,
        measure: str,
        data: Splits,
        most_photos: int,
        device: torch.device,
        mode: InferenceMode,
        directions: Iterable[str] = DIRECTIONS,
    ) -> None:
        self.data, self.device, self.mode = data, device, mode
        self.measure = choose_measure(measure, data)
        self.items = choose_items(data, self.measure, most_photos)
        self._real: dict[str, Tensor] = {}  # features of a domain's photos: they never change
        if not self.measure.needs_answers:
            expect_sets_of_photos(data, self.items, directions)
            self.extract = _extractor(device)

    def __call__(self, generators: Mapping[str, nn.Module]) -> float:
        """Measure each direction's generator; return the mean over directions.

        Args:
            generators: Direction (`a_to_b`) -> the network that translates it.

        Returns:
            NaN where a generator gives numbers that are not finite.
        """
        score = self._score_pairs if self.measure.needs_answers else self._score_sets
        still = translating(generators.values(), self.mode, self.device, CHANCE)
        # Bundles are used in float32, so that is what is measured.
        with torch.no_grad(), torch.autocast(self.device.type, enabled=False), still:
            return fmean(score(generators))

    @property
    def protocol(self) -> str:
        """Say all that two numbers must share to be compared."""
        counts = " and ".join(str(len(items)) for items in self.items.values())
        return f"{self.measure.name} on {counts} photos in mode {self.mode}"

    def is_better(self, value: float, best: float | None) -> bool:
        """Say whether a number beats the best so far; NaN beats nothing.

        Args:
            best: None: there is none yet.
        """
        if math.isnan(value):
            return False
        if best is None:
            return True
        return value > best if self.measure.is_higher_better else value < best

    def _score_pairs(self, generators: Mapping[str, nn.Module]) -> Iterator[float]:
        """Compare each translation with its exact answer."""
        score = SCORES[self.measure.name]
        scores: dict[str, list[float]] = {direction: [] for direction in generators}
        for index in self.items["a"]:
            pair = self._open(index)
            for direction, generator in generators.items():
                source, truth = pair if direction == "a_to_b" else (pair.b, pair.a)
                images = generator(source).float(), truth
                shown = (self._shown(direction, image) for image in images)
                scores[direction].append(score(*shown).item())
        return (fmean(found) for found in scores.values())

    def _score_sets(self, generators: Mapping[str, nn.Module]) -> Iterator[float]:
        """Compare the translations of a domain, as a set, with real photos of the other."""
        fakes: dict[str, list[Tensor]] = {direction: [] for direction in generators}
        for index in sorted({index for way in generators for index in self.items[way[0]]}):
            pair = self._open(index)
            for direction, generator in generators.items():
                source = direction[0]
                if index in self.items[source]:
                    translated = generator(getattr(pair, source)).float()
                    fakes[direction].append(self.extract(translated))
        return (kernel_distance(self._features(d[-1]), torch.cat(f)) for d, f in fakes.items())

    def _features(self, domain: str) -> Tensor:
        """Extract the features of a domain's real photos, once."""
        if domain not in self._real:
            photos = (getattr(self._open(index), domain) for index in self.items[domain])
            self._real[domain] = torch.cat([self.extract(photo) for photo in photos])
        return self._real[domain]

    def _open(self, index: int) -> Pair:
        assert self.data.test is not None  # noqa: S101  # `choose_measure` saw to it
        return Pair(*(image[None].to(self.device).float() for image in self.data.test[index]))

    def _shown(self, direction: str, images: Tensor) -> Tensor:
        """Show images as the report compares them: in colours, but bands as they are."""
        before, after = (self.data.encodings[domain] for domain in direction.split("_to_"))
        return images if "bands" in (before.kind, after.kind) else after.show(images)


def _extractor(device: torch.device) -> FeatureExtractor:
    try:
        return FeatureExtractor(device)
    except ConfigError as error:
        raise ConfigError(f"{KEY}: kid: {error}") from error
