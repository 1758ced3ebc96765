"""Unpaired photos: two folders that show the same kind of thing, never the same thing."""

from collections.abc import Sequence
from pathlib import Path
from typing import Literal, Self

import numpy as np
from pydantic import model_validator
from torch.utils.data import Dataset

from translate.config import Problem
from translate.data.cards import how_to_get, prepare, will_be_drawn
from translate.data.files import (
    LEAST_PX,
    describe_absence,
    describe_leak,
    fingerprint,
    usable_photos,
)
from translate.data.held_out import HeldOutPhotos, match_by_name, match_in_turn
from translate.data.jitter import Jitter
from translate.data.splits import Draw, Splits
from translate.data.views import ViewSettings
from translate.errors import DataError
from translate.images import Pair, open_photo, to_tensor

PARTNER, JITTER_A, JITTER_B = 1, 2, 3  # streams of randomness (0 would equal leaving it out)


class UnpairedSettings(ViewSettings):
    """Photos of two domains, in no particular order."""

    layout: Literal["unpaired"] = "unpaired"
    folder: Path | None = None  # holds the folders trainA and trainB, perhaps testA and testB too
    folder_a: Path | None = None  # photos of a to learn from; with folder_b, instead of folder
    folder_b: Path | None = None  # photos of b to learn from; with folder_a, instead of folder
    test_folder_a: Path | None = None  # photos of a to look at, never learned from
    test_folder_b: Path | None = None  # photos of b to look at, never learned from
    test_is_paired: bool = False  # testA/x and testB/x show the same place: answers can be measured

    @model_validator(mode="after")
    def _can_be_measured(self) -> Self:
        if self.test_is_paired:
            self.expect_measurable("test_is_paired is true")
        return self


Settings = UnpairedSettings  # the name every layout offers
PLACES = ("folder", "folder_a", "folder_b", "test_folder_a", "test_folder_b")
IS_PAIRED = False


class UnpairedPhotos(Dataset[Pair]):
    """Photos to learn from: the next one of a, with any one of b.

    Args:
        files_a, files_b: Usable photos of each domain; the shorter list is gone through repeatedly.
        jitter: Cuts the views, another one for a than for b.
        seed: The run's.

    Shape:
        An item: two images (3, crop_px, crop_px) in [-1, 1].

    Source:
        Zhu et al. 2017, "Unpaired Image-to-Image Translation using Cycle-Consistent Adversarial
        Networks"; drawing b at random keeps the pairs from ever repeating.
    """

    def __init__(
        self, files_a: Sequence[Path], files_b: Sequence[Path], jitter: Jitter, seed: int
    ) -> None:
        self.files_a, self.files_b = files_a, files_b
        self.jitter = jitter
        self.seed = seed

    def __len__(self) -> int:
        return max(len(self.files_a), len(self.files_b))

    def __getitem__(self, draw: Draw) -> Pair:
        origin = (self.seed, draw.epoch, draw.index)
        partner = int(np.random.default_rng((*origin, PARTNER)).integers(len(self.files_b)))
        pixels_a = open_photo(self.files_a[draw.index % len(self.files_a)]).pixels
        pixels_b = open_photo(self.files_b[partner]).pixels
        return Pair(
            to_tensor(self.jitter(pixels_a, (*origin, JITTER_A))),
            to_tensor(self.jitter(pixels_b, (*origin, JITTER_B))),
        )


def build(settings: UnpairedSettings, seed: int) -> Splits:
    """Find the photos, vouch for them, and make data sets of them.

    Raises:
        DataError: A folder is missing or empty, photos cannot be used, or test photos do not match.
    """
    common = _common_folder(settings)
    card = prepare(common) if common else None
    if troubles := problems(settings):
        raise DataError("\n".join(f"{key}: {message}" for key, message in troubles))
    folders = {name: path for name, (_, path) in _places(settings).items() if path}
    # A photo smaller than the crop could be enlarged, but would teach a domain of blurred photos.
    train_a, train_b = (
        usable_photos(folders[name], settings.crop_px, settings.skip_bad_files)
        for name in ("trainA", "trainB")
    )
    jitter = Jitter(settings.resize, settings.load_px, settings.crop_px, settings.flip)
    train = UnpairedPhotos(train_a, train_b, jitter, seed)
    test = None
    if "testA" in _needed(settings):
        test = _held_out(folders["testA"], folders["testB"], settings)
    return Splits(
        train=train,
        test=test,
        domains={"a": settings.domain_a, "b": settings.domain_b},
        crop_px=settings.crop_px,
        test_px=settings.looking_px,
        test_is_paired=settings.test_is_paired,
        fingerprint=fingerprint((folders["trainA"], train_a), (folders["trainB"], train_b)),
        card=card,
        report=f"{len(train_a)} photos of {settings.domain_a} and {len(train_b)} of "
        f"{settings.domain_b} to learn from, {len(test) if test else 'none'} held out",
    )


def problems(settings: UnpairedSettings) -> list[Problem]:
    """Say what of folders is wrong, key by key, so that it is told with all else at once.

    A data set that is not there but can be drawn is no problem.
    """
    folder = _common_folder(settings)
    if folder and will_be_drawn(folder):
        return []
    absent = _absent(settings)
    if not absent and settings.test_is_paired and "testA" not in _needed(settings):
        advice = "Name data.test_folder_a and data.test_folder_b, or set it to false"
        absent.append(
            Problem("data.test_is_paired", f"true, but there are no test folders. {advice}.")
        )
    return absent or _leaks(settings)


def _leaks(settings: UnpairedSettings) -> list[Problem]:
    """Notice photos to look at that would be learned from."""
    if "testA" not in _needed(settings):
        return []
    places = _places(settings)
    leaks = []
    for domain in "AB":
        (_, learned), (key, looked_at) = places[f"train{domain}"], places[f"test{domain}"]
        if learned and looked_at and (message := describe_leak(learned, looked_at)):
            leaks.append(Problem(key, message))
    return leaks


def _absent(settings: UnpairedSettings) -> list[Problem]:
    folder = _common_folder(settings)
    if folder and not folder.is_dir():
        return [
            Problem("data.folder", f"{folder}: {how_to_get(folder) or describe_absence(folder)}")
        ]
    absent = []
    for name in _needed(settings):
        key, path = _places(settings)[name]
        if path is None:
            absent.append(Problem(key, f"missing. {_advice(settings, name)}"))
        elif not path.is_dir():
            absent.append(Problem(key, f"{path}: {describe_absence(path)}"))
    return absent


def _advice(settings: UnpairedSettings, name: str) -> str:
    if settings.folder:
        return (
            "Name a folder of photos: where one is named by itself, data.folder is not looked at."
        )
    return f"Name a folder of photos, or set data.folder to one that holds {name}."


def _common_folder(settings: UnpairedSettings) -> Path | None:
    return None if settings.folder_a or settings.folder_b else settings.folder


def _places(settings: UnpairedSettings) -> dict[str, tuple[str, Path | None]]:
    """Under which key each of the four folders was named, and where it should be."""
    common = _common_folder(settings)
    own = {
        "trainA": ("data.folder_a", settings.folder_a),
        "trainB": ("data.folder_b", settings.folder_b),
        "testA": ("data.test_folder_a", settings.test_folder_a),
        "testB": ("data.test_folder_b", settings.test_folder_b),
    }
    if common is None:
        return own
    return {
        name: (key, path) if path else ("data.folder", common / name)
        for name, (key, path) in own.items()
    }


def _needed(settings: UnpairedSettings) -> list[str]:
    """Test folders are needed together, and only where one of them is named or exists."""
    tests = [_places(settings)[name] for name in ("testA", "testB")]
    is_wanted = any(path and (key != "data.folder" or path.is_dir()) for key, path in tests)
    return ["trainA", "trainB"] + ["testA", "testB"] * is_wanted


def _held_out(folder_a: Path, folder_b: Path, settings: UnpairedSettings) -> HeldOutPhotos:
    usable_a, usable_b = (
        usable_photos(folder, LEAST_PX, settings.skip_bad_files) for folder in (folder_a, folder_b)
    )
    if settings.test_is_paired:
        usable = {*usable_a, *usable_b}
        pairs = match_by_name(folder_a, folder_b)
        pairs = {name: files for name, files in pairs.items() if usable.issuperset(files)}
        if not pairs:
            raise DataError(
                f"{folder_a}, {folder_b}: no two photos of the same name can both be used, so no "
                "answer can be measured. Mend them, or set data.test_is_paired to false."
            )
    else:
        pairs = match_in_turn(usable_a, usable_b)
    return HeldOutPhotos(pairs, settings.looking_px, is_resized=settings.resize != "none")
