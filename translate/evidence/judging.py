"""Judging photo by photo: what a translation kept of its photo, and how near the answer it is."""

from collections.abc import Callable, Mapping
from typing import NamedTuple

import torch
from torch import Tensor

from translate.evaluation.features import Extractor, FeatureExtractor, Look
from translate.evaluation.likeness import (
    STRUCTURE_STAGE,
    luminance_correlation,
    perceptual_distance,
    structure_distance,
)
from translate.evaluation.pairs import SSIM_WINDOW_PX, mean_difference, psnr, ssim

Ways = dict[str, Callable[[Tensor], Tensor]]
"""Name of a way to translate -> the way, from images to images to be looked at."""


class Found(NamedTuple):
    """What was found of a batch: measures `(N,)` by name, and features `(N, D)` if asked for."""

    measures: Mapping[str, Tensor]
    features: Tensor | None = None


class Judgement:
    """Findings gathered batch by batch: a few numbers for each photo."""

    def __init__(self) -> None:
        self._measures: dict[str, list[Tensor]] = {}
        self._features: list[Tensor] = []

    def add(self, found: Found) -> None:
        """Gather what was found of a batch."""
        for name, values in found.measures.items():
            self._measures.setdefault(name, []).append(values.double().cpu())
        if found.features is not None:
            self._features.append(found.features)

    def values(self) -> dict[str, Tensor]:
        """Return each measure of all photos, (N,)."""
        return {name: torch.cat(parts) for name, parts in self._measures.items()}

    def features(self) -> Tensor:
        """Return the features of all photos, (N, D)."""
        return torch.cat(self._features)


class Judge:
    """Look at translations beside their photos.

    Args:
        eye: Sees structure and likeness; None: these are not measured.
        extractor: Features for sets; None: none. Where it is the eye, photos are seen once.
    """

    def __init__(self, eye: FeatureExtractor | None, extractor: Extractor | None) -> None:
        self.eye, self.extractor = eye, extractor

    def look(self, images: Tensor) -> Look | None:
        """See images, if there is an eye and they are what people can look at."""
        return self.eye.look(images) if self.eye and images.shape[1] == 3 else None

    def __call__(
        self, seen: Look | None, source: Tensor, translated: Tensor, answer: Tensor | None
    ) -> Found:
        """Judge a batch of translations, rounded to 8 bits as files are.

        Args:
            seen: What `look` saw of the photos.
            answer: The exact answers; None: not known.
        """
        translated = _rounded(translated)
        found = dict(self._answered(translated, answer))
        look = self.look(translated)
        found |= self._kept(seen, look, source, translated)
        if look is not None and answer is not None:
            truth = self.look(answer)
            if truth is not None:
                found["perceptual"] = perceptual_distance(look.stages, truth.stages)
        return Found(found, self._features(translated, look))

    def compare(self, seen: Look | None, source: Tensor, real: Tensor) -> Found:
        """Measure what real photos have in common with photos of the other domain."""
        return Found(self._kept(seen, self.look(real), source, real))

    def _features(self, images: Tensor, look: Look | None) -> Tensor | None:
        if self.extractor is None:
            return None
        return look.pooled if self.extractor is self.eye and look else self.extractor(images)

    def _answered(self, translated: Tensor, answer: Tensor | None) -> dict[str, Tensor]:
        if answer is None:
            return {}
        found = {"l1": mean_difference(translated, answer), "psnr": psnr(translated, answer)}
        if min(answer.shape[-2:]) >= SSIM_WINDOW_PX:
            found["ssim"] = ssim(translated, answer)
        return found

    def _kept(
        self, seen: Look | None, look: Look | None, source: Tensor, images: Tensor
    ) -> dict[str, Tensor]:
        if source.shape != images.shape or source.shape[1] != 3:
            return {}  # photos as they are, of several sizes: nothing lies at the same place
        found = {"luminance": luminance_correlation(source, images)}
        if seen is not None and look is not None:
            stages = (one.stages[STRUCTURE_STAGE] for one in (seen, look))
            found["structure"] = structure_distance(*stages)
        return found


def _rounded(images: Tensor) -> Tensor:
    return ((images.clamp(-1, 1) + 1) * 127.5).round() / 127.5 - 1
