"""From pairs of images to a bundle that translates in one direction: the whole path, tiny."""

from pathlib import Path
from typing import Any

import numpy as np
import pytest
import torch
import yaml
from PIL import Image

from tests.toys import TINY_METHOD, TINY_PIX2PIX, TINY_TRAINING, write_data_set
from translate import Translator
from translate.errors import ConfigError
from translate.evaluation.results import read_evaluation
from translate.recipe import Recipe, load_recipe
from translate.recipe.run import run
from translate.training.state import list_states

DATA: dict[str, Any] = {
    "layout": "paired",
    "domain_a": "day",
    "domain_b": "night",
    "load_px": 20,
    "crop_px": 16,
    "test_px": 24,
}
CLASSES = [0, 1, 7]


def recipe(
    home: Path, data: dict[str, Any] | None = None, mode: str = "deterministic", **method: Any
) -> Recipe:
    more = {"log_every_steps": 1, "save_every_steps": 2, "inference_mode": mode}
    values = {
        "method": TINY_PIX2PIX | method,
        "data": DATA | {"folder": str(home / "photos")} | (data or {}),
        "training": TINY_TRAINING | more,
    }
    file = home / "tiny.yaml"
    file.write_text(yaml.safe_dump(values))
    return load_recipe(file, {})


@pytest.fixture
def folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """The same names in trainA and trainB, and in testA and testB: pairs."""
    monkeypatch.chdir(tmp_path)
    write_data_set(tmp_path / "photos")
    return tmp_path


def draw_label_maps(home: Path) -> None:
    """Make label maps of the photos of a: the brighter, the higher the class."""
    for file in (home / "photos").glob("*A/*.png"):
        bright = np.asarray(Image.open(file).convert("L"))
        Image.fromarray(np.array(CLASSES, np.uint8)[bright // 86]).save(file)


@pytest.mark.parametrize("direction", ["a_to_b", "b_to_a"])
def test_a_run_ends_with_a_bundle_of_its_one_direction(folder: Path, direction: str) -> None:
    result = run(recipe(folder, direction=direction))

    assert result.is_finished
    translator = Translator.from_pretrained(result.folder / "bundle")
    assert set(translator.bundle.generators) == {direction}
    assert translator.bundle.method == "pix2pix"
    assert translator(Image.new("RGB", (37, 23))).size == (37, 23)


def test_the_bundle_translates_as_the_recipe_says(folder: Path) -> None:
    for mode in ("eval", "paper", "deterministic"):
        result = run(recipe(folder, mode=mode))
        assert Translator.from_pretrained(result.folder / "bundle").mode == mode


def test_the_bundle_carries_the_running_statistics_of_training(folder: Path) -> None:
    result = run(recipe(folder))

    generator = Translator.from_pretrained(result.folder / "bundle").bundle.generators["a_to_b"]
    means = [value for key, value in generator.state_dict().items() if "running_mean" in key]
    assert means
    assert all(mean.any() for mean in means)


def test_the_evaluation_is_of_its_direction_alone(folder: Path) -> None:
    result = run(recipe(folder, direction="b_to_a"))

    rows = read_evaluation(result.folder / "evaluation.json").rows
    assert {row.direction for row in rows} == {"b_to_a"}
    assert {"l1", "psnr", "ssim"} <= {row.measure for row in rows}


def test_what_was_found_is_said_before_training(
    folder: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    run(recipe(folder))

    said = capsys.readouterr().out
    assert said.startswith("4 pairs of day and night to learn from, 4 held out\n")


def test_label_maps_become_photos(folder: Path) -> None:
    draw_label_maps(folder)

    result = run(recipe(folder, {"kind_a": "labels", "domain_a": "labels"}))

    translator = Translator.from_pretrained(result.folder / "bundle")
    encodings = translator.bundle.encodings
    assert [encodings[domain].kind for domain in "ab"] == ["labels", "photo"]
    assert (
        encodings["a"].channels == translator.bundle.generators["a_to_b"].arguments["in_channels"]
    )
    photo = translator(next((folder / "photos" / "testA").iterdir()))
    assert (photo.mode, photo.size) == ("RGB", (24, 24))


def test_photos_become_label_maps_of_the_classes_there_were(folder: Path) -> None:
    draw_label_maps(folder)

    result = run(recipe(folder, {"kind_a": "labels"}, direction="b_to_a"))

    translator = Translator.from_pretrained(result.folder / "bundle")
    label_map = translator(next((folder / "photos" / "testB").iterdir()))
    assert set(np.unique(label_map)) <= set(CLASSES)
    found = read_evaluation(result.folder / "evaluation.json")
    assert 0 <= found.get("b_to_a", "input unchanged", "l1").value <= 1


def test_grey_photos_become_colours(folder: Path) -> None:
    result = run(recipe(folder, {"kind_a": "grey"}))

    bundle = Translator.from_pretrained(result.folder / "bundle").bundle
    assert bundle.generators["a_to_b"].arguments["in_channels"] == 1
    assert bundle.generators["a_to_b"].arguments["out_channels"] == 3


def test_single_photos_are_enough_where_pairs_are_derived_from_them(folder: Path) -> None:
    data = {"layout": "derived", "folder": str(folder / "photos" / "trainA"), "test_share": 0.5}

    result = run(recipe(folder, data | {"degradation": {"name": "greyscale"}}))

    found = read_evaluation(result.folder / "evaluation.json")
    assert 0 <= found.get("a_to_b", "translation", "l1").value <= 1


def test_a_resumed_run_ends_with_the_weights_of_a_straight_one(folder: Path) -> None:
    straight = run(recipe(folder), folder / "straight")
    again = run(recipe(folder), folder / "again")
    last = list_states(again.folder / "state")[-1]
    for file in last.iterdir():
        file.unlink()
    last.rmdir()  # as if the run had been stopped after its first epoch

    resumed = run(recipe(folder), again.folder, resume="latest")

    first, second = (
        Translator.from_pretrained(result.folder / "bundle").bundle.generators["a_to_b"]
        for result in (straight, resumed)
    )
    weights = second.state_dict()
    assert all(torch.equal(value, weights[key]) for key, value in first.state_dict().items())


def test_cyclegan_learns_from_paired_folders_too(folder: Path) -> None:
    file = folder / "cyclegan.yaml"
    data = DATA | {"folder": str(folder / "photos")}
    values = {"method": TINY_METHOD, "data": data, "training": TINY_TRAINING}
    file.write_text(yaml.safe_dump(values))

    assert run(load_recipe(file, {})).is_finished


def test_a_cyclegan_between_domains_of_other_channels_is_told_what_to_leave_out(
    folder: Path,
) -> None:
    file = folder / "cyclegan.yaml"
    data = DATA | {"folder": str(folder / "photos"), "kind_b": "grey"}
    values = {"method": TINY_METHOD, "data": data, "training": TINY_TRAINING}
    file.write_text(yaml.safe_dump(values))

    with pytest.raises(ConfigError, match=r"identity_weight: .*3 and 1 channels.* Set it to 0"):
        run(load_recipe(file, {}))
    assert not (folder / "runs").exists()


@pytest.mark.parametrize(
    ("data", "message"),
    [
        (
            {"crop_px": 20},
            r"data\.crop_px: must be at least \d+ and a multiple of 8 for these networks, got 20\. "
            r"Use 16 or 24; or keep 20: method\.generator\.depth could be 2\.",
        ),
        ({"crop_px": 4}, r"data\.crop_px: must be at least 8 .*got 4\. Use 8\.$"),
        ({"test_px": 23}, r"data\.test_px: .*got 23\. Use 16 or 24; or keep 23: no method\.gen"),
    ],
)
def test_squares_that_do_not_fit_the_depth_are_refused_at_once(
    folder: Path, data: dict[str, Any], message: str
) -> None:
    with pytest.raises(ConfigError, match=message):
        run(recipe(folder, data))
    assert not (folder / "runs").exists()
