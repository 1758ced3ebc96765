"""A page in one file: it opens from disk, asks no network for anything, and reads on a phone."""

from importlib.resources import files
from pathlib import Path

from translate.pages.markup import Html, escaped
from translate.version import __version__

# Whatever gets into a page: nothing of it can reach out.
POLICY = "default-src 'none'; img-src data:; style-src 'unsafe-inline'; script-src 'unsafe-inline'"
STYLES = ("page.css", "figures.css", "chart.css")
SCRIPTS = ("sliders.js", "chart.js")


class Page:
    """A page that grows section by section, then is written whole.

    Args:
        title: What the page is about.
        lead: A sentence or two below the title.
    """

    def __init__(self, title: str, lead: str = "") -> None:
        self.title = title
        self.lead = lead
        self._sections: list[tuple[str, Html]] = []

    def section(self, heading: str, *parts: Html) -> None:
        """Add a section; the table of contents names it."""
        if wrong := [part for part in parts if not isinstance(part, Html)]:
            raise TypeError(f"a section is made of Html, got {type(wrong[0])}: use text(...)")
        self._sections.append((heading, Html("".join(parts))))

    def write(self, file: Path) -> None:
        """Write the page, whole or not at all; a file that is there is replaced.

        Raises:
            DataError: The disk refuses.
        """
        # Imported late: torch comes with the room of images, and a page needs none.
        from translate.images.writing import write_whole  # noqa: PLC0415

        write_whole(self.render().encode("utf-8"), file)

    def render(self) -> str:
        """Return the page's text."""
        title = escaped(self.title)
        return (
            '<!DOCTYPE html>\n<html lang="en"><head><meta charset="utf-8">'
            f'<meta http-equiv="Content-Security-Policy" content="{POLICY}">'
            '<meta name="viewport" content="width=device-width, initial-scale=1">'
            '<meta name="color-scheme" content="light dark">'
            f'<meta name="generator" content="photo-translate {__version__}">'
            f'<link rel="icon" href="data:,"><title>{title}</title>'
            f"<style>{_assets(STYLES)}</style></head><body><header><h1>{title}</h1>"
            f"{self._lead()}{self._contents()}</header><main>{self._body()}</main>"
            f"<footer>Written by photo-translate {__version__}. This page is one file and needs "
            "nothing else: it can be sent and kept as it is.</footer>"
            '<dialog class="large"><form method="dialog"><button aria-label="close">&times;'
            '</button></form><img alt=""><p></p></dialog>'
            f"<script>{_assets(SCRIPTS)}</script></body></html>\n"
        )

    def _lead(self) -> str:
        return f'<p class="lead">{escaped(self.lead)}</p>' if self.lead else ""

    def _contents(self) -> str:
        links = "".join(
            f'<li><a href="#section-{index}">{escaped(heading)}</a></li>'
            for index, (heading, _) in enumerate(self._sections, start=1)
        )
        return f'<nav aria-label="contents"><ol>{links}</ol></nav>' if links else ""

    def _body(self) -> str:
        return "".join(
            f'<section id="section-{index}"><h2>{escaped(heading)}</h2>{inside}</section>'
            for index, (heading, inside) in enumerate(self._sections, start=1)
        )


def _assets(names: tuple[str, ...]) -> str:
    folder = files("translate.pages") / "assets"
    return "\n".join((folder / name).read_text(encoding="utf-8") for name in names)
