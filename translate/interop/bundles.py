"""From .pth files of the reference to a bundle, and back."""

import uuid
from collections.abc import Mapping
from pathlib import Path

import torch
from torch import Tensor

from translate.bundle import DIRECTIONS, Bundle, load_bundle
from translate.bundle.weights import sha256_of
from translate.errors import BundleError
from translate.images import Encoding
from translate.interop.generators import export_state, import_generator
from translate.networks import Generator, UNetGenerator

DOMAINS = {"a": "a", "b": "b"}
USUAL_SIDE_PX = 256  # of the crops that the published generators were trained on
# What the model card tells all the same, and a file of weights does not.
TAKEN_ON_TRUST = "method, domains, crop side, and whether a U-Net has dropout"


def import_bundle(
    file: Path,
    other: Path | None = None,
    *,
    domains: Mapping[str, str] = DOMAINS,
    method: str | None = None,
    training_side_px: int = USUAL_SIDE_PX,
    inference_mode: str = "deterministic",
    licence: str = "unknown",
) -> Bundle:
    """Make a bundle of one or two generators of the reference.

    Args:
        file: Translates a to b: `latest_net_G.pth` or `latest_net_G_A.pth`.
        other: Translates b to a: `latest_net_G_B.pth`. None: there is only one direction.
        domains: What the two sides show; the files do not tell.
        method: What trained them. None: a guess, `pix2pix` for a single U-Net, `cut` for a single
            ResNet that blurs, `cyclegan` for all others.
        training_side_px: Side of the crops they were trained on; the files do not tell.
        inference_mode: See `Bundle`.
        licence: The terms under which the weights were published.

    Raises:
        BundleError: A file holds no generator of the reference, or the two do not fit together.
    """
    files = {"a_to_b": Path(file)} | ({"b_to_a": Path(other)} if other is not None else {})
    generators = {way: import_generator(named) for way, named in files.items()}
    facts = {"licence": licence, "taken_on_trust": TAKEN_ON_TRUST}
    for way, named in files.items():
        facts[f"{way}_imported_from"] = named.name
        facts[f"{way}_imported_sha256"] = sha256_of(named)
    return Bundle(
        method=method or _guess_method(generators),
        domains=dict(domains),
        generators=generators,
        training_side_px=training_side_px,
        inference_mode=inference_mode,
        facts=dict(facts),
        encodings=_encodings(generators, files),
    )


def export_weights(bundle_folder: Path, out: Path, overwrite: bool = False) -> list[Path]:
    """Write a bundle's generators as the reference saves them, and return the files.

    One direction becomes `latest_net_G.pth`; two become `latest_net_G_A.pth` (a to b) and
    `latest_net_G_B.pth`.

    Args:
        out: The folder to write to; it is made if need be.
        overwrite: Replace files of these names.

    Raises:
        BundleError: The bundle cannot be opened, the reference has no such generator, or the files
            are there already or cannot be written.
    """
    out = Path(out)
    generators = load_bundle(bundle_folder).generators
    ways = [way for way in DIRECTIONS if way in generators]
    endings = ["G"] if len(ways) == 1 else ["G_A", "G_B"]
    states = {
        out / f"latest_net_{ending}.pth": export_state(generators[way], f"{bundle_folder}: {way}")
        for way, ending in zip(ways, endings, strict=True)
    }
    for file in states:
        if file.exists() and not overwrite:
            raise BundleError(f"{file}: is there already. Choose another folder, or --overwrite.")
    for file, state in states.items():
        _write_whole(state, file)
    return list(states)


def _write_whole(state: dict[str, Tensor], file: Path) -> None:
    """Nobody ever sees half a file under its name: write beside it, then rename."""
    unfinished = file.with_name(f".{uuid.uuid4().hex}.part")
    try:
        file.parent.mkdir(parents=True, exist_ok=True)
        with unfinished.open("xb") as stream:
            torch.save(state, stream)
        unfinished.replace(file)
    except OSError as error:
        raise BundleError(
            f"{file}: cannot be written ({error}). Make room, or choose another folder."
        ) from error
    finally:
        unfinished.unlink(missing_ok=True)


def _guess_method(generators: Mapping[str, Generator]) -> str:
    first = generators["a_to_b"]
    if len(generators) > 1:
        return "cyclegan"
    if isinstance(first, UNetGenerator):
        return "pix2pix"
    return "cut" if "blur" in first.arguments.values() else "cyclegan"


def _encodings(
    generators: Mapping[str, Generator], files: Mapping[str, Path]
) -> dict[str, Encoding]:
    """Take three channels for colours and one for grey; other numbers have no name."""
    channels: dict[str, int] = {}
    for way, generator in generators.items():
        for domain, end in zip(way.split("_to_"), ("in_channels", "out_channels"), strict=True):
            found = generator.arguments[end]
            expected = channels.setdefault(domain, found)
            if found != expected:
                raise BundleError(
                    f"{files[way]}: counts {found} channels in the photos of domain {domain}, and "
                    f"{files['a_to_b']} counts {expected}. The two must translate between the same "
                    "domains, in opposite directions."
                )
    return {domain: _encoding(count) for domain, count in channels.items()}


def _encoding(channels: int) -> Encoding:
    if channels == 3:
        return Encoding()
    if channels == 1:
        return Encoding(kind="grey", channels=1)
    return Encoding(kind="bands", channels=channels)
