"""Data set cards: `datasets/X.yaml` says what the folder `datasets/X` holds, and from where."""

import difflib
import shlex
from pathlib import Path
from typing import Literal, Self
from urllib.parse import urlsplit

from pydantic import Field, field_validator, model_validator

from translate.config import Settings, check, read_yaml
from translate.data.archives import SUFFIXES, suffix_of
from translate.data.scenes import SceneSet, write_scenes
from translate.errors import ConfigError, DataError

Layout = Literal["unpaired", "paired"]
LAYOUT_FOLDERS: dict[Layout, tuple[str, ...]] = {
    "unpaired": ("trainA", "trainB", "testA", "testB"),
    "paired": ("train", "val", "test"),  # of files that show both images, side by side
}
# Beside photos may lie any YAML file. One that has none of these keys is no card.
TELLING = {"title", "licence", "scenes", "download"}


class Download(Settings):
    """Where the one archive lies that holds a whole data set, and by what it is recognised."""

    address: str  # on the web; ends in .zip, .tar, .tar.gz or .tgz
    top: str | None = None  # folder in the archive that becomes the data set's; none: all of it
    size_bytes: int | None = Field(None, ge=1)  # exact: anything else is refused; none: not known
    about_mb: int | None = Field(None, ge=1)  # for people, where the exact size is not known
    sha256: str | None = Field(None, pattern="^[0-9a-f]{64}$")  # none: not known

    @field_validator("address")
    @classmethod
    def _is_an_archive_on_the_web(cls, address: str) -> str:
        parts = urlsplit(address)
        is_plain = parts.username is None and not any(c.isspace() for c in address)
        if parts.scheme not in {"http", "https"} or not parts.hostname or not is_plain:
            raise ValueError(f"must be a web address such as http://host/set.zip, got {address!r}")
        if suffix_of(parts.path) is None:
            raise ValueError(f"must end in one of {', '.join(SUFFIXES)}, got {address!r}")
        return address


class Card(Settings):
    """What a data set is."""

    title: str  # one line for people
    licence: str  # what may be done with it
    authors: str | None = None  # who made it, and in which paper
    page: str | None = None  # the web page that tells more
    layout: Layout | None = None  # how the folder is arranged
    scenes: SceneSet | None = None  # drawn by this package
    download: Download | None = None  # fetched by scripts/download_dataset.py

    @model_validator(mode="after")
    def _comes_from_one_place(self) -> Self:
        if self.scenes is not None and self.download is not None:
            raise ValueError("scenes and download exclude each other: keep one of them.")
        if self.download is not None and self.layout is None:
            raise ValueError(
                f"layout is missing: with a download, it must be one of {', '.join(LAYOUT_FOLDERS)}"
            )
        return self

    def in_words(self, name: str) -> str:
        """Say all that somebody should know before the data set is fetched."""
        address = self.download.address if self.download else None
        facts = {
            "authors": self.authors,
            "licence": self.licence,
            "page": self.page,
            "address": address and f"{address} ({self.size_in_words()})",
        }
        return "\n".join(
            [f"{name}: {self.title}", *(f"  {key}: {fact}" for key, fact in facts.items() if fact)]
        )

    def size_in_words(self) -> str:
        """Say how much there is to download."""
        if self.download is None:
            return "drawn here" if self.scenes else "by hand"
        if self.download.size_bytes is not None:
            return f"{self.download.size_bytes / 1e6:,.0f} MB"
        return f"about {self.download.about_mb:,} MB" if self.download.about_mb else "size unknown"


def read_card(folder: Path) -> Card | None:
    """Read the card of a data set's folder: `X.yaml` beside `X`, unless it is something else.

    Raises:
        ConfigError: The card is not valid, or nothing else tells how to make the folder.
    """
    folder = folder.absolute()
    file = folder.parent / f"{folder.name}.yaml"
    if not file.is_file():
        return None
    try:
        values = read_yaml(file)
    except ConfigError:
        if folder.exists():  # beside photos may lie any file
            return None
        raise
    return check(Card, values, str(file)) if TELLING.intersection(values) else None


def all_cards(datasets: Path) -> dict[str, Card]:
    """Read every card in a folder of cards, by name.

    Raises:
        ConfigError: A card is not valid.
        DataError: There is no such folder, or no card in it.
    """
    cards = {name: read_card(datasets / name) for name in _names(datasets)}
    return {name: card for name, card in cards.items() if card is not None}


def find_card(name: str, datasets: Path) -> Card:
    """Read one card by name.

    Raises:
        ConfigError: The card is not valid.
        DataError: There is no card of that name.
    """
    names = _names(datasets)
    card = read_card(datasets / name) if name in names else None
    if card is None:
        near = difflib.get_close_matches(name, names, n=1)
        advice = f"Did you mean {near[0]!r}?" if near else f"Known here: {', '.join(names)}."
        raise DataError(f"{datasets}: holds no card {name}.yaml for a data set {name!r}. {advice}")
    return card


def _names(datasets: Path) -> list[str]:
    names = sorted(file.stem for file in datasets.glob("*.yaml"))
    if not names:
        raise DataError(
            f"{datasets}: expected a folder of data set cards (*.yaml), found none. Start this "
            "where the folder datasets/ is, or name it."
        )
    return names


def will_be_drawn(folder: Path) -> bool:
    """Say whether a data set is not there yet, but `prepare` will draw it.

    Raises:
        ConfigError: The card is not valid.
    """
    card = None if folder.exists() else read_card(folder)
    return card is not None and card.scenes is not None


def how_to_get(folder: Path) -> str | None:
    """Say how a data set that is not there can be had; None: its card does not tell.

    Raises:
        ConfigError: The card is not valid.
    """
    card = None if folder.exists() else read_card(folder)
    if card is not None and card.download is not None:
        words = ["python", "scripts/download_dataset.py", folder.name]
        datasets = folder.absolute().parent
        if datasets != Path("datasets").absolute():
            words += ["--datasets", str(datasets)]
        return f"is not there yet. Download it: {shlex.join(words)}"
    if card is not None and card.scenes is None and card.page:
        return f"is not there, and cannot be downloaded for you. Get it by hand: {card.page}"
    return None


def prepare(folder: Path) -> Card | None:
    """Read a data set's card, and draw the data set if it can be drawn and is not there yet.

    Raises:
        ConfigError: The card is not valid.
        DataError: The folder cannot be written.
    """
    card = read_card(folder)
    if card is not None and card.scenes is not None and not folder.exists():
        write_scenes(folder, card.scenes)
    return card
