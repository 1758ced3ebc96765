import json
import shutil
from pathlib import Path
from typing import Any

import pytest
import torch
from PIL import Image

from tests.run_toys import evaluation, write_run
from tests.toys import noise
from translate.errors import ConfigError, TrainingError
from translate.evidence.comparison import open_runs, write_comparison
from translate.evidence.model_pictures import Subject
from translate.images import Encoding


@pytest.fixture
def runs(tmp_path: Path) -> list[Path]:
    return [write_run(tmp_path / name, seed) for seed, name in enumerate(("one", "two"))]


def compared(runs: list[Path], **more: Any) -> str:
    page = runs[0].parent / "compare.html"
    return write_comparison(runs, page, **more).read_text(encoding="utf-8")


def test_only_settings_that_differ_are_listed(runs: list[Path]) -> None:
    told = compared(runs)

    assert '<th scope="row">training.seed</th><td>0</td><td>1</td>' in told
    assert "training.batch_size" not in told


def test_runs_of_one_recipe_are_said_to_be(runs: list[Path]) -> None:
    shutil.copy(runs[0] / "recipe.yaml", runs[1] / "recipe.yaml")

    assert "Their recipes say the same" in compared(runs)


def test_evaluations_stand_side_by_side(runs: list[Path]) -> None:
    assert "None of the runs holds an evaluation." in compared(runs)
    (runs[0] / "evaluation.json").write_text(json.dumps(evaluation(42.0)))
    assert "Not evaluated: two." in compared(runs)
    (runs[1] / "evaluation.json").write_text(json.dumps(evaluation(52.0)))

    told = compared(runs)

    assert '<th scope="col" class="number">two</th>' in told
    assert "Not evaluated" not in told


def test_evaluations_of_another_protocol_stand_apart(runs: list[Path]) -> None:
    for run, side_px in zip(runs, (16, 64), strict=True):
        (run / "evaluation.json").write_text(json.dumps(evaluation(side_px=side_px)))

    told = compared(runs)

    assert "two: measured otherwise than one" in told
    assert "side_px: 16 against 64" in told


@pytest.mark.parametrize("kind", ["picture", "tensor"])
def test_the_same_photos_go_through_every_model(runs: list[Path], kind: str) -> None:
    photos = [Subject.of_tensor(noise(3, 16, 16, seed=i), Encoding()) for i in range(3)]
    if kind == "picture":
        photos = [Subject(photo.shown, photo.shown) for photo in photos]

    told = compared(runs, subjects={"a_to_b": photos})

    assert told.count('<figure class="thumbnail">') == 3 * 3  # a photo, and two translations
    assert "<h3>summer to winter (a_to_b)</h3>" in told
    assert "one: the model in bundle." in told


def test_models_with_other_weights_make_other_pictures(runs: list[Path]) -> None:
    photo = Subject.of_tensor(noise(3, 16, 16), Encoding())

    pictures = compared(runs, subjects={"a_to_b": [photo]}).split('<figure class="thumbnail">')[1:]

    assert len({picture.partition("base64,")[2][:200] for picture in pictures}) == 3


def test_a_run_whose_model_is_missing_or_damaged_is_told_and_the_others_shown(
    runs: list[Path], tmp_path: Path
) -> None:
    runs += [write_run(tmp_path / "three"), write_run(tmp_path / "four")]
    shutil.rmtree(runs[1] / "bundle")
    (runs[2] / "bundle" / "a_to_b.safetensors").write_bytes(b"damaged")

    photo = Subject.of_tensor(torch.zeros(3, 16, 16), Encoding())
    told = compared(runs, subjects={"a_to_b": [photo]})

    assert "two has no bundle yet." in told
    assert "three: " in told
    assert "a_to_b.safetensors" in told
    assert told.count('<figure class="thumbnail">') == 3


def test_without_photos_the_runs_own_grids_are_shown_and_it_is_said_why(runs: list[Path]) -> None:
    told = compared(runs)

    assert told.count('<figure class="film"') == 2
    assert "the runs&#x27; own sample grids" in told


def test_the_bundle_of_the_best_is_taken_where_it_is_wanted_and_there(runs: list[Path]) -> None:
    shutil.copytree(runs[0] / "bundle", runs[0] / "bundle_best")
    photo = Subject(Image.new("RGB", (16, 16)), Image.new("RGB", (16, 16)))

    told = compared(runs, subjects={"a_to_b": [photo]}, which="best")

    assert "one: the model in bundle_best." in told
    assert "two: the model in bundle." in told


def test_runs_of_one_name_are_told_apart_by_their_folders(tmp_path: Path) -> None:
    runs = [write_run(tmp_path / name / "snow") for name in ("mine", "yours")]

    assert list(open_runs(runs)) == ["mine/snow", "yours/snow"]


def test_a_comparison_takes_two_different_runs(runs: list[Path], tmp_path: Path) -> None:
    with pytest.raises(ConfigError, match="takes two runs or more, got 1"):
        open_runs(runs[:1])
    with pytest.raises(ConfigError, match=r"one/\.: is named twice|one: is named twice"):
        open_runs([runs[0], runs[0] / "."])
    with pytest.raises(TrainingError, match="is no run"):
        open_runs([runs[0], tmp_path])
