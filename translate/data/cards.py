"""Data set cards: `datasets/X.yaml` says what the folder `datasets/X` holds, and from where."""

from pathlib import Path

from translate.config import Settings, check, read_yaml
from translate.data.scenes import SceneSet, write_scenes


class Card(Settings):
    """What a data set is."""

    title: str  # one line for people
    licence: str  # what may be done with it
    layout: str  # how its files lie: the `data.layout` of recipes that use it
    scenes: SceneSet | None = None  # drawn by this package, not downloaded


def card_file(folder: Path) -> Path:
    """Say where the card of a data set's folder lies: beside it, under the same name."""
    return folder.with_name(folder.name + ".yaml")


def read_card(folder: Path) -> Card | None:
    """Read the card of a data set's folder; None: it has none.

    Raises:
        ConfigError: The card is not valid.
    """
    file = card_file(folder)
    return check(Card, read_yaml(file), str(file)) if file.is_file() else None


def prepare(folder: Path) -> None:
    """Draw a built-in data set if its card says so and its folder is not there yet.

    Raises:
        ConfigError: The card is not valid.
        DataError: The folder cannot be written.
    """
    card = None if folder.exists() else read_card(folder)
    if card is not None and card.scenes is not None:
        write_scenes(folder, card.scenes)
