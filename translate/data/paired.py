"""Paired photos: two images of every thing, in one file side by side or in two folders by name."""

from collections.abc import Sequence
from pathlib import Path
from typing import Literal, Self

import numpy as np
from pydantic import Field, model_validator
from torch import Tensor
from torch.utils.data import Dataset

from translate.config import Problem
from translate.data.cards import how_to_get, prepare, will_be_drawn
from translate.data.encodings import choose_encodings
from translate.data.files import LEAST_PX, describe_absence, describe_leak, fingerprint
from translate.data.held_out import HeldOutPhotos
from translate.data.jitter import Jitter, vary_light
from translate.data.pair_files import (
    Encodings,
    PairFiles,
    PairScan,
    encode,
    open_pair,
    resampling,
)
from translate.data.pair_folders import Folders, Places, find_disorder, find_places
from translate.data.pairing import find_pairs
from translate.data.splits import Draw, Splits
from translate.data.views import ViewSettings
from translate.errors import DataError
from translate.images import Kind, Pair

VIEW, LIGHT = 1, 2  # streams of randomness (0 would equal leaving it out)


class PairedSettings(ViewSettings):
    """Pairs of images that show the same thing in two ways."""

    layout: Literal["paired"] = "paired"
    folder: Path | None = None  # train test (side by side), trainA trainB .. or A/train B/train ..
    folder_a: Path | None = None  # images of a to learn from, partners of those in folder_b by name
    folder_b: Path | None = None  # images of b to learn from; with folder_a, instead of folder
    test_folder_a: Path | None = None  # images of a to look at, never learned from
    test_folder_b: Path | None = None  # images of b to look at, never learned from
    kind_a: Kind = "photo"  # what images of a are made of; labels: classes; bands: as stored
    kind_b: Kind = "photo"  # what images of b are made of; labels: classes; bands: as stored
    light_a: float = Field(0.0, ge=0, le=0.9)  # how much light of a varies; 0.2: by a fifth
    light_b: float = Field(0.0, ge=0, le=0.9)  # how much light of b varies; 0.2: by a fifth

    @model_validator(mode="after")
    def _fits_together(self) -> Self:
        self.expect_measurable("pairs are held out")
        for domain, kind in self.kinds.items():
            if getattr(self, f"light_{domain}") and kind not in ("photo", "grey"):
                raise ValueError(
                    f"light_{domain} varies photos, and images of {domain} are {kind}: set it to 0."
                )
        return self

    @property
    def kinds(self) -> dict[str, Kind]:
        """What the images of each domain are made of."""
        return {"a": self.kind_a, "b": self.kind_b}


Settings = PairedSettings  # the name every layout offers
PLACES = ("folder", "folder_a", "folder_b", "test_folder_a", "test_folder_b")
IS_PAIRED = True


class PairedPhotos(Dataset[Pair]):
    """Pairs to learn from: one view of both images, and the light of photos varied.

    Args:
        pairs: Usable pairs.
        settings: How to cut views.
        seed: The run's.

    Shape:
        An item: two images (C, crop_px, crop_px) in [-1, 1].

    Source:
        Isola et al. 2017, appendix 6.2: both images are resized, cropped and mirrored alike.
    """

    def __init__(
        self,
        pairs: Sequence[PairFiles],
        settings: PairedSettings,
        encodings: Encodings,
        seed: int,
    ) -> None:
        self.pairs, self.encodings, self.seed = pairs, encodings, seed
        self.light = {"a": settings.light_a, "b": settings.light_b}
        self.jitter = {
            domain: Jitter(
                settings.resize,
                settings.load_px,
                settings.crop_px,
                settings.flip,
                resampling(encoding),
            )
            for domain, encoding in encodings.items()
        }

    def __len__(self) -> int:
        return len(self.pairs)

    def __getitem__(self, draw: Draw) -> Pair:
        origin = (self.seed, draw.epoch, draw.index)
        files = self.pairs[draw.index]
        images: list[Tensor] = []
        for domain, samples in zip("ab", open_pair(files, self.encodings), strict=True):
            view = self.jitter[domain](samples, (*origin, VIEW))
            image = encode(view, domain, files, self.encodings)
            if self.light[domain]:
                randomness = np.random.default_rng((*origin, LIGHT, ord(domain)))
                image = vary_light(image, self.light[domain], randomness)
            images.append(image)
        return Pair(*images)


def build(settings: PairedSettings, seed: int) -> Splits:
    """Find the pairs, vouch for them, and make data sets of them.

    Raises:
        DataError: A folder is missing or empty, images cannot be used, or pairs do not match.
    """
    common = _common_folder(settings)
    card = prepare(common) if common else None
    if troubles := problems(settings):
        raise DataError("\n".join(f"{key}: {message}" for key, message in troubles))
    train_places, test_places = _places(settings)
    # A photo smaller than the crop could be enlarged, but would teach blur.
    train = find_pairs(train_places, settings.kinds, settings.crop_px, settings.skip_bad_files)
    test = None
    if test_places is not None:
        test = find_pairs(test_places, settings.kinds, LEAST_PX, settings.skip_bad_files)
    known = [*train.pairs.values(), *(test.pairs.values() if test else ())]
    encodings = choose_encodings(known, settings.kinds)
    return Splits(
        train=PairedPhotos(list(train.pairs.values()), settings, encodings, seed),
        test=_test_set(settings, test, encodings) if test else None,
        domains={"a": settings.domain_a, "b": settings.domain_b},
        crop_px=settings.crop_px,
        test_px=settings.looking_px,
        test_is_paired=test is not None,
        fingerprint=_fingerprint(train_places, train),
        card=card,
        report=_report(settings, train, test),
        encodings=encodings,
    )


def _test_set(settings: PairedSettings, test: PairScan, encodings: Encodings) -> HeldOutPhotos:
    is_resized = settings.resize != "none"
    return HeldOutPhotos(test.pairs, settings.looking_px, encodings, is_resized)


def _fingerprint(folders: Folders, train: PairScan) -> str:
    sides = [[pair.a for pair in train.pairs.values()], [pair.b for pair in train.pairs.values()]]
    return fingerprint(*zip(folders, sides, strict=True))


def _report(settings: PairedSettings, train: PairScan, test: PairScan | None) -> str:
    held_out = len(test.pairs) if test else "none"
    found = f"{len(train.pairs)} pairs of {settings.domain_a} and {settings.domain_b} to learn from"
    left_out = [f"left out:\n{s.describe()}" for s in (train, test) if s is not None and s.faults]
    return "\n".join([f"{found}, {held_out} held out", *left_out])


def problems(settings: PairedSettings) -> list[Problem]:
    """Say what of folders is wrong, key by key, so that it is told with all else at once.

    A data set that is not there but can be drawn is no problem.
    """
    folder = _common_folder(settings)
    if folder is None:
        found = _absent(settings, "folder_a", "folder_b")
    else:
        found = _problems_of_common(settings, folder)
    if _has_own_test(settings):
        found += _absent(settings, "test_folder_a", "test_folder_b")
    return found or _overlaps(settings)


def _problems_of_common(settings: PairedSettings, folder: Path) -> list[Problem]:
    if will_be_drawn(folder):
        return []
    if folder.is_dir():
        trouble = find_disorder(folder, _has_own_test(settings))
    else:
        trouble = f"{folder}: {how_to_get(folder) or describe_absence(folder)}"
    return [Problem("data.folder", trouble)] if trouble else []


def _absent(settings: PairedSettings, key_a: str, key_b: str) -> list[Problem]:
    """Look for a folder of each domain, which must not be one and the same."""
    folders: dict[str, Path | None] = {key: getattr(settings, key) for key in (key_a, key_b)}
    advice = "Name a folder of images"
    if key_a == "folder_a":
        alone = ": where one is named by itself, data.folder is not looked at"
        advice += alone if settings.folder else ", or set data.folder to one that holds the pairs"
    found = []
    for key, folder in folders.items():
        if folder is None:
            found.append(Problem(f"data.{key}", f"missing. {advice}."))
        elif not folder.is_dir():
            found.append(Problem(f"data.{key}", f"{folder}: {describe_absence(folder)}"))
    if not found and folders[key_a] == folders[key_b]:
        message = (
            f"{folders[key_b]}: the same folder as data.{key_a}, but it is to hold the partners. "
            "For files with two images side by side set data.folder alone, to a folder in which "
            "they lie in train and test."
        )
        found.append(Problem(f"data.{key_b}", message))
    return found


def _overlaps(settings: PairedSettings) -> list[Problem]:
    """Notice images to look at that would be learned from."""
    places = _places(settings)
    for domain, learned, looked_at in zip("ab", places.train, places.test or (), strict=False):
        if message := describe_leak(learned, looked_at):
            key = f"data.test_folder_{domain}" if _has_own_test(settings) else "data.folder"
            return [Problem(key, message)]
    return []


def _common_folder(settings: PairedSettings) -> Path | None:
    return None if settings.folder_a or settings.folder_b else settings.folder


def _has_own_test(settings: PairedSettings) -> bool:
    return bool(settings.test_folder_a or settings.test_folder_b)


def _places(settings: PairedSettings) -> Places:
    """Where pairs lie, once `problems` has seen to it that folders are named together."""
    folder = _common_folder(settings)
    test = _both(settings.test_folder_a, settings.test_folder_b)
    if folder is not None:
        places = find_places(folder)
        return Places(places.train, test or places.test)
    train = _both(settings.folder_a, settings.folder_b)
    assert train is not None  # noqa: S101
    return Places(train, test)


def _both(folder_a: Path | None, folder_b: Path | None) -> Folders | None:
    return (folder_a, folder_b) if folder_a and folder_b else None
