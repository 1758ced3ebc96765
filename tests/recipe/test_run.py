"""From two folders of photos to a bundle that translates: the whole path, tiny."""

import json
from pathlib import Path
from typing import Any

import pytest
import torch
import yaml
from PIL import Image

from tests.toys import TINY_METHOD, TINY_TRAINING, write_data_set, write_photos
from translate import Translator
from translate.errors import ConfigError
from translate.evaluation.results import read_evaluation
from translate.recipe import Recipe, load_recipe
from translate.recipe.run import run
from translate.training.state import list_states
from translate.training.trainer import Trainer

DATA: dict[str, Any] = {
    "domain_a": "summer",
    "domain_b": "winter",
    "load_px": 20,
    "crop_px": 16,
    "test_px": 24,
    "test_is_paired": True,
}
TRAINING = TINY_TRAINING | {"log_every_steps": 1, "save_every_steps": 2}


def recipe(home: Path, **data: Any) -> Recipe:
    data = DATA | {"folder": str(home / "photos")} | data
    file = home / "tiny.yaml"
    file.write_text(yaml.safe_dump({"method": TINY_METHOD, "data": data, "training": TRAINING}))
    return load_recipe(file, {})


@pytest.fixture
def folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.chdir(tmp_path)
    write_data_set(tmp_path / "photos")
    return tmp_path


def test_a_run_ends_with_a_bundle_that_translates(
    folder: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    result = run(recipe(folder))

    assert result.is_finished
    assert result.folder == Path("runs/tiny")
    translator = Translator.from_pretrained(result.folder / "bundle", direction="b_to_a")
    assert translator(Image.new("RGB", (37, 23))).size == (37, 23)
    said = capsys.readouterr().out
    for made in ("runs/tiny/bundle", "runs/tiny/samples/epoch_0002.png", "runs/tiny/report.html"):
        assert made in said
        assert Path(made).exists()


def test_the_bundle_holds_the_averaged_weights_and_the_facts(
    folder: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    trainers: list[Trainer] = []
    train = Trainer.train
    monkeypatch.setattr(Trainer, "train", lambda self: trainers.append(self) or train(self))

    bundle = Translator.from_pretrained(run(recipe(folder)).folder / "bundle").bundle

    averaged = trainers[0].stepper.averages.models["generator_ab"].module.state_dict()
    kept = bundle.generators["a_to_b"].state_dict()
    assert all(torch.equal(kept[key], value) for key, value in averaged.items())
    assert bundle.domains == {"a": "summer", "b": "winter"}
    assert bundle.facts["steps"] == 4
    assert bundle.data_fingerprint


def test_the_evaluation_compares_with_colour_transfer_and_with_doing_nothing(folder: Path) -> None:
    found = read_evaluation(run(recipe(folder)).folder / "evaluation.json")

    for way in ("translation", "colour transfer", "input unchanged"):
        for direction in ("a_to_b", "b_to_a"):
            assert found.get(direction, way, "l1").value >= 0


def test_without_exact_answers_nothing_is_compared_with_them(folder: Path) -> None:
    result = run(recipe(folder, test_is_paired=False))

    measures = {row.measure for row in read_evaluation(result.folder / "evaluation.json").rows}
    assert measures == {"luminance"}  # and features of four photos would say nothing


def test_two_folders_are_enough(folder: Path) -> None:
    own = {"folder_a": str(folder / "photos/trainA"), "folder_b": str(folder / "photos/trainB")}

    result = run(recipe(folder, **own, folder=None, test_is_paired=False))

    assert (result.folder / "samples" / "epoch_0000.png").exists()
    assert (result.folder / "bundle" / "model.json").exists()


def test_a_second_run_of_the_name_gets_a_folder_of_its_own(folder: Path) -> None:
    first, second = run(recipe(folder)), run(recipe(folder))

    assert (first.folder, second.folder) == (Path("runs/tiny"), Path("runs/tiny-2"))


def test_latest_goes_on_to_the_end_of_the_same_run(folder: Path) -> None:
    straight = run(recipe(folder), folder / "straight")
    again = run(recipe(folder), folder / "again")
    last = list_states(again.folder / "state")[-1]
    for file in last.iterdir():
        file.unlink()
    last.rmdir()  # as if the run had been stopped after its first epoch

    resumed = run(recipe(folder), again.folder, resume="latest")

    models = [json.loads((r.folder / "bundle/model.json").read_text()) for r in (straight, resumed)]
    weights = [m["directions"]["a_to_b"]["sha256"] for m in models]
    assert weights[0] == weights[1]


def test_a_run_is_not_resumed_with_another_recipe(folder: Path) -> None:
    run(recipe(folder), folder / "run")

    with pytest.raises(ConfigError, match=r"data\.flip: was True, is now False"):
        run(recipe(folder, flip=False), folder / "run", resume="latest")


def test_a_built_in_data_set_is_drawn_as_its_card_says(folder: Path) -> None:
    card = {
        "title": "Scenes",
        "licence": "MIT",
        "scenes": {"side_px": 24, "train": 2, "test": 1, "b": {"season": "winter"}},
    }
    (folder / "scenes.yaml").write_text(yaml.safe_dump(card))

    result = run(recipe(folder, folder=str(folder / "scenes")))

    assert len(list((folder / "scenes" / "trainA").iterdir())) == 2
    assert "Scenes" in (result.folder / "bundle" / "README.md").read_text()


def test_more_photos_of_one_domain_than_of_the_other_are_fine(folder: Path) -> None:
    write_photos(folder / "few", count=1)

    result = run(
        recipe(
            folder,
            folder=None,
            folder_a=str(folder / "photos/trainA"),
            folder_b=str(folder / "few"),
            test_is_paired=False,
        )
    )

    assert result.is_finished


@pytest.mark.parametrize("text", ["data: {folder: photos}", "a: ["])
def test_a_yaml_that_is_no_card_beside_the_photos_is_left_alone(folder: Path, text: str) -> None:
    (folder / "photos.yaml").write_text(text)
    card = (run(recipe(folder)).folder / "bundle" / "README.md").read_text()

    assert "licence: unknown" in card
    assert "photos of the user's own" in card


def test_a_bad_card_is_told_before_training(folder: Path) -> None:
    (folder / "photos.yaml").write_text("title: only a title")

    with pytest.raises(ConfigError, match=r"photos\.yaml has a problem:\n  licence: missing"):
        run(recipe(folder))
    assert not (folder / "runs").exists()


def test_own_folders_do_not_inherit_the_licence_of_the_recipes_data_set(folder: Path) -> None:
    (folder / "scenes.yaml").write_text("title: Scenes\nlicence: MIT\nscenes: {train: 1}\n")
    own = {"folder_a": str(folder / "photos/trainA"), "folder_b": str(folder / "photos/trainB")}

    result = run(recipe(folder, folder=str(folder / "scenes"), **own, test_is_paired=False))

    assert "Scenes" not in (result.folder / "bundle" / "README.md").read_text()
    assert not (folder / "scenes").exists()


@pytest.mark.parametrize(
    ("data", "message"),
    [
        ({"crop_px": 18}, r"data\.crop_px: must be at least \d+ and a multiple of 4.*Use 16 or 20"),
        ({"crop_px": 4}, r"data\.crop_px: must be at least 8.*got 4\. Use 8"),
        ({"test_px": 23}, r"data\.test_px: .*got 23\. Use 20 or 24"),
    ],
)
def test_squares_that_the_networks_cannot_take_are_refused_at_once(
    folder: Path, data: dict[str, Any], message: str
) -> None:
    with pytest.raises(ConfigError, match=message):
        run(recipe(folder, **data))
    assert not (folder / "runs").exists()


def test_a_tracker_writes_into_the_runs_folder(folder: Path) -> None:
    chosen = recipe(folder)
    training = chosen.training.model_copy(update={"trackers": ("tensorboard",)})

    result = run(chosen.model_copy(update={"training": training}))

    assert list(result.folder.rglob("events.out.tfevents*"))
    assert {entry.name for entry in folder.iterdir()} == {"photos", "runs", "tiny.yaml"}
