"""Pairs made from single photos: b is the photo, a is the photo spoilt."""

import hashlib
import os
from collections.abc import Sequence
from pathlib import Path
from typing import Literal, Self

import numpy as np
from pydantic import Field, model_validator
from torch.utils.data import Dataset

from translate.config import Problem
from translate.data.cards import how_to_get, prepare, will_be_drawn
from translate.data.degradations import Degradation, GreyscaleSettings, degrade
from translate.data.files import LEAST_PX, describe_absence, fingerprint, overlap, usable_photos
from translate.data.jitter import Jitter, center_view
from translate.data.pair_folders import LOOKED_AT
from translate.data.seams import look_side_by_side
from translate.data.splits import Draw, Splits
from translate.data.views import ViewSettings
from translate.errors import DataError
from translate.images import Encoding, Pair, open_photo, to_tensor

VIEW, DEGRADATION = 1, 2  # streams of randomness (0 would equal leaving it out)
TWO_DOMAINS = ("trainA", "trainB", "testA", "testB")  # each of them is a folder of photos


class DerivedSettings(ViewSettings):
    """Single photos, and what is done to them."""

    layout: Literal["derived"] = "derived"
    folder: Path | None = None  # holds photos; or holds train and perhaps test
    test_folder: Path | None = None  # photos to look at; None: `test` in folder, else test_share
    test_share: float = Field(0.1, ge=0, lt=1)  # of the photos, where there is no test folder
    degradation: Degradation = GreyscaleSettings()  # what makes a of b

    @model_validator(mode="after")
    def _complete(self) -> Self:
        self.expect_measurable("pairs are held out")
        for key, name in zip(("domain_a", "domain_b"), self.degradation.domains, strict=True):
            if key not in self.model_fields_set:
                object.__setattr__(self, key, name)  # frozen as it is by now
        return self


Settings = DerivedSettings  # the name every layout offers
PLACES = ("folder", "test_folder")
IS_PAIRED = True


class DerivedPhotos(Dataset[Pair]):
    """Photos to learn from: a view of each, spoilt anew every time.

    Args:
        files: Usable photos.
        jitter: Cuts the views, before they are spoilt.
        seed: The run's.

    Shape:
        An item: a (degradation.encoding.channels, crop_px, crop_px), b (3, crop_px, crop_px),
        both in [-1, 1].
    """

    def __init__(
        self, files: Sequence[Path], degradation: Degradation, jitter: Jitter, seed: int
    ) -> None:
        self.files, self.degradation = files, degradation
        self.jitter, self.seed = jitter, seed

    def __len__(self) -> int:
        return len(self.files)

    def __getitem__(self, draw: Draw) -> Pair:
        origin = (self.seed, draw.epoch, draw.index)
        pixels = open_photo(self.files[draw.index]).pixels
        photo = to_tensor(self.jitter(pixels, (*origin, VIEW)))
        randomness = np.random.default_rng((*origin, DEGRADATION))
        return Pair(degrade(photo, self.degradation, randomness), photo)


class HeldOutDerived(Dataset[Pair]):
    """The middle of each photo, spoilt in a way that follows from its name: the same in every run.

    Args:
        files: Usable photos.
        names: What each is called, wherever its folder lies.
        side_px: Side of the square that is shown.
        is_resized: Whether a photo is made to fit first; else a piece of it is shown, as training
            sees pieces, for blur and noise of shrunk photos are another task.

    Shape:
        An item: as those of `DerivedPhotos`, of side_px.
    """

    def __init__(
        self,
        files: Sequence[Path],
        names: Sequence[str],
        degradation: Degradation,
        side_px: int,
        is_resized: bool,
    ) -> None:
        self.files, self.names = files, names
        self.degradation = degradation
        self.side_px, self.is_resized = side_px, is_resized

    def __len__(self) -> int:
        return len(self.files)

    def __getitem__(self, index: int) -> Pair:
        pixels = open_photo(self.files[index]).pixels
        photo = to_tensor(center_view(pixels, self.side_px, is_resized=self.is_resized))
        randomness = np.random.default_rng(_number(self.names[index]))
        return Pair(degrade(photo, self.degradation, randomness), photo)


def build(settings: DerivedSettings, seed: int) -> Splits:
    """Find the photos, vouch for them, and make data sets of them.

    Raises:
        DataError: A folder is missing or empty, or photos cannot be used.
    """
    named = [folder for folder in (settings.folder, settings.test_folder) if folder]
    cards = [prepare(_data_set(folder)) for folder in named]
    if troubles := problems(settings):
        raise DataError("\n".join(f"{key}: {message}" for key, message in troubles))
    train, held_out = _find(settings)
    jitter = Jitter(settings.resize, settings.load_px, settings.crop_px, settings.flip)
    return Splits(
        train=DerivedPhotos(train, settings.degradation, jitter, seed),
        test=_test_set(settings, held_out) if held_out else None,
        domains={"a": settings.domain_a, "b": settings.domain_b},
        crop_px=settings.crop_px,
        test_px=settings.looking_px,
        test_is_paired=bool(held_out),
        fingerprint=fingerprint((_places(settings)[0], train)),
        card=cards[0],
        report=f"{len(train)} photos to learn from, made into pairs of {settings.domain_a} and "
        f"{settings.domain_b}, {len(held_out) or 'none'} held out{_doubt(train)}",
        encodings={"a": settings.degradation.encoding, "b": Encoding()},
    )


def problems(settings: DerivedSettings) -> list[Problem]:
    """Say what of folders is wrong, key by key, so that it is told with all else at once.

    A data set that is not there but can be drawn is no problem.
    """
    if settings.folder is None:
        return [Problem("data.folder", "missing. Name a folder of photos.")]
    named = {"data.folder": settings.folder, "data.test_folder": settings.test_folder}
    faults = {key: _fault(folder, key) for key, folder in named.items() if folder is not None}
    found = [Problem(key, fault) for key, fault in faults.items() if fault is not None]
    photos, test = _places(settings)
    if not found and test is not None and overlap(photos, test):
        message = (
            f"{photos} and {test}: one lies inside the other, so photos to look at would be "
            f"learned from too. Name two separate folders, or make them {settings.folder}/train "
            "and test."
        )
        found.append(
            Problem("data.test_folder" if settings.test_folder else "data.folder", message)
        )
    return found


def _find(settings: DerivedSettings) -> tuple[list[Path], list[Path]]:
    """Find the photos to learn from, and those to look at."""
    place, test_place = _places(settings)
    # A photo smaller than the crop could be enlarged, but would teach to make blurred photos.
    train = usable_photos(place, settings.crop_px, settings.skip_bad_files)
    if test_place is not None:
        return train, usable_photos(test_place, LEAST_PX, settings.skip_bad_files)
    held_out = [f for f in train if is_held_out(_name(f, place), settings.test_share)]
    if len(held_out) == len(train):
        raise DataError(
            f"{place}: all of its {len(train)} photos are held out, by a data.test_share of "
            f"{settings.test_share}. Lower it, or add photos."
        )
    chosen = set(held_out)
    return [file for file in train if file not in chosen], held_out


def _test_set(settings: DerivedSettings, files: Sequence[Path]) -> HeldOutDerived:
    place, test_place = _places(settings)
    names = [_name(file, test_place or place) for file in files]
    is_resized = settings.resize != "none"
    return HeldOutDerived(files, names, settings.degradation, settings.looking_px, is_resized)


def is_held_out(name: str, share: float) -> bool:
    """Decide by its name alone whether a photo is held out: others may come and go.

    Args:
        name: The photo's path in its folder without suffix, so that copies of one photo in two
            formats stay together.
        share: Of all photos, from 0 to 1.
    """
    return _number(name) < share * 2**256


def _number(name: str) -> int:
    return int.from_bytes(hashlib.sha256(os.fsencode(name)).digest())


def _name(file: Path, folder: Path) -> str:
    return file.relative_to(folder).with_suffix("").as_posix()


def _places(settings: DerivedSettings) -> tuple[Path, Path | None]:
    """Where the photos to learn from are, and those to look at if they have a folder."""
    assert settings.folder is not None  # noqa: S101  # `problems` saw to it
    train = settings.folder / "train"
    tests = [settings.folder / name for name in LOOKED_AT if (settings.folder / name).is_dir()]
    return (
        train if train.is_dir() else settings.folder,
        settings.test_folder or next(iter(tests), None),
    )


def _doubt(files: Sequence[Path]) -> str:
    """Say, but do not refuse, that photos look like pairs: single ones may have an edge there."""
    if not look_side_by_side(files, "photo"):
        return ""
    return (
        "\nMany of them look like two images side by side. If they are pairs, "
        "data.layout paired learns from their halves."
    )


def _data_set(folder: Path) -> Path:
    """The data set that a folder is, or is one domain of: what a card may lie beside."""
    return folder.absolute().parent if folder.name in TWO_DOMAINS else folder


def _fault(folder: Path, key: str) -> str | None:
    data_set = _data_set(folder)
    is_to_come = will_be_drawn(data_set)
    held = [name for name in TWO_DOMAINS if is_to_come or (folder / name).is_dir()]
    if held and data_set == folder:
        wanted = "train" if key == "data.folder" else "test"
        one = " or ".join(str(folder / name) for name in held if name.startswith(wanted))
        advice = f"Name one of them{': ' * bool(one)}{one}."
        return f"{folder}: holds photos of two domains ({', '.join(held)}). {advice}"
    if is_to_come or folder.is_dir():
        return None
    return f"{folder}: {how_to_get(data_set) or describe_absence(folder)}"
