"""Open a file of PyTorch weights and trust nothing in it: such files can hold programs."""

import pickle
import re
import struct
import warnings
import zipfile
from pathlib import Path

import torch

from translate.errors import BundleError

LARGEST_FILE = 4 * 2**30  # bytes; a generator of 54 million weights takes 218 million
FETCH_AGAIN = "Copy or download it again."
SAVE_BARE = (
    "Save only the weights, where the network is at hand: torch.save(network.state_dict(), FILE)."
)
# Whatever a changed byte makes PyTorch's reader stumble over.
DAMAGE = (
    pickle.UnpicklingError,
    ArithmeticError,
    AssertionError,
    AttributeError,
    EOFError,
    LookupError,
    MemoryError,
    RuntimeError,
    TypeError,
    ValueError,
    struct.error,
)


def read_pickle(file: Path) -> object:
    """Return what a .pth file holds: tensors and plain containers, never anything else.

    Raises:
        BundleError: It is missing, damaged or no such file, or it would run code.
    """
    file = Path(file)
    try:
        _refuse_foreign(file)
        return _load(file)
    except OSError as error:
        raise BundleError(f"{file}: cannot be read ({error.strerror or error}).") from error


def _load(file: Path) -> object:
    try:
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")  # about odd files; what follows judges those anyway
            return torch.load(file, map_location="cpu", weights_only=True)
    except DAMAGE as error:
        raise BundleError(f"{file}: {_explain(error)}") from error


def _refuse_foreign(file: Path) -> None:
    """Find out without opening it fully whether this can be a file of weights."""
    if not file.is_file():
        found = "is a folder, expected a file" if file.is_dir() else "no such file"
        raise BundleError(f"{file}: {found}.{_nearby(file if file.is_dir() else file.parent)}")
    size = file.stat().st_size
    if size == 0:
        raise BundleError(f"{file}: is empty. {FETCH_AGAIN}")
    if size > LARGEST_FILE:
        raise BundleError(f"{file}: {_too_large(size)}")
    with file.open("rb") as stream:
        beginning = stream.read(512).lstrip()
    if beginning.startswith(b"<"):
        raise BundleError(
            f"{file}: is a web page, not weights: the download brought an error or a login. "
            f"Open the file's address in a browser, then download the file itself."
        )
    if beginning.startswith(b"PK"):
        _refuse_bomb(file)


def _refuse_bomb(file: Path) -> None:
    """PyTorch's files are zips, and a small zip may unfold to more than the memory holds."""
    try:
        with zipfile.ZipFile(file) as archive:
            size = sum(entry.file_size for entry in archive.infolist())
    except (zipfile.BadZipFile, *DAMAGE) as error:
        raise BundleError(f"{file}: is cut short or damaged ({error}). {FETCH_AGAIN}") from error
    if size > LARGEST_FILE:
        raise BundleError(f"{file}: {_too_large(size)}")


def _too_large(size: int) -> str:
    return f"holds {size} bytes, more than the {LARGEST_FILE} of any generator. {SAVE_BARE}"


def _nearby(folder: Path) -> str:
    files = sorted(folder.glob("*.pth")) if folder.is_dir() else []
    return f" Did you mean {' or '.join(map(str, files[:3]))}?" if files else ""


def _explain(error: BaseException) -> str:
    """Tell a file with code in it from a damaged one; PyTorch says which name it would call."""
    called = re.search(r"GLOBAL ([\w.]{1,100})", str(error))
    if called:
        return (
            f"holds more than weights: opening it fully would run {called[1]}. "
            f"Nothing was run. {SAVE_BARE}"
        )
    if "TorchScript" in str(error):
        return f"is a TorchScript program, not weights. {SAVE_BARE}"
    return f"is no file of PyTorch weights, or a damaged one. {FETCH_AGAIN}"
