"""Fetch public data sets, licence first: scripts/download_dataset.py NAME [NAME ...] | --list."""

import argparse
import sys
from pathlib import Path

from rich.console import Console
from rich.progress import BarColumn, DownloadColumn, Progress, TransferSpeedColumn
from rich.table import Column, Table

from translate.data.cards import all_cards, find_card
from translate.data.download import download_dataset
from translate.errors import TranslateError

COLUMNS = ("{task.description}", BarColumn(), DownloadColumn(), TransferSpeedColumn())


def main() -> int:
    """List the cards, or bring the data sets that were named, one after the other."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("names", nargs="*", metavar="NAME", help="a data set, such as facades")
    parser.add_argument("--list", action="store_true", help="show all data sets with their licence")
    parser.add_argument("--datasets", type=Path, default=Path("datasets"), help="folder of cards")
    chosen = parser.parse_args()
    if not chosen.names and not chosen.list:
        parser.error("name a data set, or give --list to see them")
    try:
        if chosen.list:
            whole = [Column(head, no_wrap=True) for head in ("name", "size")]  # a name is typed
            table = Table(whole[0], "what", Column("licence", overflow="fold"), whole[1])
            for name, card in all_cards(chosen.datasets).items():
                table.add_row(name, card.title, card.licence, card.size_in_words())
            Console().print(table)
        for name, card in [(name, find_card(name, chosen.datasets)) for name in chosen.names]:
            print(card.in_words(name), flush=True)
            bring(name, chosen.datasets)
    except TranslateError as error:
        print(f"error: {error}", file=sys.stderr)
        return 2
    except KeyboardInterrupt:
        print("Stopped. What arrived is kept: the same command goes on.", file=sys.stderr)
        return 130
    return 0


def bring(name: str, datasets: Path) -> None:
    """Bring one data set, with a bar on the terminal."""
    state = "was there already, and is left as it is" if (datasets / name).exists() else "is there"
    with Progress(*COLUMNS, console=Console(stderr=True), transient=True) as progress:
        bar = progress.add_task("waiting", total=None)

        def draw(work: str, done: int, total: int | None) -> None:
            progress.update(bar, description=work, completed=done, total=total)

        folder = download_dataset(name, datasets, draw)
    print(f"{folder}: {state}")


if __name__ == "__main__":
    sys.exit(main())
