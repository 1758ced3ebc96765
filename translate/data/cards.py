"""Data set cards: `datasets/X.yaml` says what the folder `datasets/X` holds, and from where."""

from pathlib import Path

from translate.config import Settings, check, read_yaml
from translate.data.scenes import SceneSet, write_scenes


class Card(Settings):
    """What a data set is."""

    title: str  # one line for people
    licence: str  # what may be done with it
    scenes: SceneSet | None = None  # drawn by this package


def read_card(folder: Path) -> Card | None:
    """Read the card of a data set's folder: `X.yaml` beside `X`, if it looks like one.

    Raises:
        ConfigError: The card is not valid.
    """
    folder = folder.absolute()
    file = folder.with_name(f"{folder.name}.yaml")
    values = read_yaml(file) if folder.name and file.is_file() else {}
    is_card = {"title", "licence"} <= values.keys()  # beside photos may lie a recipe for them
    return check(Card, values, str(file)) if is_card else None


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
