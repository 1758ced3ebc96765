"""What is found in a whole data set, and how it is told."""

import json
import shutil
from pathlib import Path

import numpy as np
import pytest

from tests.doctor_toys import (
    examine_quickly,
    kinds_of,
    pair_of,
    save,
    texture,
    write_pairs,
    write_textures,
    write_unpaired,
)
from translate.doctor import domains as domains_module
from translate.doctor import examining as examining_module
from translate.doctor.examining import Diagnosis
from translate.doctor.findings import Finding
from translate.doctor.telling import tell, to_json
from translate.errors import DataError


def finding_of(diagnosis: Diagnosis, kind: str) -> Finding:
    (found,) = [finding for finding in diagnosis.findings if finding.kind == kind]
    return found


@pytest.fixture
def _few_are_enough(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("translate.doctor.findings.of_files.FEW", 2)


pytestmark = pytest.mark.usefixtures("_few_are_enough")


def test_nothing_serious_is_said_of_a_good_data_set(tmp_path: Path) -> None:
    diagnosis = examine_quickly(write_unpaired(tmp_path))

    assert not diagnosis.is_serious
    assert kinds_of(diagnosis) == {"brightness_gap": 0}


@pytest.mark.parametrize(
    ("source", "place", "kind", "weight"),
    [
        ("trainA/0001.png", "trainA/new.png", "copies", "warning"),
        ("trainA/0001.png", "testA/new.png", "leaks", "serious"),
        ("trainA/0001.png", "trainB/new.png", "shared", "serious"),
        ("trainA/0001.png", "testB/new.png", "shared", "serious"),
    ],
)
def test_a_photo_that_is_there_twice_is_told(
    tmp_path: Path, source: str, place: str, kind: str, weight: str
) -> None:
    write_unpaired(tmp_path)
    shutil.copy(tmp_path / source, tmp_path / place)

    found = finding_of(examine_quickly(tmp_path), kind)

    assert (found.weight, found.count) == (weight, 1)
    (item,) = found.items
    assert set(item.names) == {source, place}
    assert item.words == "the same file"
    assert {image.file for image in item.images} == {tmp_path / source, tmp_path / place}


def test_files_of_no_use_are_serious_and_named(tmp_path: Path) -> None:
    write_unpaired(tmp_path)
    (tmp_path / "trainA" / "empty.png").write_bytes(b"")
    (tmp_path / "testB" / "text.jpg").write_text("no photo")

    found = finding_of(examine_quickly(tmp_path), "unreadable")

    assert (found.weight, found.count) == ("serious", 2)
    assert [(item.names, item.words) for item in found.items] == [
        (("trainA/empty.png",), "is empty (0 bytes)"),
        (("testB/text.jpg",), "is not an image, or its head is damaged"),
    ]


def test_photos_smaller_than_the_crop_are_told(tmp_path: Path) -> None:
    write_unpaired(tmp_path)
    save(tmp_path / "trainA" / "small.png", texture(77, 40, 28))
    save(tmp_path / "testA" / "small.png", texture(78, 30, 20))  # is only looked at

    found = finding_of(examine_quickly(tmp_path, crop_px=32), "small")

    assert [item.names for item in found.items] == [("trainA/small.png",)]
    assert "leave them out" in found.advice
    everything = finding_of(examine_quickly(tmp_path, crop_px=64), "small")
    assert everything.count == 13
    assert "set data.crop_px to 28 at most" in everything.advice


def test_flat_and_grey_photos_are_told(tmp_path: Path) -> None:
    write_unpaired(tmp_path, 8)
    save(tmp_path / "trainA" / "black.png", np.full((48, 48, 3), 3, np.uint8))
    grey = np.repeat(texture(99).mean(axis=2, keepdims=True), 3, axis=2).astype(np.uint8)
    save(tmp_path / "trainA" / "grey.png", grey)

    diagnosis = examine_quickly(tmp_path)

    assert [i.names for i in finding_of(diagnosis, "flat").items] == [("trainA/black.png",)]
    assert [i.names for i in finding_of(diagnosis, "grey").items] == [("trainA/grey.png",)]


def test_a_domain_without_colour_is_no_mistake(tmp_path: Path) -> None:
    write_textures(tmp_path / "trainB", range(8))
    for seed in range(20, 28):
        grey = np.repeat(texture(seed).mean(axis=2, keepdims=True), 3, axis=2).astype(np.uint8)
        save(tmp_path / "trainA" / f"{seed}.png", grey)

    assert "grey" not in kinds_of(examine_quickly(tmp_path))


def test_a_gap_in_brightness_is_told_in_numbers(tmp_path: Path) -> None:
    write_textures(tmp_path / "trainA", range(4))
    write_textures(tmp_path / "trainB", range(10, 14), bright=0.2)

    found = finding_of(examine_quickly(tmp_path), "brightness_gap")

    assert found.title.startswith("A is brighter: mean luminance 5")
    assert found.weight == "note"


def test_shapes_that_differ_are_told(tmp_path: Path) -> None:
    write_textures(tmp_path, range(4))
    save(tmp_path / "wide.png", texture(9, 160, 40))

    assert "1.00 to 4.00 times" in finding_of(examine_quickly(tmp_path), "shapes").title


def test_shifted_and_mixed_up_pairs_are_serious(tmp_path: Path) -> None:
    write_pairs(tmp_path / "train", 16)
    write_pairs(tmp_path / "train", 1, first=30, right=6)
    (a, _), (_, b) = pair_of(50), pair_of(51)
    save(tmp_path / "train" / "wrong.png", np.concatenate([a, b], axis=1))

    diagnosis = examine_quickly(tmp_path)

    shifted, strange = (finding_of(diagnosis, kind) for kind in ("shifted", "strangers"))
    assert (shifted.weight, shifted.count) == ("serious", 1)
    assert shifted.items[0].names == ("train/0030.png",)
    assert shifted.items[0].words.startswith("B lies 6 px to the right:")
    assert strange.items[0].names == ("train/wrong.png",)
    assert [image.half for image in strange.items[0].images] == ["left", "right"]


def test_photos_that_are_all_learned_from_cannot_be_measured(tmp_path: Path) -> None:
    write_textures(tmp_path, range(4))

    assert finding_of(examine_quickly(tmp_path), "no_test").weight == "note"


def test_few_photos_are_told(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("translate.doctor.findings.of_files.FEW", 50)

    found = finding_of(examine_quickly(write_unpaired(tmp_path)), "few")

    assert found.title == "there are few photos to learn from: 6 of A and 6 of B"


def test_a_data_set_of_broken_files_is_refused(tmp_path: Path) -> None:
    for name in ("a.png", "b.png"):
        (tmp_path / name).write_bytes(b"")

    with pytest.raises(DataError, match=r"none of its 2 photos can be used. The first: a.png is"):
        examine_quickly(tmp_path)


def test_serious_things_are_told_first_each_with_advice(tmp_path: Path) -> None:
    write_unpaired(tmp_path)
    shutil.copy(tmp_path / "trainA" / "0001.png", tmp_path / "trainA" / "new.png")
    shutil.copy(tmp_path / "trainA" / "0002.png", tmp_path / "testA" / "new.png")

    lines = list(tell(examine_quickly(tmp_path)))

    assert lines[0] == (
        f"{tmp_path.name}: train 7 of A and 6 of B, test 7 of A and 6 of B "
        "(trainA and trainB: unpaired; testA and testB: unpaired)"
    )
    assert [line.partition(":")[0] for line in lines[1:-1:2]] == ["serious", "warning", "note"]
    assert all(line.startswith("  ") for line in lines[2:-1:2])
    assert lines[-1].startswith("not looked at: how separable")


def test_everything_is_in_the_json_whatever_names_are_made_of(tmp_path: Path) -> None:
    write_unpaired(tmp_path)
    strange = 'näme <b>"x"\u202e.png'
    shutil.copy(tmp_path / "trainA" / "0001.png", tmp_path / "trainA" / strange)

    text = to_json(examine_quickly(tmp_path))

    told = json.loads(text)
    assert text.isascii()
    assert told["is_serious"] is False
    assert told["domains"]["a"]["images"] == 13
    (copies,) = [f for f in told["findings"] if f["kind"] == "copies"]
    assert f"trainA/{strange}" in copies["items"][0]["names"]
    assert copies["items"][0]["distance"] == 0


def test_without_the_package_for_features_it_says_so_and_goes_on(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    def missing() -> None:
        from translate.errors import ConfigError

        raise ConfigError("not installed")

    monkeypatch.setattr("translate.evaluation.features._load_network", missing)

    diagnosis = examine_quickly(write_unpaired(tmp_path), sample=10)

    assert diagnosis.separation is None
    assert 'pip install "photo-translate[metrics]"' in list(tell(diagnosis))[-1]


def test_domains_are_told_apart_and_a_photo_on_the_wrong_side_is_found(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(
        examining_module,
        "load_extractor",
        lambda: (lambda views: views.mean(axis=(1, 2)).astype(np.float32), ""),
    )
    write_unpaired(tmp_path, 24)
    save(tmp_path / "trainB" / "day.png", texture(500))

    diagnosis = examine_quickly(tmp_path, sample=100)

    assert diagnosis.separation is not None
    assert diagnosis.separation.by_brightness.value > 0.9
    found = finding_of(diagnosis, "suspicious")
    assert "trainB/day.png" in [item.names[0] for item in found.items]
    assert "looks like A" in found.items[0].words
    assert diagnosis.remark == ""


def test_too_few_photos_to_tell_domains_apart_are_told(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    features = np.zeros((1, 3), np.float32)
    monkeypatch.setattr(examining_module, "load_extractor", lambda: (lambda views: features, ""))

    diagnosis = examine_quickly(write_unpaired(tmp_path), sample=10)

    assert "too few photos of one of them" in diagnosis.remark
    assert domains_module.FEWEST > 12


@pytest.mark.real_data
@pytest.mark.parametrize(
    ("name", "kinds"),
    [("summer2winter", {"near_copies": 1}), ("day2night", {})],
)
def test_cleaned_sets_are_clean(real_data: Path, name: str, kinds: dict[str, int]) -> None:
    """Their makers removed twins; one mirrored photo of winter was not noticed."""
    told = kinds_of(examine_quickly(real_data / name, crop_px=256))

    twins = ("copies", "near_copies", "leaks", "shared", "unreadable", "small")
    assert {kind: told[kind] for kind in twins if kind in told} == kinds


@pytest.mark.real_data
@pytest.mark.slow
@pytest.mark.parametrize(
    ("name", "least", "most"), [("day2night", 0.94, 1.0), ("summer2winter", 0.70, 0.85)]
)
def test_real_domains_are_as_separable_as_their_makers_say(
    real_data: Path, name: str, least: float, most: float
) -> None:
    pytest.importorskip("efficientnet_lite_pytorch")
    separation = examine_quickly(real_data / name, sample=80).separation

    assert separation is not None
    assert least <= separation.by_features.value <= most
    assert (separation.by_brightness.value > 0.9) == (name == "day2night")
