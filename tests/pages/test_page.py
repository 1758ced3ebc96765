import re
import subprocess
import sys
from pathlib import Path

import pytest

from translate.errors import DataError
from translate.pages import Page, text

POLICY = "default-src 'none'; img-src data:; style-src 'unsafe-inline'; script-src 'unsafe-inline'"


def page() -> Page:
    made = Page("<Title>", "<lead>")
    made.section("<One>", text("first"))
    made.section("Two", text("second"))
    return made


def test_a_page_forbids_itself_every_request() -> None:
    assert f'<meta http-equiv="Content-Security-Policy" content="{POLICY}">' in page().render()
    assert not re.search(r'(?:src|href)="(?!data:|#|")', page().render())
    assert "url(" not in page().render().replace("url(#", "")


def test_a_page_is_one_file_written_whole(tmp_path: Path) -> None:
    page().write(tmp_path / "page.html")

    assert [file.name for file in tmp_path.iterdir()] == ["page.html"]
    assert (tmp_path / "page.html").read_text(encoding="utf-8") == page().render()


def test_sections_stand_in_order_and_the_contents_name_them() -> None:
    made = page().render()

    assert made.index("first") < made.index("second")
    assert '<a href="#section-1">&lt;One&gt;</a>' in made
    assert '<section id="section-2"><h2>Two</h2><p>second</p></section>' in made


def test_title_and_lead_are_shown_and_not_obeyed() -> None:
    made = page().render()

    assert "<title>&lt;Title&gt;</title>" in made
    assert '<p class="lead">&lt;lead&gt;</p>' in made


def test_plain_text_is_no_part_of_a_section() -> None:
    with pytest.raises(TypeError, match=r"made of Html, got <class 'str'>: use text"):
        Page("x").section("y", "<b>z</b>")  # type: ignore[arg-type]


def test_a_page_that_cannot_be_written_is_told(tmp_path: Path) -> None:
    (tmp_path / "taken").mkdir()

    with pytest.raises(DataError, match="taken: could not be written"):
        page().write(tmp_path / "taken")


def test_pages_are_made_without_torch() -> None:
    code = (
        "import translate.pages as p, sys; p.Page('x').render(); "
        "assert 'torch' not in sys.modules and 'numpy' not in sys.modules"
    )

    subprocess.run([sys.executable, "-c", code], check=True)
