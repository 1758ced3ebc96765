"""Read a bundle and trust nothing in it: it may be damaged, foreign, newer or hostile."""

import hashlib
import json
from collections.abc import Collection, Mapping
from pathlib import Path
from typing import Any

import torch
from safetensors import SafetensorError, safe_open
from torch import Tensor

from translate.bundle.schema import (
    DIRECTIONS,
    FORMAT_VERSION,
    MODEL_FILE,
    Bundle,
    ExportedGenerator,
    Model,
    weight_file,
)
from translate.config import check
from translate.errors import BundleError, ConfigError, TranslateError
from translate.networks import GENERATORS, Generator

LARGEST_MODEL_FILE = 2**20  # bytes; a real one takes a few thousand
DTYPES = {torch.float32: "F32", torch.float16: "F16", torch.bfloat16: "BF16", torch.int64: "I64"}
FETCH_AGAIN = "The bundle is damaged or was changed by hand: copy or download it again."


def load_bundle(folder: Path, directions: Collection[str] | None = None) -> Bundle:
    """Open a bundle, its generators in evaluation mode on the CPU.

    Nothing in it is executed, its random numbers are not drawn from torch's, and no memory is
    taken for weights that do not fit the network that model.json describes.

    Args:
        directions: Load only these; None: all there are.

    Raises:
        BundleError: The bundle is missing, damaged, foreign or newer, or lacks a direction.
    """
    folder = Path(folder)
    model = _check_model(_read_model(folder), folder / MODEL_FILE)
    wanted = model.directions.keys() if directions is None else directions
    if absent := [direction for direction in wanted if direction not in model.directions]:
        there = " and ".join(
            f"{direction} ({exported.from_domain} to {exported.to_domain})"
            for direction, exported in model.directions.items()
        )
        raise BundleError(f"{folder}: has no direction {absent[0]!r}. There is {there}.")
    generators = {
        direction: _load_generator(folder, direction, exported)
        for direction, exported in model.directions.items()
        if direction in wanted
    }
    return Bundle(
        method=model.method,
        domains={"a": model.domains.a, "b": model.domains.b},
        generators=generators,
        training_side_px=model.training_side_px,
        inference_mode=model.inference_mode,
        data_fingerprint=model.data_fingerprint,
        facts=model.facts,
    )


def fingerprint(folder: Path) -> str:
    """Identify a bundle by the SHA-256 of model.json and weights; the card may be edited.

    Raises:
        BundleError: There is no bundle in the folder.
    """
    folder = Path(folder)
    _read_model(folder)
    names = [
        MODEL_FILE,
        *(weight_file(d) for d in DIRECTIONS if (folder / weight_file(d)).exists()),
    ]
    lines = [f"{_sha256(folder / name)}  {name}\n" for name in names]
    return hashlib.sha256("".join(lines).encode()).hexdigest()


def _read_model(folder: Path) -> dict[str, Any]:
    """Read model.json as a mapping that says it is ours, of a version that we know."""
    file = folder / MODEL_FILE
    if not folder.is_dir():
        raise BundleError(f"{folder}: no such folder.{_nearby(folder.parent)}")
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
    files = [f for pattern in ("*", "*/*") for f in sorted(folder.glob(f"{pattern}/{MODEL_FILE}"))]
    if not files:
        return " A bundle is the folder that training leaves at runs/NAME/bundle."
    return f" Did you mean {' or '.join(str(file.parent) for file in files[:3])}?"


def _check_model(values: dict[str, Any], file: Path) -> Model:
    try:
        return check(Model, values, where=str(file))
    except ConfigError as error:
        raise BundleError(f"{error}\n{FETCH_AGAIN}") from error


def _load_generator(folder: Path, direction: str, exported: ExportedGenerator) -> Generator:
    generator = _build(exported, f"{folder / MODEL_FILE}: directions.{direction}")
    file = folder / weight_file(direction)
    try:
        if _sha256(file) != exported.sha256:
            raise BundleError(f"{file}: does not match its SHA-256 in model.json. {FETCH_AGAIN}")
        weights = _read_weights(file, generator.state_dict())
    except FileNotFoundError as error:
        raise BundleError(
            f"{file}: no such file, but model.json lists it. {FETCH_AGAIN}"
        ) from error
    except OSError as error:
        raise BundleError(f"{file}: cannot be read ({error.strerror}).") from error
    except SafetensorError as error:
        raise BundleError(f"{file}: is not a safetensors file ({error}). {FETCH_AGAIN}") from error
    generator.load_state_dict(weights, assign=True)
    return generator.eval()


def _build(exported: ExportedGenerator, where: str) -> Generator:
    """Build the network without memory for its weights: on the meta device they are only shapes."""
    if exported.generator not in GENERATORS:
        raise BundleError(
            f"{where}.generator: unknown generator {exported.generator!r}. Known here: "
            f"{', '.join(sorted(GENERATORS))}. A newer photo-translate may know it: update it."
        )
    try:
        with torch.device("meta"):
            generator = GENERATORS[exported.generator](**exported.arguments)
    except (
        TypeError,
        ValueError,
        ArithmeticError,
        LookupError,
        RuntimeError,
        TranslateError,
    ) as error:
        raise BundleError(
            f"{where}.arguments: do not fit the generator {exported.generator!r}: {error}. "
            f"{FETCH_AGAIN}"
        ) from error
    if generator.stride != exported.stride:
        raise BundleError(
            f"{where}.stride: expected {generator.stride} for this generator, "
            f"found {exported.stride}. {FETCH_AGAIN}"
        )
    return generator


def _sha256(file: Path) -> str:
    with file.open("rb") as stream:
        return hashlib.file_digest(stream, "sha256").hexdigest()


def _read_weights(file: Path, expected: Mapping[str, Tensor]) -> dict[str, Tensor]:
    """Read the tensors, after comparing the file's table of contents with the network's own."""
    with safe_open(file, framework="pt") as content:
        slices = {name: content.get_slice(name) for name in content.keys()}
        found = {n: f"{tuple(s.get_shape())} {s.get_dtype()}" for n, s in slices.items()}
        wanted = {n: f"{tuple(t.shape)} {DTYPES[t.dtype]}" for n, t in expected.items()}
        wrong = sorted(n for n in found | wanted if found.get(n) != wanted.get(n))
        if wrong:
            lines = "".join(
                f"\n  {n}: expected {wanted.get(n, 'nothing')}, found {found.get(n, 'nothing')}"
                for n in wrong[:5]
            )
            raise BundleError(
                f"{file}: {len(wrong)} of its weights do not fit the network in model.json:{lines}"
                f"\n{FETCH_AGAIN}"
            )
        return {name: content.get_tensor(name) for name in expected}
