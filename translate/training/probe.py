"""The probe: a few held-out photos, translated now and then, show what losses do not."""

from collections.abc import Mapping
from itertools import combinations

import torch
from torch import Tensor, nn

from translate.bundle.schema import InferenceMode
from translate.images import Pair
from translate.images.encoding import GREY
from translate.training.still import translating

MOST_PHOTOS = 4  # six distances between them; more cost time and hardly move a mean

# Standard deviation of what is added before the way back: 4 of 255 levels, which the eye takes for
# film grain. What is hidden from the eye must be about as faint.
NOISE = 0.03
SEED = 20171208  # any; the same noise, and dropout in the mode `paper`, make looks comparable

# Standard deviation below which an image is one flat grey (3 of 255 levels): whatever its
# brightness correlates with is chance.
FLAT = 0.02


class Probe:
    """Translate a few held-out photos now and then, and measure what a healthy run never shows.

    Every measure is named `health/<measure>_<direction>`:

    - `diversity`: how far translations of different photos lie apart, as a share of how far the
      photos do, or the photos of the target domain if those lie closer together;
    - `luminance`: correlation of a photo's brightness with that of its translation;
    - `change`: how far a translation is from its photo;
    - `returned`: how far the way there and back ends from the photo;
    - `hidden`: by how much farther it ends when invisible noise is added before the way back.

    Where the exact answers are known, `luminance_true` and `change_true` are theirs. What cannot be
    measured is left out: brightness of label maps or bands, distances between images of different
    channels or sides, the way back of a method that has none.

    Args:
        photos: A batch of pairs, images `(N, C, H, W)` in [-1, 1] of sides that the generators
            take; the first few are looked at.
        exports: Direction -> key of the generator that translates it.
        is_paired: Whether `b` is the exact answer to `a`.
        mode: How to translate.
    """

    def __init__(
        self,
        photos: Pair,
        exports: Mapping[str, str],
        is_paired: bool,
        device: torch.device,
        mode: InferenceMode = "deterministic",
    ) -> None:
        self.photos = Pair(*(images[:MOST_PHOTOS].to(device).float() for images in photos))
        self.exports, self.is_paired = dict(exports), is_paired
        self.device, self.mode = device, mode

    def look(self, networks: Mapping[str, nn.Module]) -> dict[str, float]:
        """Translate there, back, and back through noise; return the measures.

        The networks' modes, their running statistics and the run's randomness stay as they are.
        """
        generators = {way: networks[name] for way, name in self.exports.items()}
        seen: dict[str, float] = {}
        with torch.no_grad(), translating(generators.values(), self.mode, self.device, SEED):
            for way, there in generators.items():
                source, target = way.split("_to_")
                photos, others = getattr(self.photos, source), getattr(self.photos, target)
                translations = _one_by_one(there, photos)
                measures = _compare(photos, others, translations, self.is_paired)
                back = generators.get(f"{target}_to_{source}")
                if back is not None:
                    measures |= _come_back(back, photos, translations)
                seen |= {f"health/{name}_{way}": value for name, value in measures.items()}
        return seen


def _one_by_one(network: nn.Module, images: Tensor) -> Tensor:
    """Translate each image with no others beside it, as sample grids and translators do."""
    return torch.cat([network(image[None]).float() for image in images])


def _compare(
    photos: Tensor, others: Tensor, translations: Tensor, is_paired: bool
) -> dict[str, float]:
    """Measure translations against their photos, and photos of the target domain likewise."""
    measures: dict[str, float] = {}
    nearest = min(spread(photos), spread(others))
    if nearest > 0:
        measures["diversity"] = spread(translations) / nearest
    answers = {"": translations} | ({"_true": others} if is_paired else {})
    for which, answer in answers.items():
        is_as_large = photos.shape[-2:] == answer.shape[-2:]
        if is_as_large and shows_brightness(photos) and shows_brightness(others):
            measures[f"luminance{which}"] = brightness_correlation(photos, answer)
        if photos.shape == answer.shape:
            measures[f"change{which}"] = distance(photos, answer)
    return measures


def _come_back(back: nn.Module, photos: Tensor, translations: Tensor) -> dict[str, float]:
    """Measure the way back, and what it loses by noise that nobody sees in the translation.

    Source:
        Chu et al. 2017, "CycleGAN, a Master of Steganography": a translation that hides its photo
        in a faint signal comes back only as long as that signal is not disturbed.
    """
    chance = torch.Generator().manual_seed(SEED)
    noise = NOISE * torch.randn(translations.shape[1:], generator=chance).to(photos)
    noisy = (translations + noise).clamp(-1, 1)  # still an image
    returned = distance(photos, _one_by_one(back, translations))
    return {"returned": returned, "hidden": distance(photos, _one_by_one(back, noisy)) - returned}


def distance(first: Tensor, second: Tensor) -> float:
    """Return the mean absolute difference: 2 between black and white."""
    return float((first - second).abs().mean())


def spread(images: Tensor) -> float:
    """Return the mean distance between two of some images; 0 for one alone."""
    apart = [distance(first, second) for first, second in combinations(images, 2)]
    return sum(apart) / len(apart) if apart else 0.0


def shows_brightness(images: Tensor) -> bool:
    """Say whether images are colours or grey: no bands, and no maps of three classes."""
    channels = images.shape[1]
    if channels == 3:  # a class is 1 where it is and -1 elsewhere, and every pixel has one
        is_map = bool((images.abs() == 1).all()) and bool((images.sum(dim=1) == -1).all())
        return not is_map
    return channels == 1


def brightness_correlation(first: Tensor, second: Tensor) -> float:
    """Return Pearson's correlation of brightness over the pixels, averaged over the images.

    Shape:
        (N, 1 or 3, H, W) each. 0 where an image is flat.
    """
    pair = []
    for images in (first, second):
        weights = images.new_tensor(GREY if images.shape[1] == 3 else (1.0,))
        brightness = torch.tensordot(images, weights, dims=([1], [0])).flatten(1)
        centred = brightness - brightness.mean(dim=1, keepdim=True)
        deviation = centred.square().mean(dim=1, keepdim=True).sqrt()
        pair.append(torch.where(deviation < FLAT, 0, centred / deviation))
    return float((pair[0] * pair[1]).mean())
