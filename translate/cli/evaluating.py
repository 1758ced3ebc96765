"""The door `photo-translate evaluate`: a model and held-out photos in, a table out."""

import dataclasses
import sys
from collections.abc import Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Literal

from pydantic import Field
from tyro import cli
from tyro.conf import arg

from translate.cli.guarding import DONE
from translate.config import Settings
from translate.errors import ConfigError
from translate.machine import cache_file
from translate.printing import printable

if TYPE_CHECKING:
    from translate.evaluation.features import Extractor, FeatureExtractor
    from translate.evaluation.results import Evaluation

MISSING = (
    "KID, FID, precision, recall, diversity, structure and perceptual distance are left out: they "
    'need pip install "photo-translate[metrics]".'
)


class EvaluateArguments(Settings):
    """Measure a model's translations of held-out photos, beside what learns nothing.

    Photos without answers: KID, FID, precision, recall, diversity. With exact answers also L1,
    PSNR, SSIM and perceptual distance. Always: how much of a photo's structure is lost, and whether
    bright stays bright. Every number with its 95 % interval.

    Exit code: 0 done; 2 refused.
    """

    model: str  # a bundle: a folder such as runs/x/bundle, or a Hugging Face Hub id
    data: Path  # a data set: testA testB (trainA trainB), or test (train) with side-by-side files
    direction: Literal["a_to_b", "b_to_a", "both"] = "both"
    side_px: int | None = Field(
        None, gt=0, description="side of the squares to translate; none: the model's training side"
    )
    paired: bool = False  # testA/x and testB/x are exact answers; side-by-side files always are
    extractor: Literal["auto", "efficientnet", "inception", "none"] = Field(
        "auto",
        description="sees sets of photos; auto: efficientnet, if it is installed; none: neither "
        "sets nor structure are looked at",
    )
    weights: Path | None = None  # Inception's weights, a file; none: fetched the first time
    most_photos: int = Field(
        2000, gt=1, le=10_000, description="of each domain, spread evenly over those held out"
    )
    seed: int = Field(0, ge=0, lt=2**63)  # of the intervals' resamples
    json_file: Annotated[Path | None, arg(name="json")] = None  # where to write all of it
    against: tuple[Path, ...] = ()  # earlier JSON files to show beside it, of the same protocol
    cache: Path | None = None  # where features are remembered; none: the user's cache folder
    device: str | None = None  # cpu, cuda, cuda:1, mps; none: the fastest there is


def run(words: Sequence[str]) -> int:
    """Evaluate what the command line names."""
    chosen = cli(EvaluateArguments, prog="photo-translate evaluate", args=words)
    _expect_places(chosen)
    found = _evaluate(chosen)
    print(found.to_markdown())  # noqa: T201
    for name, value in found.protocol.items():
        print(f"{name}: {value}", file=sys.stderr)  # noqa: T201
    if chosen.json_file is not None:
        from translate.images.writing import write_whole  # noqa: PLC0415

        write_whole(found.to_json().encode(), chosen.json_file)
        print(f"written: {printable(str(chosen.json_file))}", file=sys.stderr)  # noqa: T201
    return DONE


def _expect_places(chosen: EvaluateArguments) -> None:
    """Refuse before the work what would be found out after it, or what would do harm."""
    from translate.evaluation.feature_cache import expect_file  # noqa: PLC0415
    from translate.images import IMAGE_SUFFIXES  # noqa: PLC0415

    if chosen.cache is not None:
        expect_file(chosen.cache)
    if chosen.json_file is None:
        return
    if chosen.json_file.is_dir():
        raise ConfigError(f"--json: {chosen.json_file} is a folder. Name a file.")
    if chosen.json_file.suffix.lower() in IMAGE_SUFFIXES:
        raise ConfigError(
            f"--json: {chosen.json_file} has the name of a photo, which it would replace. "
            "Name it .json."
        )


def _evaluate(chosen: EvaluateArguments) -> "Evaluation":
    # Imported late: torch comes with it, and --help must not wait for torch.
    from translate.bundle import load_bundle  # noqa: PLC0415
    from translate.evaluation.feature_cache import USUAL, FeatureCache  # noqa: PLC0415
    from translate.evaluation.results import read_evaluation  # noqa: PLC0415
    from translate.evidence.evaluate import Instruments, evaluate  # noqa: PLC0415
    from translate.evidence.photos import photos_of_folder  # noqa: PLC0415
    from translate.inference.choices import choose_direction  # noqa: PLC0415
    from translate.inference.hub import find_bundle  # noqa: PLC0415

    earlier = {str(file): read_evaluation(file) for file in chosen.against}
    bundle = load_bundle(find_bundle(chosen.model))
    side = chosen.side_px or bundle.training_side_px
    directions = [choose_direction(bundle, d) for d in (chosen.direction,) if d != "both"]
    photos = photos_of_folder(chosen.data, bundle.encodings, side, chosen.paired or None)
    extractor, eye = _instruments(chosen)
    with FeatureCache(chosen.cache or cache_file(USUAL)) as cache:
        tools = Instruments(extractor, eye, cache, chosen.seed, chosen.most_photos, chosen.device)
        found = evaluate(bundle, photos, tools, directions, _tell)
    subject = {"model": chosen.model, "data": str(chosen.data), **found.subject}
    return dataclasses.replace(found, subject=subject).beside(earlier)


def _instruments(
    chosen: EvaluateArguments,
) -> tuple["Extractor | None", "FeatureExtractor | None"]:
    """Choose what sees photos: without the extra `metrics` nothing does, unless asked for."""
    from translate.evaluation.features import FeatureExtractor  # noqa: PLC0415
    from translate.inference.choices import choose_device  # noqa: PLC0415

    if chosen.extractor == "none":
        return None, None
    device = choose_device(chosen.device)
    try:
        eye = FeatureExtractor(device)
    except ConfigError:
        if chosen.extractor != "auto":
            raise
        print(MISSING, file=sys.stderr)  # noqa: T201
        return None, None
    if chosen.extractor == "inception":
        from translate.evaluation.inception import InceptionExtractor  # noqa: PLC0415

        # Where there is no place for caches, beside what else is made here.
        kept = cache_file("inception") or Path("inception")
        return InceptionExtractor(chosen.weights, device, kept), eye
    return eye, eye


def _tell(what: str, done: int, total: int) -> None:
    """Say how far it is, on one line of a terminal and nowhere else."""
    if sys.stderr.isatty():
        end = "\n" if done == total else ""
        print(f"\r{what}: {done} of {total} photos", end=end, file=sys.stderr)  # noqa: T201
