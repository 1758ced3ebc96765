"""Contact sheets that say themselves where on them each image lies, so that it can be cut out."""

import json
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from PIL import Image
from PIL.PngImagePlugin import PngInfo

from translate.errors import DataError
from translate.images.faults import DECODER_ERRORS, expect_few_pixels, explain

KEY = "photo-translate sheet"  # of the text in the PNG file

Box = tuple[int, int, int, int]  # left, upper, right, lower: pixels, as Pillow counts them


@dataclass(frozen=True)
class Sheet:
    """A contact sheet that was read back.

    Attributes:
        names: What programs call each column, such as `real_a`; none where the file does not say.
        titles: What people call it.
        rows: For each row, the place of every column's image.
    """

    image: Image.Image
    names: tuple[str, ...] = ()
    titles: tuple[str, ...] = ()
    rows: tuple[tuple[Box, ...], ...] = ()

    def cut(self, row: int, name: str) -> Image.Image:
        """Cut an image out.

        Raises:
            IndexError: There is no such row.
            ValueError: There is no column of that name.
        """
        return self.image.crop(self.rows[row][self.names.index(name)])

    def title(self, name: str) -> str:
        """Return what people call a column."""
        return self.titles[self.names.index(name)]


def describe(
    image: Image.Image,
    names: Sequence[str],
    titles: Sequence[str],
    rows: Sequence[Sequence[Box]],
) -> None:
    """Note on a drawn sheet where its images lie; `save_sheet` writes it down."""
    layout = {"names": list(names), "titles": list(titles), "rows": [list(row) for row in rows]}
    image.info[KEY] = json.dumps(layout)


def save_sheet(image: Image.Image, file: Path) -> None:
    """Save a sheet as PNG, with what `describe` noted.

    Raises:
        OSError: The disk refuses.
    """
    text = PngInfo()
    if KEY in image.info:
        text.add_text(KEY, image.info[KEY])
    image.save(file, "PNG", pnginfo=text)


def open_sheet(file: Path) -> Sheet:
    """Read a sheet; one that does not say, or not rightly, where its images lie has only itself.

    Raises:
        DataError: The file is missing or damaged.
    """
    try:
        with Image.open(file, formats=["PNG"]) as opened:
            expect_few_pixels(*opened.size)
            image = opened.convert("RGB")
            noted = opened.info.get(KEY)
    except DECODER_ERRORS as error:
        raise DataError(f"{file}: {explain(error)}. Draw it again, or take it away.") from error
    try:
        layout = json.loads(noted) if isinstance(noted, str) else {}
        return Sheet(image, *_checked(layout, image.size))
    except (ValueError, TypeError, KeyError, RecursionError):
        return Sheet(image)


def _checked(layout: Any, size: tuple[int, int]) -> tuple[Any, Any, Any]:
    """Believe a layout only if it is whole and stays on the sheet: anyone may have written it."""
    if not isinstance(layout, dict) or not layout:
        return (), (), ()
    names, titles = (tuple(map(str, layout[key])) for key in ("names", "titles"))
    rows = tuple(tuple(_box(box, size) for box in row) for row in layout["rows"])
    if len(set(names)) < len(names) or {len(titles), *map(len, rows)} != {len(names)}:
        raise ValueError("columns do not agree")
    return names, titles, rows


def _box(numbers: Any, size: tuple[int, int]) -> Box:
    left, upper, right, lower = (int(number) for number in numbers)
    if not (0 <= left < right <= size[0] and 0 <= upper < lower <= size[1]):
        raise ValueError("a box reaches over the edge")
    return left, upper, right, lower
