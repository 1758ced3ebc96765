"""Bring a public data set from its authors' address into its folder, as its card says."""

import json
from collections.abc import Callable
from pathlib import Path

from filelock import FileLock, Timeout

from translate.data.archives import suffix_of, unpack
from translate.data.cards import LAYOUT_FOLDERS, Card, Download, find_card, prepare
from translate.data.fetch import Sums, fetch_file, forget
from translate.errors import DataError

STOCK = ".downloads"  # beside the cards: archives on their way, and what was observed of them
# JPEG and PNG files hardly shrink in an archive: what grows more than this is no set of photos.
UNPACKED_TIMES, UNPACKED_SPARE_BYTES = 20, 2**26

OnProgress = Callable[[str, int, int | None], None]
"""Called with what is being done, the bytes done, and the bytes to do; None: not known."""


def download_dataset(
    name: str, datasets: Path, on_progress: OnProgress = lambda _, __, ___: None
) -> Path:
    """Make sure that a data set is in its folder: draw it, or download, check and unpack it.

    A folder that is there is left as it is. A download that broke off goes on.

    Args:
        name: The data set's: `facades` for the card `facades.yaml`.
        datasets: The folder of cards, in which the data set's folder is made.

    Raises:
        ConfigError: The card is not valid.
        DataError: The data set cannot be had, or is not what its card says.
    """
    card = find_card(name, datasets)
    folder = datasets / name
    if folder.exists():
        _expect_layout(folder, card)
    elif card.download is None:
        prepare(folder)
        if not folder.exists():
            raise DataError(
                f"{folder}: cannot be downloaded for you. Licence: {card.licence}. Get it by hand: "
                f"{card.page or 'its card names no web page'}."
            )
    else:
        try:
            _download(folder, card.download, LAYOUT_FOLDERS[card.layout or "unpaired"], on_progress)
        except OSError as error:
            raise DataError(
                f"{datasets}: cannot be written ({error.strerror or error}). See that the folder "
                "can be written and that the disk has room."
            ) from error
    return folder


def _download(
    folder: Path, download: Download, expected: tuple[str, ...], on_progress: OnProgress
) -> None:
    stock = folder.parent / STOCK
    stock.mkdir(exist_ok=True)
    archive = stock / f"{folder.name}{suffix_of(download.address)}"
    receipt = stock / f"{folder.name}.json"
    try:
        with FileLock(stock / f"{folder.name}.lock", timeout=0):
            if folder.exists():  # another process brought it, just now
                return
            sums = fetch_file(
                download.address,
                archive,
                Sums(download.size_bytes, download.sha256),
                lambda done, total: on_progress("downloading", done, total),
            )
            if download.sha256 is None:
                _expect_same(receipt, download.address, sums)
            size_bytes = archive.stat().st_size
            unpack(
                archive,
                folder,
                UNPACKED_TIMES * size_bytes + UNPACKED_SPARE_BYTES,
                top=download.top,
                any_of=expected,
                on_progress=lambda done: on_progress("unpacking", done, size_bytes),
            )
            _note(receipt, download.address, sums)
            forget(download.address, archive)
    except Timeout as error:
        raise DataError(f"{folder}: another process is downloading it. Let it finish.") from error


def _expect_same(receipt: Path, address: str, sums: Sums) -> None:
    """Compare a file whose sum no card tells with what the same address gave before."""
    try:
        noted = json.loads(receipt.read_text(encoding="utf-8"))
        earlier = Sums(noted["size_bytes"], noted["sha256"])
        if noted["address"] != address:
            return
    except (OSError, ValueError, LookupError, TypeError):
        return  # no receipt, or a damaged one
    if earlier != sums:
        raise DataError(
            f"{address}: gave another file before: {earlier.size_bytes} bytes with SHA-256 "
            f"{earlier.sha256}, and now {sums.size_bytes} bytes with SHA-256 {sums.sha256}. "
            f"If the authors changed it, delete {receipt} and start again."
        )


def _note(receipt: Path, address: str, sums: Sums) -> None:
    noted = {"address": address, "size_bytes": sums.size_bytes, "sha256": sums.sha256}
    receipt.write_text(json.dumps(noted, indent=2) + "\n", encoding="utf-8")


def _expect_layout(folder: Path, card: Card) -> None:
    names = LAYOUT_FOLDERS[card.layout] if card.layout else ()
    if names and not any((folder / name).is_dir() for name in names):
        raise DataError(
            f"{folder}: is there already, but holds none of {', '.join(names)}. It was left as it "
            "is: move it away, and start again."
        )
