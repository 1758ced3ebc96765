"""Images side by side, to look at."""

from collections.abc import Sequence

from PIL import Image, ImageDraw, ImageFont
from torch import Tensor

from translate.images.sheet import Box, describe
from translate.images.tensors import to_pixels

LEAST_CELL_PX = 128
GUTTER_PX = 6
TITLE_PX = 15
INK, PAPER = (51, 51, 51), (255, 255, 255)


def draw_grid(
    rows: Sequence[Sequence[Tensor]], titles: Sequence[str], names: Sequence[str] | None = None
) -> Image.Image:
    """Draw a contact sheet: one title over each column, small images enlarged alike.

    Saved by `save_sheet` it says where its images lie.

    Args:
        rows: Images, one per title; sizes may differ.
        names: What programs call the columns, such as `real_a`; None: the titles.

    Shape:
        Each image: (3, H, W) in [-1, 1]; `Encoding.show` makes them so.
    """
    if strange := {tuple(image.shape) for row in rows for image in row if len(image) != 3}:
        raise ValueError(f"a grid shows RGB images (3, H, W), got {strange}: use Encoding.show")
    factor = _enlargement(rows)
    cells = [[_enlarge(image, factor) for image in row] for row in rows]
    font = ImageFont.load_default(size=TITLE_PX)
    widths = [
        max(round(font.getlength(title)), *(cell.width for cell in column))
        for title, *column in zip(titles, *cells, strict=True)
    ]
    heights = [max(cell.height for cell in row) for row in cells]
    top = 2 * GUTTER_PX + TITLE_PX + TITLE_PX // 3  # letters with tails reach below the line
    sheet = _blank(widths, heights, top)
    pen = ImageDraw.Draw(sheet)
    for title, left, width in zip(titles, _starts(widths, GUTTER_PX), widths, strict=True):
        place = (left + width / 2, GUTTER_PX + TITLE_PX)
        pen.text(place, title, fill=INK, font=font, anchor="ms")
    places: list[list[Box]] = []
    for row, upper in zip(cells, _starts(heights, top), strict=True):
        places.append([])
        for cell, left, width in zip(row, _starts(widths, GUTTER_PX), widths, strict=True):
            corner = left + (width - cell.width) // 2, upper
            sheet.paste(cell, corner)
            places[-1].append((*corner, corner[0] + cell.width, upper + cell.height))
    describe(sheet, names or titles, titles, places)
    return sheet


def _enlargement(rows: Sequence[Sequence[Tensor]]) -> int:
    """A whole factor for all cells, so that the largest shows its pixels' true proportions."""
    longest = max(max(image.shape[-2:]) for row in rows for image in row)
    return -(-LEAST_CELL_PX // longest)


def _enlarge(image: Tensor, factor: int) -> Image.Image:
    small = Image.fromarray(to_pixels(image))
    size = (small.width * factor, small.height * factor)
    return small.resize(size, Image.Resampling.BICUBIC) if factor > 1 else small


def _blank(widths: Sequence[int], heights: Sequence[int], top: int) -> Image.Image:
    gutters = GUTTER_PX * len(widths), GUTTER_PX * len(heights)
    size = (GUTTER_PX + sum(widths) + gutters[0], top + sum(heights) + gutters[1])
    return Image.new("RGB", size, PAPER)


def _starts(sizes: Sequence[int], first: int) -> list[int]:
    starts = [first]
    for size in sizes[:-1]:
        starts.append(starts[-1] + size + GUTTER_PX)
    return starts
