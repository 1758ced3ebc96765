"""Paired photos: two images of every thing, in one file side by side or in two folders by name."""

from collections.abc import Sequence
from pathlib import Path
from typing import Literal, Self, cast

import numpy as np
from pydantic import Field, model_validator
from torch import Tensor
from torch.utils.data import Dataset

from translate.config import Problem
from translate.data.cards import prepare, read_card
from translate.data.files import describe_absence, fingerprint
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
from translate.data.pairing import LEAST_PX, Folders, choose_encodings, find_pairs
from translate.data.splits import Draw, Splits
from translate.data.views import ViewSettings
from translate.errors import DataError
from translate.images import Kind, Pair

VIEW, LIGHT = 1, 2  # streams of randomness (0 would equal leaving it out)
SIDE_BY_SIDE = ("train", "test", "val")  # the published sets' names; val serves where test is not


class PairedSettings(ViewSettings):
    """Pairs of images that show the same thing in two ways."""

    layout: Literal["paired"] = "paired"
    folder: Path | None = (
        None  # holds train and test (side-by-side files), or trainA trainB testA testB
    )
    folder_a: Path | None = None  # images of a to learn from, partners of those in folder_b by name
    folder_b: Path | None = None  # images of b to learn from; with folder_a, instead of folder
    test_folder_a: Path | None = None  # images of a to look at, never learned from
    test_folder_b: Path | None = None  # images of b to look at, never learned from
    kind_a: Kind = "photo"  # what images of a are made of; labels: classes; bands: as stored
    kind_b: Kind = "photo"  # what images of b are made of; labels: classes; bands: as stored
    light_a: float = Field(
        0.0, ge=0, le=0.9
    )  # how much light and colours of a vary; 0.2: by a fifth
    light_b: float = Field(
        0.0, ge=0, le=0.9
    )  # how much light and colours of b vary; 0.2: by a fifth

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
        test=HeldOutPhotos(test.pairs, settings.looking_px, encodings) if test else None,
        domains={"a": settings.domain_a, "b": settings.domain_b},
        crop_px=settings.crop_px,
        test_px=settings.looking_px,
        test_is_paired=test is not None,
        fingerprint=_fingerprint(train_places, train),
        card=card,
        report=_report(settings, train, test),
        encodings=encodings,
    )


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
    if folder is not None:
        card = None if folder.exists() else read_card(folder)
        if card is not None and card.scenes is not None:
            return []
        if not folder.is_dir():
            return [Problem("data.folder", f"{folder}: {describe_absence(folder)}")]
        return _ambiguity(folder)
    own: dict[str, Path | None] = {key: getattr(settings, key) for key in PLACES[1:]}
    needed = ["folder_a", "folder_b"]
    if settings.test_folder_a or settings.test_folder_b:
        needed += ["test_folder_a", "test_folder_b"]
    absent = []
    for key in needed:
        path = own[key]
        if path is None:
            advice = "Name a folder of images, or set data.folder to one that holds the pairs"
            absent.append(Problem(f"data.{key}", f"missing. {advice}."))
        elif not path.is_dir():
            absent.append(Problem(f"data.{key}", f"{path}: {describe_absence(path)}"))
    if settings.folder_a and settings.folder_a == settings.folder_b:
        advice = (
            "the same folder as data.folder_a. For files with two images side by side, name "
            "the folder above it (with train and test in it) in data.folder instead"
        )
        absent.append(Problem("data.folder_b", f"{settings.folder_b}: {advice}."))
    return absent


def _ambiguity(folder: Path) -> list[Problem]:
    is_single = (folder / "train").is_dir()
    two = [name for name in ("trainA", "trainB") if (folder / name).is_dir()]
    if is_single and two:
        message = (
            f"{folder}: holds train (files with two images side by side) and {' and '.join(two)} "
            "(one image a file), so it is not known which are meant. Remove one kind, or name "
            "data.folder_a and data.folder_b."
        )
        return [Problem("data.folder", message)]
    if len(two) == 1:
        other = {"trainA": "trainB", "trainB": "trainA"}[two[0]]
        message = (
            f"{folder}: holds {two[0]} but no {other}: one domain is missing. Add its images under "
            "the same names."
        )
        return [Problem("data.folder", message)]
    return []


def _common_folder(settings: PairedSettings) -> Path | None:
    return None if settings.folder_a or settings.folder_b else settings.folder


def _places(settings: PairedSettings) -> tuple[Folders, Folders | None]:
    """Where pairs to learn from lie, and those to look at: a's folder and b's, perhaps the same."""
    folder = _common_folder(settings)
    own_test = _both(settings.test_folder_a, settings.test_folder_b)
    if folder is None:
        own = _both(settings.folder_a, settings.folder_b)
        return cast("Folders", own), own_test  # `problems` saw to it that both are named
    if (folder / "trainA").is_dir():
        test = (folder / "testA", folder / "testB")
        return (folder / "trainA", folder / "trainB"), own_test or (
            test if test[0].is_dir() or test[1].is_dir() else None
        )
    train = folder / "train" if (folder / "train").is_dir() else folder
    looking = next((folder / n for n in SIDE_BY_SIDE[1:] if (folder / n).is_dir()), None)
    return (train, train), own_test or ((looking, looking) if looking else None)


def _both(folder_a: Path | None, folder_b: Path | None) -> Folders | None:
    return (folder_a, folder_b) if folder_a and folder_b else None
