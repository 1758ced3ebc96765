import dataclasses
import shutil
from pathlib import Path
from typing import Any

import pytest
import torch

from tests.evaluation_toys import (
    KEPT,
    PHOTOS,
    SETS,
    TinyEye,
    both_ways,
    bundle_of,
    drawn,
    instruments,
    measures,
    photos,
)
from tests.toys import write_data_set, write_photos
from translate.evaluation import sets
from translate.evaluation.feature_cache import FeatureCache
from translate.evaluation.features import ModuleExtractor
from translate.evaluation.results import differences
from translate.evidence import evaluate as module
from translate.evidence.evaluate import evaluate
from translate.evidence.photos import photos_of_folder


@pytest.fixture(autouse=True)
def _few_resamples(monkeypatch: pytest.MonkeyPatch) -> None:
    """Most of the time would go into how sure FID is."""
    monkeypatch.setattr(sets, "FRECHET_RESAMPLES", 5)


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    return write_data_set(tmp_path / "data")


@pytest.fixture
def paired(tmp_path: Path) -> Path:
    for seed, name in enumerate(("trainA", "trainB", "testA", "testB")):
        write_photos(tmp_path / "pairs" / name, seed=seed)
    return tmp_path / "pairs"


def test_the_seed_decides_intervals_and_nothing_else(folder: Path) -> None:
    first, again, other = (
        evaluate(both_ways(), photos(folder), instruments(seed=seed)) for seed in (0, 0, 1)
    )

    assert first == again
    assert [row[:4] for row in first.rows] == [row[:4] for row in other.rows]
    assert first.rows != other.rows
    assert differences(first, other) == ["seed: 0 against 1"]


def test_nothing_random_is_touched(folder: Path) -> None:
    before = torch.get_rng_state()

    evaluate(both_ways(), photos(folder), instruments())

    assert torch.equal(torch.get_rng_state(), before)


def test_a_cache_changes_no_number_and_spares_the_extractor(folder: Path, tmp_path: Path) -> None:
    class Other(TinyEye):
        """An extractor that is not the eye."""

        def __call__(self, images: torch.Tensor) -> torch.Tensor:
            return super().__call__(images).square()

    found, seen = [], []
    for file in (None, tmp_path / "f.sqlite", tmp_path / "f.sqlite"):
        with FeatureCache(file) as cache:
            extractor = Other("other")
            tools = dataclasses.replace(instruments(), extractor=extractor, cache=cache)
            found.append(evaluate(both_ways(), photos(folder), tools))
            seen.append(extractor.seen)

    assert found[0] == found[1] == found[2]
    # Of 4 photos: three ways in two directions; test photos once; training photos once for each.
    assert seen == [24 + 8 + 8, 24 + 8 + 8, 24]


def test_where_eye_and_extractor_are_one_photos_are_looked_at_once(folder: Path) -> None:
    tools = instruments()

    evaluate(both_ways(), photos(folder), tools)

    # Of each direction: 4 sources, 4 translations, 4 of colours moved, 4 real, 4 of training.
    assert tools.eye is not None
    assert getattr(tools.eye, "seen") == 2 * 5 * 4  # noqa: B009


def test_progress_is_told_from_none_to_all(folder: Path) -> None:
    told: list[tuple[str, int, int]] = []

    evaluate(both_ways(), photos(folder), instruments(), progress=lambda *now: told.append(now))

    assert told[0] == ("summer to winter", 0, 4)
    assert told[-1] == ("winter to summer", 4, 4)
    assert ("summer to winter", 4, 4) in told


def test_the_protocol_tells_all_that_numbers_depend_on(folder: Path) -> None:
    protocol = evaluate(both_ways(), photos(folder), instruments(seed=5)).protocol

    assert set(protocol) >= {"photos", "paired", "counts", "view", "side_px", "pixels", "seed"}
    assert protocol["set_features"] == protocol["structure_and_perceptual_features"] == "tiny eye"
    assert protocol["seed"] == 5
    assert "16 px" in protocol["view"]
    assert "averaging" in protocol["view"]  # how photos are resized
    assert "1000 resamples" in protocol["intervals"]


@pytest.mark.parametrize("change", ["photos", "side", "extractor", "pairs"])
def test_what_was_measured_otherwise_has_another_protocol(
    folder: Path, paired: Path, change: str
) -> None:
    first = evaluate(both_ways(), photos(folder), instruments())
    judged, tools = photos(folder), instruments()
    if change == "photos":
        shutil.rmtree(folder / "testB")
        write_photos(folder / "testB", seed=99)
        judged = photos(folder)
    elif change == "side":
        judged = photos_of_folder(folder, PHOTOS, 20, None)
    elif change == "extractor":
        tools = instruments(eye=TinyEye("other"))
    else:
        judged = photos(paired, is_paired=True)

    other = evaluate(both_ways(), judged, tools)

    assert differences(first, other)


def test_the_subject_tells_which_model_it_was(folder: Path) -> None:
    one, same, other = (
        evaluate(bundle_of(a_to_b=generator), photos(folder), instruments()).subject
        for generator in (drawn(seed=1), drawn(seed=1), drawn(seed=2))
    )

    assert one == same
    assert one["domains"] == {"a": "summer", "b": "winter"}
    assert one["fingerprints"].keys() == {"a_to_b"}
    assert one["fingerprints"] != other["fingerprints"]


def test_models_are_tried_on_the_device_that_was_asked_for(
    folder: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    asked: list[Any] = []
    real = module.Translator
    monkeypatch.setattr(module, "Translator", lambda *given: asked.append(given[2]) or real(*given))

    evaluate(both_ways(), photos(folder), instruments(device="cpu"))

    assert asked == ["cpu", "cpu"]


def test_without_eye_and_extractor_pixels_alone_are_measured(paired: Path) -> None:
    tools = dataclasses.replace(instruments(), extractor=None, eye=None)

    found = evaluate(both_ways(), photos(paired, True), tools)

    assert measures(found, "translation") == {"l1", "psnr", "ssim", "luminance"}
    assert measures(found, "real photos") == {"luminance"}
    assert found.protocol["set_features"] is None


def test_any_network_may_look_at_sets(folder: Path) -> None:
    network = torch.nn.Sequential(torch.nn.AdaptiveAvgPool2d(2), torch.nn.Flatten())
    extractor = ModuleExtractor(network, "four means", torch.device("cpu"))
    tools = dataclasses.replace(instruments(), extractor=extractor)

    found = evaluate(both_ways(), photos(folder), tools)

    assert found.protocol["set_features"] == "four means"
    assert measures(found, "translation") == SETS | KEPT
    of_eye = evaluate(both_ways(), photos(folder), instruments())
    for measure in ("kid", "structure"):  # the tiny eye's features are the same four means and 0.1
        value = found.get("a_to_b", "translation", measure).value
        if measure == "structure":
            assert value == of_eye.get("a_to_b", "translation", measure).value
        else:
            assert value != of_eye.get("a_to_b", "translation", measure).value
