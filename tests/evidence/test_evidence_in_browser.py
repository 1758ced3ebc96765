"""The pages about runs, as a person meets them."""

from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from tests.browser_toys import PHONE, chromium, drag, luminance, opened, overflow
from tests.run_toys import ALARM, journal_lines, write_run
from translate.evidence.comparison import write_comparison
from translate.evidence.run_report import write_run_report

pytestmark = pytest.mark.browser


@pytest.fixture(scope="module")
def browser() -> Iterator[Any]:
    with chromium() as started:
        yield started


@pytest.fixture(scope="module")
def pages(tmp_path_factory: pytest.TempPathFactory) -> dict[str, Path]:
    home = tmp_path_factory.mktemp("runs")
    lines = [*journal_lines(40), ALARM]
    runs = [write_run(home / name, seed, lines) for seed, name in enumerate(("one", "two"))]
    comparison = write_comparison(runs, home / "compare.html")
    return {"report": write_run_report(runs[0]), "compare": comparison}


@pytest.mark.parametrize("scheme", ["light", "dark"])
@pytest.mark.parametrize("size", [(1280, 900), PHONE])
@pytest.mark.parametrize("name", ["report", "compare"])
def test_a_page_opens_from_disk_fits_the_screen_and_asks_nobody(
    browser: Any, pages: dict[str, Path], name: str, size: tuple[int, int], scheme: str
) -> None:
    with opened(browser, pages[name], size, scheme) as page:
        assert overflow(page) <= 0
        assert (luminance(page) < 60) == (scheme == "dark")
        assert page.locator(".curve").count() > 5
        letters = page.locator("main p, main td, main dd").all()
        sizes = [e.evaluate("e => parseFloat(getComputedStyle(e).fontSize)") for e in letters]
        assert min(sizes) >= 12


def test_the_slider_goes_through_the_epochs(browser: Any, pages: dict[str, Path]) -> None:
    with opened(browser, pages["report"]) as page:
        film = page.locator(".film").first
        assert film.locator("img:visible").get_attribute("alt") == "epoch 4"
        drag(page, film.locator("input"), 0.99, 0.01)
        assert film.locator("img:visible").get_attribute("alt") == "epoch 0"


def test_the_line_between_photo_and_translation_moves(browser: Any, pages: dict[str, Path]) -> None:
    with opened(browser, pages["report"], PHONE) as page:
        figure = page.locator(".before-after").nth(2)
        before = figure.locator(".handle").bounding_box()["x"]
        drag(page, figure.locator(".stack"), 0.5, 0.9)
        assert figure.locator(".handle").bounding_box()["x"] > before + 50


def test_curves_zoom_and_name_the_alarm(browser: Any, pages: dict[str, Path]) -> None:
    with opened(browser, pages["report"]) as page:
        plot = page.locator(".plot").nth(1)
        plot.scroll_into_view_if_needed()
        assert plot.locator(".flag.alarm").count() == 1
        plot.focus()
        for _ in range(6):  # from step 10 to 60
            page.keyboard.press("ArrowRight")
        assert plot.locator(".tip .alarm").inner_text() == "alarm: collapse/a_to_b"
        drag(page, plot, 0.5, 0.9)
        left, right = map(float, plot.get_attribute("data-view").split())
        assert left > 150
        assert right < 400


def test_settings_unfold(browser: Any, pages: dict[str, Path]) -> None:
    with opened(browser, pages["report"], PHONE) as page:
        page.locator("summary").first.click()
        assert page.get_by_text("cycle_weight").is_visible()
        assert overflow(page) <= 0


def test_runs_lie_over_one_another_in_one_picture(browser: Any, pages: dict[str, Path]) -> None:
    with opened(browser, pages["compare"]) as page:
        figure = page.locator(".chart").first
        assert figure.locator(".curve").count() == 2
        assert figure.locator("button.key").all_inner_texts() == ["one", "two"]
