"""Read a bundle and trust nothing in it: it may be damaged, foreign, newer or hostile."""

import json
from pathlib import Path
from typing import Any

from translate.bundle.schema import FORMAT_VERSION, MODEL_FILE, Bundle, Model
from translate.bundle.weights import FETCH_AGAIN, load_generator
from translate.config import check
from translate.errors import BundleError, ConfigError
from translate.networks import Generator

LARGEST_MODEL_FILE = 2**20  # bytes; a real one takes a few thousand


def load_bundle(folder: Path) -> Bundle:
    """Open a bundle, its generators in evaluation mode on the CPU.

    Nothing in it is executed, torch's random numbers are left alone, and no memory is taken for
    weights that do not fit the network that model.json describes.

    Raises:
        BundleError: The bundle is missing, damaged, foreign or newer.
    """
    folder = Path(folder)
    model = _check_model(_read_model(folder), folder / MODEL_FILE)
    generators: dict[str, Generator] = {
        direction: load_generator(folder, direction, exported)
        for direction, exported in model.directions.items()
    }
    return Bundle(
        method=model.method,
        domains={"a": model.domains.a, "b": model.domains.b},
        generators=generators,
        training_side_px=model.training_side_px,
        inference_mode=model.inference_mode,
        data_fingerprint=model.data_fingerprint,
        facts=model.facts,
        encodings={"a": model.encodings.a, "b": model.encodings.b},
    )


def _read_model(folder: Path) -> dict[str, Any]:
    """Read model.json as a mapping that says it is ours, of a version that we know."""
    file = folder / MODEL_FILE
    if not folder.is_dir():
        found = "is a file, expected a folder" if folder.is_file() else "no such folder"
        raise BundleError(f"{folder}: {found}.{_nearby(folder.parent)}")
    if not file.is_file():
        raise BundleError(f"{folder}: is no bundle, it has no {MODEL_FILE}.{_nearby(folder)}")
    try:
        with file.open("rb") as stream:
            text = stream.read(LARGEST_MODEL_FILE + 1)
        if len(text) > LARGEST_MODEL_FILE:
            raise BundleError(f"{file}: is larger than {LARGEST_MODEL_FILE} bytes. {FETCH_AGAIN}")
        values = json.loads(text)
    except OSError as error:
        raise BundleError(f"{file}: cannot be read ({error.strerror}).") from error
    except (ValueError, RecursionError) as error:  # RecursionError: thousands of nested brackets
        raise BundleError(f"{file}: is not valid JSON ({error}). {FETCH_AGAIN}") from error
    version = values.get("format_version") if isinstance(values, dict) else None
    if type(version) is not int or version < 1:
        raise BundleError(
            f"{file}: was not written by photo-translate: expected an object with "
            f"'format_version': {FORMAT_VERSION}. Name the folder of a photo-translate bundle."
        )
    if version > FORMAT_VERSION:
        raise BundleError(
            f"{file}: has format version {version}, and this photo-translate reads up to "
            f"{FORMAT_VERSION}. Update photo-translate: pip install -U photo-translate."
        )
    return dict(values)


def _nearby(folder: Path) -> str:
    """Name the bundles within two levels of a folder, in case one of them was meant."""
    files = [f for above in ("", "*/", "*/*/") for f in sorted(folder.glob(above + MODEL_FILE))]
    if not files:
        return " A bundle is the folder that training leaves at runs/NAME/bundle."
    return f" Did you mean {' or '.join(str(file.parent) for file in files[:3])}?"


def _check_model(values: dict[str, Any], file: Path) -> Model:
    try:
        return check(Model, values, where=str(file))
    except ConfigError as error:
        raise BundleError(f"{error}\n{FETCH_AGAIN}") from error
