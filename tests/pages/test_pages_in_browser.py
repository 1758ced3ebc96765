"""The toolkit's pages, as a person meets them: looked at, dragged, typed at, on a phone."""

import math
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from PIL import Image

from tests.browser_toys import PHONE, chromium, drag, luminance, opened, overflow
from translate.pages import (
    Event,
    Line,
    Page,
    Picture,
    bars,
    before_after,
    chart,
    code,
    facts,
    film,
    folded,
    gallery,
    note,
    side_by_side,
    table,
    text,
)

pytestmark = pytest.mark.browser

HOSTILE = "<img src=x onerror=\"document.title='taken'\">.jpg"
STEPS = list(range(0, 10_000, 10))
LAST = STEPS[-1]
LEFT, RIGHT = 56, 12  # margins of chart.js


def coloured(colour: str, width: int = 320, height: int = 200) -> Image.Image:
    return Image.new("RGB", (width, height), colour)


@pytest.fixture(scope="module")
def browser() -> Iterator[Any]:
    with chromium() as started:
        yield started


@pytest.fixture(scope="module")
def file(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A page of everything there is, with names that would like to be markup."""
    page = Page(f"All {HOSTILE}", "A lead.")
    wide = [[f"column {i}"] * 2 for i in range(30)]
    page.section(
        "Words",
        text(HOSTILE),
        note("Beware.", "warning"),
        code("photo-translate " + "x" * 300),
        facts({HOSTILE: "y" * 200}),
        folded("More", table([head for head, _ in wide], [[cell for _, cell in wide]])),
        table([head for head, _ in wide], [[cell for _, cell in wide]]),
    )
    reds = [coloured(colour) for colour in ("red", "green", "blue")]
    page.section(
        HOSTILE,
        gallery([Picture(image, HOSTILE, HOSTILE) for image in reds]),
        side_by_side(before_after(reds[0], reds[2], ("red", "blue"), HOSTILE)),
        film([(f"epoch {i}", image) for i, image in enumerate(reds)], HOSTILE),
    )
    falling = Line(HOSTILE, STEPS, [math.exp(-step / 3000) for step in STEPS])
    rising = Line("rising", STEPS, [math.nan if 2000 < s < 4000 else s / 1e4 for s in STEPS])
    page.section(
        "Figures",
        chart("Curves", [falling, rising], [Event(5000, HOSTILE)]),
        chart("Logarithms", [falling], logarithmic=True),
        chart("Nothing", []),
        bars("Bars", ["dark", HOSTILE], {"A": [1, 2], "B": [3, 0.5]}),
    )
    written = tmp_path_factory.mktemp("pages") / "page.html"
    page.write(written)
    return written


@pytest.mark.parametrize("scheme", ["light", "dark"])
@pytest.mark.parametrize("size", [(1280, 900), PHONE, (320, 640)])
def test_a_page_fits_the_screen_and_complains_of_nothing(
    browser: Any, file: Path, size: tuple[int, int], scheme: str
) -> None:
    with opened(browser, file, size, scheme) as page:
        assert overflow(page) <= 0
        assert page.title().startswith("All <img")
        assert (luminance(page) < 60) == (scheme == "dark")


def test_a_page_without_javascript_shows_its_pictures_and_says_what_is_missing(
    browser: Any, file: Path
) -> None:
    with opened(browser, file, java_script_enabled=False) as page:
        assert page.locator(".film img:visible").count() == 1
        assert page.locator("noscript").first.is_visible()


def test_contents_lead_to_their_sections(browser: Any, file: Path) -> None:
    with opened(browser, file) as page:
        page.locator("nav a").nth(2).click()
        assert page.url.endswith("#section-3")


def test_the_line_between_two_pictures_follows_the_mouse(browser: Any, file: Path) -> None:
    with opened(browser, file) as page:
        figure = page.locator(".before-after")
        drag(page, figure.locator(".stack"), 0.5, 0.2)
        assert divided_at(figure) == pytest.approx(20, abs=1.5)
        drag(page, figure.locator(".stack"), 0.2, 0.9)
        assert divided_at(figure) == pytest.approx(90, abs=1.5)


def test_the_line_between_two_pictures_follows_the_arrow_keys(browser: Any, file: Path) -> None:
    with opened(browser, file) as page:
        figure = page.locator(".before-after")
        figure.locator("input").focus()
        for _ in range(3):
            page.keyboard.press("ArrowRight")
        assert divided_at(figure) == pytest.approx(56, abs=0.1)
        page.keyboard.press("Home")
        assert divided_at(figure) == pytest.approx(0, abs=0.1)


def test_the_line_between_two_pictures_follows_a_finger(browser: Any, file: Path) -> None:
    with opened(browser, file, PHONE, has_touch=True) as page:
        figure = page.locator(".before-after")
        figure.scroll_into_view_if_needed()
        box = figure.locator(".stack").bounding_box()
        page.touchscreen.tap(box["x"] + 0.75 * box["width"], box["y"] + 40)
        assert divided_at(figure) == pytest.approx(75, abs=2)


def divided_at(figure: Any) -> float:
    """Where the upper picture begins, in percent of the width."""
    box, line = (figure.locator(part).bounding_box() for part in (".stack", ".handle"))
    shown: str = figure.evaluate("f => getComputedStyle(f).getPropertyValue('--at')")
    place = 100 * (line["x"] + line["width"] / 2 - box["x"]) / box["width"]
    assert place == pytest.approx(float(shown.rstrip("%")), abs=0.5)
    return place


def test_a_film_begins_with_its_last_frame_and_the_slider_chooses(browser: Any, file: Path) -> None:
    with opened(browser, file) as page:
        film_ = page.locator(".film")
        assert shown_frame(film_) == "epoch 2"
        film_.locator("input").focus()
        page.keyboard.press("ArrowLeft")
        assert shown_frame(film_) == "epoch 1"
        assert film_.locator("output").inner_text() == "epoch 1"
        drag(page, film_.locator("input"), 0.5, 0.0)
        assert shown_frame(film_) == "epoch 0"


def test_a_film_plays_to_its_end_and_can_be_stopped(browser: Any, file: Path) -> None:
    with opened(browser, file) as page:
        film_ = page.locator(".film")
        film_.locator(".play").click()
        assert shown_frame(film_) == "epoch 0"
        assert film_.locator(".play").inner_text() == "Pause"
        film_.locator(".play").click()
        assert film_.locator(".play").inner_text() == "Play"


def shown_frame(film_: Any) -> str:
    visible = film_.locator("img:visible")
    assert visible.count() == 1
    return str(visible.get_attribute("alt"))


def test_a_thumbnail_opens_large_and_closes_again(browser: Any, file: Path) -> None:
    with opened(browser, file) as page:
        page.locator(".thumbnail .open").nth(1).click()
        assert page.locator("dialog.large").is_visible()
        assert HOSTILE in page.locator("dialog.large p").inner_text()
        page.keyboard.press("Escape")
        assert not page.locator("dialog.large").is_visible()


def test_a_chart_zooms_to_what_is_dragged_over_and_a_double_click_shows_all(
    browser: Any, file: Path
) -> None:
    with opened(browser, file) as page:
        plot = first_plot(page)
        drag(page, plot, 0.4, 0.6)
        left, right = view(plot)
        assert (left, right) == pytest.approx((x_at(plot, 0.4), x_at(plot, 0.6)), rel=0.01)
        assert {left < label < right for label in x_labels(plot)} == {True}
        plot.dblclick()
        assert view(plot) == (0, LAST)


def test_the_wheel_zooms_a_chart_that_was_clicked_and_scrolls_past_any_other(
    browser: Any, file: Path
) -> None:
    with opened(browser, file) as page:
        plot = first_plot(page)
        plot.hover()
        before = page.evaluate("scrollY")
        page.mouse.wheel(0, -200)
        page.wait_for_function("before => scrollY < before", arg=before)
        assert view(plot) == (0, LAST)
        plot.click()
        page.mouse.wheel(0, -200)
        page.wait_for_function("document.querySelector('.plot').dataset.view !== '0 9990'")
        left, right = view(plot)
        assert right - left < 0.8 * LAST


def test_a_chart_is_read_zoomed_and_reset_from_the_keyboard(browser: Any, file: Path) -> None:
    with opened(browser, file) as page:
        plot = first_plot(page)
        plot.focus()
        page.keyboard.press("ArrowRight")
        assert plot.locator(".tip").inner_text().startswith("step 0")
        page.keyboard.press("+")
        page.keyboard.press("+")
        assert view(plot) == pytest.approx((0, LAST / 4))
        page.keyboard.press("Shift+ArrowRight")
        assert view(plot)[0] == pytest.approx(LAST / 20)
        page.keyboard.press("Escape")
        assert view(plot) == (0, LAST)


def test_pointing_at_a_chart_tells_values_and_events(browser: Any, file: Path) -> None:
    with opened(browser, file) as page:
        plot = first_plot(page)
        point_at(page, plot, 5000)
        told = plot.locator(".tip").inner_text()
        assert HOSTILE in told  # the name of the line, and the event
        assert "0.5" in told
        assert plot.locator(".tip .alarm").inner_text() == HOSTILE


def test_the_legend_switches_lines_off_and_on(browser: Any, file: Path) -> None:
    with opened(browser, file) as page:
        plot, key = first_plot(page), page.locator("button.key").nth(1)
        assert plot.locator(".curve").count() == 2
        key.click()
        assert plot.locator(".curve").count() == 1
        assert key.get_attribute("aria-pressed") == "false"
        key.click()
        assert plot.locator(".curve").count() == 2


def test_what_is_no_number_leaves_a_gap_in_its_line(browser: Any, file: Path) -> None:
    with opened(browser, file) as page:
        paths = [c.get_attribute("d") for c in first_plot(page).locator(".curve").all()]
        assert [path.count("M") for path in paths] == [1, 2]


def test_a_chart_can_be_zoomed_on_a_phone_by_its_buttons(browser: Any, file: Path) -> None:
    with opened(browser, file, PHONE, has_touch=True) as page:
        plot, everything = first_plot(page), page.locator('[data-zoom="all"]').first
        assert everything.is_disabled()
        page.locator('[data-zoom="in"]').first.tap()
        assert view(plot) == pytest.approx((LAST / 4, 3 * LAST / 4))
        everything.tap()
        assert view(plot) == (0, LAST)


def first_plot(page: Any) -> Any:
    plot = page.locator(".plot").first
    plot.scroll_into_view_if_needed()
    return plot


def view(plot: Any) -> tuple[float, ...]:
    """From where to where the x axis goes."""
    return tuple(float(end) for end in plot.get_attribute("data-view").split())


def x_labels(plot: Any) -> list[float]:
    """The numbers along the x axis, which are those whose text is centred."""
    texts = plot.locator('text[text-anchor="middle"]').all_text_contents()
    return [float(t.replace("\u202f", "")) for t in texts if t != "step"]


def x_at(plot: Any, share: float) -> float:
    """Which place of the x axis lies at a share of the plot's width, when all is shown."""
    width = plot.bounding_box()["width"]
    return LAST * (share * width - LEFT) / (width - LEFT - RIGHT)


def point_at(page: Any, plot: Any, x: float) -> None:
    """Move the pointer over a place of the x axis, all of which is shown."""
    box = plot.bounding_box()
    width = box["width"] - LEFT - RIGHT
    page.mouse.move(box["x"] + LEFT + width * x / LAST, box["y"] + 60)
