import json
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import torch
from PIL import Image
from PIL.PngImagePlugin import PngInfo
from torch import Tensor

from translate.errors import DataError
from translate.images import draw_grid, open_sheet, save_sheet
from translate.images.sheet import KEY


def plain(red: float, side: int = 20) -> Tensor:
    return torch.tensor([red, -1.0, -1.0]).reshape(3, 1, 1).expand(3, side, side)


def write_sheet(file: Path, layout: Any, size: tuple[int, int] = (40, 30)) -> Path:
    text = PngInfo()
    text.add_text(KEY, layout if isinstance(layout, str) else json.dumps(layout))
    Image.new("RGB", size).save(file, pnginfo=text)
    return file


def test_images_are_cut_out_of_a_saved_grid_as_they_were_drawn(tmp_path: Path) -> None:
    rows = [[plain(1.0), plain(0.5)], [plain(0.0), plain(-0.5)]]
    file = tmp_path / "grid.png"

    save_sheet(draw_grid(rows, ["summer", "winter"], ["real_a", "fake_b"]), file)
    sheet = open_sheet(file)

    assert sheet.names == ("real_a", "fake_b")
    assert sheet.title("fake_b") == "winter"
    reds = [[255, 191], [128, 64]]
    for row in range(2):
        for name, red in zip(sheet.names, reds[row], strict=True):
            cell = np.asarray(sheet.cut(row, name))
            assert cell.shape == (140, 140, 3)  # 20 px, enlarged seven times
            assert (cell == (red, 0, 0)).all()


def test_images_of_different_sizes_are_cut_out_whole(tmp_path: Path) -> None:
    file = tmp_path / "grid.png"
    save_sheet(draw_grid([[plain(1.0, 200), plain(1.0, 150)]], ["a", "b"]), file)

    sheet = open_sheet(file)

    for name, side in (("a", 200), ("b", 150)):
        assert sheet.cut(0, name).size == (side, side)
        assert (np.asarray(sheet.cut(0, name)) == (255, 0, 0)).all()


def test_a_picture_that_says_nothing_is_shown_whole_only(tmp_path: Path) -> None:
    Image.new("RGB", (8, 8)).save(tmp_path / "old.png")

    sheet = open_sheet(tmp_path / "old.png")

    assert (sheet.rows, sheet.image.size) == ((), (8, 8))
    with pytest.raises(IndexError):
        sheet.cut(0, "real_a")


GOOD = {"names": ["a"], "titles": ["A"], "rows": [[[0, 0, 5, 5]]]}


@pytest.mark.parametrize(
    "layout",
    [
        "no JSON",
        "[" * 100_000,
        [1],
        GOOD | {"rows": [[[0, 0, 10**9, 10**9]]]},
        GOOD | {"rows": [[[-1, 0, 5, 5]]]},
        GOOD | {"rows": [[[5, 0, 5, 5]]]},
        GOOD | {"rows": [[[0, 0, 5]]]},
        GOOD | {"rows": [[]]},
        GOOD | {"rows": 3},
        GOOD | {"titles": []},
        {"names": ["a"]},
        {"names": ["a", "a"], "titles": ["A", "A"], "rows": [[[0, 0, 5, 5]] * 2]},
    ],
)
def test_a_layout_that_cannot_be_is_not_believed(tmp_path: Path, layout: Any) -> None:
    assert open_sheet(write_sheet(tmp_path / "x.png", layout)).rows == ()


def test_a_layout_that_can_be_is_believed(tmp_path: Path) -> None:
    assert open_sheet(write_sheet(tmp_path / "x.png", GOOD)).cut(0, "a").size == (5, 5)


@pytest.mark.parametrize(
    ("content", "told"),
    [
        (b"", "is not an image"),
        (b"\x89PNG\r\n\x1a\n", "is not an image|is damaged|is cut short"),
        (b"GIF89a\x01\x00\x01\x00", "is not an image"),
    ],
)
def test_what_is_no_picture_is_told(tmp_path: Path, content: bytes, told: str) -> None:
    (tmp_path / "x.png").write_bytes(content)

    with pytest.raises(DataError, match=rf"x\.png: ({told})"):
        open_sheet(tmp_path / "x.png")


def test_a_picture_cut_short_and_one_that_is_missing_are_told(tmp_path: Path) -> None:
    file = write_sheet(tmp_path / "x.png", GOOD, size=(400, 300))
    file.write_bytes(file.read_bytes()[:-300])

    with pytest.raises(DataError, match=r"x\.png: .*Draw it again, or take it away"):
        open_sheet(file)
    with pytest.raises(DataError, match=r"no\.png: there is no such file"):
        open_sheet(tmp_path / "no.png")
