"""Data set cards: `datasets/X.yaml` says what the folder `datasets/X` holds, and from where."""

from pathlib import Path

from translate.config import Settings, check, read_yaml
from translate.data.scenes import SceneSet, write_scenes
from translate.errors import ConfigError


class Card(Settings):
    """What a data set is."""

    title: str  # one line for people
    licence: str  # what may be done with it
    scenes: SceneSet | None = None  # drawn by this package


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
    is_card = not values.keys().isdisjoint(Card.model_fields)
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
