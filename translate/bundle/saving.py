"""Write a bundle whole, or not at all."""

import hashlib
import os
import re
import secrets
import shutil
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path
from typing import Any

from safetensors.torch import save

from translate.bundle.card import model_card
from translate.bundle.schema import (
    CARD_FILE,
    DIRECTIONS,
    FORMAT_VERSION,
    MODEL_FILE,
    Bundle,
    Model,
    weight_file,
)
from translate.config import check
from translate.errors import BundleError, ConfigError
from translate.networks import GENERATORS, Generator
from translate.version import __version__

OURS = {MODEL_FILE, CARD_FILE, *map(weight_file, DIRECTIONS)}


def save_bundle(bundle: Bundle, folder: Path) -> None:
    """Write a bundle, replacing the one that is there; other files in its folder stay.

    Everything is written to a hidden folder beside it, which then takes its name. Whatever stops
    the writing, the folder holds the old bundle or the new one, never half of each.

    Raises:
        BundleError: The folder holds other things than a bundle, or cannot be written, or the
            bundle says something that `Model` does not allow.
    """
    folder = Path(folder).resolve()
    mend_bundle(folder)
    _refuse_foreign(folder)
    weights = {name: _weights(generator) for name, generator in bundle.generators.items()}
    files = {weight_file(direction): content for direction, content in weights.items()}
    files[MODEL_FILE] = _model(bundle, weights, folder).model_dump_json(indent=2).encode() + b"\n"
    files[CARD_FILE] = model_card(bundle).encode()
    with _explaining(folder):
        _write_whole(files, folder)


def mend_bundle(folder: Path) -> None:
    """Put back or clear away what a writer that was killed has left beside a bundle.

    Nobody else may be writing the bundle meanwhile.

    Raises:
        BundleError: The folder around it cannot be written.
    """
    with _explaining(folder):
        for previous in _left_beside(folder, "previous"):
            if folder.exists():
                _keep_others(previous, folder)
                shutil.rmtree(previous, ignore_errors=True)
            else:
                previous.rename(folder)
        for unfinished in _left_beside(folder, "writing"):
            shutil.rmtree(unfinished, ignore_errors=True)


def _left_beside(folder: Path, what: str) -> list[Path]:
    """List what writers of this bundle, and of no other of a longer name, have left."""
    name = re.compile(rf"\.{re.escape(folder.name)}\.[0-9a-f]{{8}}\.{what}")
    beside = folder.parent.iterdir() if folder.parent.is_dir() else iter(())
    return [file for file in beside if name.fullmatch(file.name)]


@contextmanager
def _explaining(folder: Path) -> Iterator[None]:
    try:
        yield
    except OSError as error:
        raise BundleError(
            f"{folder}: the bundle cannot be written ({error}). "
            "Make room, or choose another folder."
        ) from error


def _refuse_foreign(folder: Path) -> None:
    if folder.exists() and not folder.is_dir():
        raise BundleError(f"{folder}: is a file; a bundle is a folder. Choose another name.")
    if folder.is_dir() and any(folder.iterdir()) and not (folder / MODEL_FILE).exists():
        raise BundleError(
            f"{folder}: holds other files and no {MODEL_FILE}, so it is no bundle to replace. "
            f"Choose a new folder, such as {folder / 'bundle'}."
        )


def _weights(generator: Generator) -> bytes:
    """Serialise the weights as they are; `contiguous` because safetensors stores plain rows."""
    state = {name: tensor.cpu().contiguous() for name, tensor in generator.state_dict().items()}
    return save(state, metadata={"format": "pt"})


def _model(bundle: Bundle, weights: Mapping[str, bytes], folder: Path) -> Model:
    directions = {
        direction: _exported(bundle, direction, hashlib.sha256(weights[direction]).hexdigest())
        for direction in bundle.generators
    }
    values = {
        "format_version": FORMAT_VERSION,
        "written_by": __version__,
        "method": bundle.method,
        "domains": dict(bundle.domains),
        "directions": directions,
        "training_side_px": bundle.training_side_px,
        "inference_mode": bundle.inference_mode,
        "data_fingerprint": bundle.data_fingerprint,
        "facts": dict(bundle.facts),
        "encodings": {side: made.model_dump() for side, made in bundle.encodings.items()},
    }
    try:
        return check(Model, values, where=f"{folder / MODEL_FILE}, about to be written,")
    except ConfigError as error:
        raise BundleError(f"{error}\nCorrect this and save the bundle again.") from error


def _exported(bundle: Bundle, direction: str, sha256: str) -> dict[str, Any]:
    generator = bundle.generators[direction]
    if type(generator) not in GENERATORS.values():
        # Our bug, not the user's: a wrapped network (DDP, compiled) must be unwrapped first.
        raise ValueError(f"{type(generator).__name__} is not one of {sorted(GENERATORS)}")
    source, target = direction.split("_to_")
    return {
        "generator": generator.name,
        "arguments": generator.arguments,
        "stride": generator.stride,
        "sha256": sha256,
        "from_domain": bundle.domains[source],
        "to_domain": bundle.domains[target],
    }


def _write_whole(files: Mapping[str, bytes], folder: Path) -> None:
    folder.parent.mkdir(parents=True, exist_ok=True)
    mark = secrets.token_hex(4)
    fresh = folder.with_name(f".{folder.name}.{mark}.writing")
    try:
        fresh.mkdir()
        for name, content in files.items():
            with (fresh / name).open("wb") as stream:
                stream.write(content)
                stream.flush()
                os.fsync(stream.fileno())  # a rename must not reach the disk before the content
        _put_in_place(fresh, folder, folder.with_name(f".{folder.name}.{mark}.previous"))
    finally:
        shutil.rmtree(fresh, ignore_errors=True)  # gone already when all went well


def _put_in_place(fresh: Path, folder: Path, previous: Path) -> None:
    if not folder.exists():
        fresh.rename(folder)
        return
    folder.rename(previous)  # from here to the next rename a crash leaves both, under hidden names
    try:
        fresh.rename(folder)
    except OSError:
        previous.rename(folder)
        raise
    _keep_others(previous, folder)
    shutil.rmtree(previous)


def _keep_others(previous: Path, folder: Path) -> None:
    """Move files that are not ours into the new bundle."""
    for file in previous.iterdir():
        if file.name not in OURS:
            file.rename(folder / file.name)
