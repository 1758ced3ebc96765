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


class Seen(NamedTuple):
    """Images to be looked at, (N, 3, H, W), and what was seen of them; None: nothing looks.

    Bands are not looked at: of them it is whatever (N, C, H, W) they are.
    """

    images: Tensor
    look: Look | None


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

    def see(self, images: Tensor) -> Seen:
        """Look at images, if there is an eye and they are what people can look at."""
        return Seen(images, self.eye.look(images) if self.eye and images.shape[1] == 3 else None)

    def __call__(self, source: Seen, translated: Tensor, answer: Seen | None) -> Found:
        """Judge a batch of translations, rounded to 8 bits as files are.

        Args:
            answer: The exact answers; None: not known.
        """
        rounded = _rounded(translated)
        # What was left as it is, as by one of the baselines, need not be looked at again.
        seen = source if torch.equal(rounded, source.images) else self.see(rounded)
        found = _kept(source, seen) | ({} if answer is None else _answered(seen, answer))
        return Found(found, self._features(seen))

    def compare(self, source: Seen, real: Seen) -> Found:
        """Measure what real photos have in common with photos of the other domain."""
        return Found(_kept(source, real))

    def _features(self, seen: Seen) -> Tensor | None:
        if self.extractor is None:
            return None
        if self.extractor is self.eye and seen.look is not None:
            return seen.look.pooled
        return self.extractor(seen.images)


def _answered(translated: Seen, answer: Seen) -> dict[str, Tensor]:
    images, truth = translated.images, answer.images
    found = {"l1": mean_difference(images, truth), "psnr": psnr(images, truth)}
    if min(truth.shape[-2:]) >= SSIM_WINDOW_PX:
        found["ssim"] = ssim(images, truth)
    if translated.look is not None and answer.look is not None:
        found["perceptual"] = perceptual_distance(translated.look.stages, answer.look.stages)
    return found


def _kept(source: Seen, other: Seen) -> dict[str, Tensor]:
    if source.images.shape != other.images.shape or source.images.shape[1] != 3:
        return {}  # photos as they are, of several sizes: nothing lies at the same place
    found = {"luminance": luminance_correlation(source.images, other.images)}
    if source.look is not None and other.look is not None:
        stages = (one.look.stages[STRUCTURE_STAGE] for one in (source, other) if one.look)
        found["structure"] = structure_distance(*stages)
    return found


def _rounded(images: Tensor) -> Tensor:
    return ((images.clamp(-1, 1) + 1) * 127.5).round() / 127.5 - 1
