"""From a description and a weight file to a network, taking memory only for what fits."""

import hashlib
from collections.abc import Mapping
from pathlib import Path

import torch
from safetensors import SafetensorError, safe_open
from torch import Tensor

from translate.bundle.schema import MODEL_FILE, ExportedGenerator, weight_file
from translate.errors import BundleError, TranslateError
from translate.networks import GENERATORS, Generator

FETCH_AGAIN = "The bundle is damaged or was changed by hand: copy or download it again."
# What safetensors calls the types of weights and counters.
DTYPES = {
    torch.float64: "F64",
    torch.float32: "F32",
    torch.float16: "F16",
    torch.bfloat16: "BF16",
    torch.int64: "I64",
}


def load_generator(folder: Path, direction: str, exported: ExportedGenerator) -> Generator:
    """Rebuild the generator of one direction, in evaluation mode on the CPU.

    Raises:
        BundleError: The description fits no generator, or the weights do not fit the description.
    """
    generator = _build(exported, f"{folder / MODEL_FILE}: directions.{direction}")
    file = folder / weight_file(direction)
    try:
        if sha256_of(file) != exported.sha256:
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


def sha256_of(file: Path) -> str:
    """Hash a file of any size, a piece at a time."""
    with file.open("rb") as stream:
        return hashlib.file_digest(stream, "sha256").hexdigest()


def _read_weights(file: Path, expected: Mapping[str, Tensor]) -> dict[str, Tensor]:
    """Read the tensors, after comparing the file's table of contents with the network's own."""
    with safe_open(file, framework="pt") as content:
        # `keys` is needed: the file is no mapping.
        slices = {name: content.get_slice(name) for name in content.keys()}  # noqa: SIM118
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
