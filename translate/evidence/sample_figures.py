"""A run's sample grids: a film through the epochs, and sliders between photo and translation."""

from collections.abc import Iterator, Mapping, Sequence
from pathlib import Path
from typing import TypeVar

from PIL import Image

from translate.errors import DataError
from translate.images import Sheet, open_sheet
from translate.pages import Html, before_after, bullets, film, heading, side_by_side, text
from translate.pages.pictures import FILM_PX

T = TypeVar("T")

MOST_FRAMES = 24  # of some 100 kB each; a page is to be sent
MOST_ROWS = 8  # that get a slider
NO_GRIDS = "The folder holds no sample grids."
WAYS = (("real_a", "fake_b"), ("real_b", "fake_a"))


def grid_film(grids: Mapping[int, Path], none: str = NO_GRIDS) -> Html:
    """Show grids as a film through the epochs; grids that cannot be read are told.

    Args:
        grids: Epoch -> file, in order. Of many, some spread evenly are shown, and the last.
        none: What to say where there are none.
    """
    if not grids:
        return text(none)
    faults: list[str] = []
    images = list(_open(grids, faults))
    told = f"{len(images)} of {len(grids)} are shown." if len(images) < len(grids) else ""
    frames = [(f"epoch {epoch}", image) for epoch, image in images]
    shown = film(frames, told) if frames else Html("")
    return Html(shown + (bullets(faults) if faults else ""))


def sliders(grids: Mapping[int, Path]) -> Html:
    """Lay each photo of the newest grid that can be read over its translation."""
    for epoch, file in reversed(list(grids.items())):
        try:
            sheet = open_sheet(file)
        except DataError:
            continue  # told with the film
        if not sheet.rows:
            return text(
                f"The grid of epoch {epoch} is of an earlier version and does not say where on it "
                "each photo lies, so photos and translations cannot be laid over each other."
            )
        return _sliders(sheet, epoch)
    return Html("")


def _sliders(sheet: Sheet, epoch: int) -> Html:
    ways = [way for way in WAYS if set(way) <= set(sheet.names)]
    if not ways:
        return Html("")
    parts = [
        before_after(
            sheet.cut(row, photo),
            sheet.cut(row, translation),
            (sheet.title(photo), sheet.title(translation)),
        )
        for photo, translation in ways
        for row in range(min(len(sheet.rows), MOST_ROWS))
    ]
    return Html(
        heading(f"Photo and translation after epoch {epoch}")
        + text("Drag the line, or click a picture and use the arrow keys.")
        + side_by_side(*parts, least_px=280)
    )


def _open(grids: Mapping[int, Path], faults: list[str]) -> Iterator[tuple[int, Image.Image]]:
    for epoch, file in spread(list(grids.items()), MOST_FRAMES):
        try:
            image = open_sheet(file).image
        except DataError as error:
            faults.append(str(error))
            continue
        image.thumbnail((FILM_PX, FILM_PX))  # two dozen large ones would fill the memory
        yield epoch, image


def spread(items: Sequence[T], most: int) -> list[T]:
    """Choose at most so many, the first and the last among them, spread evenly."""
    if len(items) <= most:
        return list(items)
    return [items[round(i * (len(items) - 1) / max(most - 1, 1))] for i in range(most)]
