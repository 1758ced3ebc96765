from pathlib import Path

import numpy as np
import pytest

from tests.browser_toys import PHONE, chromium, opened, overflow
from tests.doctor_toys import (
    examine_quickly,
    pair_of,
    save,
    texture,
    write_pairs,
    write_unpaired,
)
from translate.doctor.findings import Image
from translate.doctor.page import write_page
from translate.doctor.thumbnails import draw_beside, draw_pair

HOSTILE = "<img src=x onerror=alert(1)>&\"'.png"


def write_sick(folder: Path) -> Path:
    write_unpaired(folder, 8)
    save(folder / "trainA" / HOSTILE, texture(1))
    save(folder / "testA" / "leak.png", texture(2))
    save(folder / "trainB" / "mirrored.png", texture(3)[:, ::-1])
    save(folder / "trainB" / "black.png", np.zeros((40, 40, 3), np.uint8))
    (folder / "trainB" / f"no{HOSTILE}").write_bytes(b"")
    return folder


def page_of(folder: Path, file: Path, **wishes: object) -> str:
    write_page(examine_quickly(folder, **wishes), file)
    return file.read_text(encoding="utf-8")


def test_names_of_files_are_shown_and_not_obeyed(tmp_path: Path) -> None:
    text = page_of(write_sick(tmp_path / HOSTILE), tmp_path / "page.html")

    assert "<img src=x" not in text
    assert "&lt;img src=x onerror=alert(1)&gt;&amp;&quot;" in text


def test_what_was_found_is_told_and_shown(tmp_path: Path) -> None:
    text = page_of(write_sick(tmp_path / "set"), tmp_path / "page.html")

    assert "Something spoils a training" in text
    for words in ("Looked at, but learned from too", "In A and in B", "Exact copies"):
        assert words in text
    assert text.count('class="thumbnail"') >= 4
    assert "mirrored" in text
    assert "luminance, from black (0) to full (255)" in text


def test_a_good_data_set_has_a_page_too(tmp_path: Path) -> None:
    text = page_of(write_unpaired(tmp_path / "set"), tmp_path / "page.html")

    assert "Nothing serious was found." in text
    assert "Not looked at: how separable" in text


def test_pairs_are_shown_with_their_edges(tmp_path: Path) -> None:
    write_pairs(tmp_path / "set" / "train", 12)
    write_pairs(tmp_path / "set" / "train", 1, first=40, right=7)

    text = page_of(tmp_path / "set", tmp_path / "page.html")

    assert "A's in red, B's in cyan" in text.replace("&#x27;", "'")
    assert text.count('class="thumbnail"') == 1


def test_a_page_of_many_findings_stays_small(tmp_path: Path) -> None:
    write_unpaired(tmp_path / "set", 3)
    for number in range(60):
        save(tmp_path / "set" / "trainA" / f"copy{number}.png", texture(70, 200, 200))

    text = page_of(tmp_path / "set", tmp_path / "page.html")

    assert text.count('class="thumbnail"') == 24
    assert "more; --json FILE names them" in text
    assert len(text) < 2e6


def test_thumbnails_show_the_right_half(tmp_path: Path) -> None:
    a, b = np.zeros((40, 40, 3), np.uint8), np.full((40, 40, 3), 255, np.uint8)
    file = save(tmp_path / "x.png", np.concatenate([a, b], axis=1))

    for half, value in (("left", 0), ("right", 255)):
        drawn = draw_beside([Image(file, half)])
        assert drawn is not None
        assert drawn.size == (240, 240)
        assert set(np.asarray(drawn).ravel().tolist()) == {value}


def test_a_pair_is_drawn_with_the_edges_of_both(tmp_path: Path) -> None:
    files = [save(tmp_path / f"{d}.png", image) for d, image in zip("ab", pair_of(1), strict=True)]

    drawn = draw_pair([Image(file) for file in files])

    assert drawn is not None
    assert drawn.width == 3 * 240 + 2 * 6
    edges = np.asarray(drawn)[:, -240:, :3].astype(int)
    assert np.abs(edges[..., 0] - edges[..., 1]).mean() < 3  # both the same: no colour


def test_a_photo_that_is_gone_has_no_thumbnail(tmp_path: Path) -> None:
    assert draw_beside([Image(tmp_path / "gone.png")]) is None
    assert draw_pair([Image(tmp_path / "gone.png")] * 2) is None


@pytest.mark.browser
def test_the_page_opens_on_a_desk_and_on_a_phone_and_asks_nobody(tmp_path: Path) -> None:
    page_of(write_sick(tmp_path / "set"), tmp_path / "page.html")
    with chromium() as browser:
        for size, scheme in (((1280, 900), "light"), ((1280, 900), "dark"), (PHONE, "light")):
            with opened(browser, tmp_path / "page.html", size, scheme) as page:
                assert overflow(page) <= 0
                shown = page.locator(".thumbnail img").evaluate_all(
                    "images => images.map(image => image.naturalWidth)"
                )
                assert len(shown) >= 4
                assert min(shown) > 0
