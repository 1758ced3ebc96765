import math
import shutil
from pathlib import Path

import pytest
import torch

from tests.evaluation_toys import (
    KEPT,
    NEARNESS,
    SETS,
    TinyEye,
    both_ways,
    bundle_of,
    drawn,
    instruments,
    measures,
    photos,
    unchanging,
    ways,
)
from tests.pair_toys import noise_image, write_image
from tests.toys import write_data_set, write_photos
from translate.errors import BundleError, DataError
from translate.evaluation import sets
from translate.evaluation.features import FeatureExtractor
from translate.evaluation.results import Evaluation, differences
from translate.evidence.evaluate import evaluate


@pytest.fixture(autouse=True)
def _few_resamples(monkeypatch: pytest.MonkeyPatch) -> None:
    """Most of the time would go into how sure FID is."""
    monkeypatch.setattr(sets, "FRECHET_RESAMPLES", 5)


def numbers(found: Evaluation, way: str) -> dict[tuple[str, str], tuple[float, ...]]:
    return {(row.direction, row.measure): row[3:] for row in found.rows if row.way == way}


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    return write_data_set(tmp_path / "data")


@pytest.fixture
def paired(tmp_path: Path) -> Path:
    for seed, name in enumerate(("trainA", "trainB", "testA", "testB")):
        write_photos(tmp_path / "pairs" / name, seed=seed)
    return tmp_path / "pairs"


def test_photos_without_answers_are_measured_as_sets_and_by_what_is_kept(folder: Path) -> None:
    found = evaluate(both_ways(), photos(folder), instruments())

    for direction in ("a_to_b", "b_to_a"):
        assert ways(found, direction)[:4] == [
            "translation",
            "colour transfer",
            "input unchanged",
            "real photos",
        ]
        for way in ways(found, direction)[:4]:
            assert measures(found, way, direction) == SETS | KEPT, way


def test_photos_with_answers_are_also_measured_by_how_near_these_are(paired: Path) -> None:
    found = evaluate(both_ways(), photos(paired, is_paired=True), instruments())

    for way in ("translation", "colour transfer", "input unchanged"):
        assert measures(found, way) == SETS | KEPT | NEARNESS, way
    assert measures(found, "real photos") == SETS | KEPT


def test_every_number_comes_with_its_interval(paired: Path) -> None:
    found = evaluate(both_ways(), photos(paired, is_paired=True), instruments())

    for row in found.rows:
        assert math.isfinite(row.value), row
        assert row.low <= row.high, row


def test_a_photo_that_was_left_as_it_is_lost_no_structure_and_no_light(folder: Path) -> None:
    found = evaluate(both_ways(), photos(folder), instruments())

    for direction in ("a_to_b", "b_to_a"):
        assert found.get(direction, "input unchanged", "structure") == (0, 0, 0)
        assert found.get(direction, "input unchanged", "luminance") == pytest.approx(
            (1, 1, 1), abs=1e-6
        )
        assert found.get(direction, "translation", "structure").low > 0


def test_a_model_that_changes_nothing_has_the_numbers_of_the_input_unchanged(
    paired: Path,
) -> None:
    bundle = bundle_of(a_to_b=unchanging(), b_to_a=unchanging())

    for is_paired in (False, True):
        found = evaluate(bundle, photos(paired, is_paired), instruments())
        translated, unchanged = (numbers(found, w) for w in ("translation", "input unchanged"))
        assert translated.keys() == unchanged.keys()
        for key, estimate in translated.items():
            assert estimate == pytest.approx(unchanged[key], abs=1e-5), key
        gained = numbers(found, "translation minus input unchanged")
        assert all(value == pytest.approx((0, 0, 0), abs=1e-5) for value in gained.values())


def test_two_sets_of_the_same_photos_are_of_one_kind(tmp_path: Path) -> None:
    for name in ("testA", "testB"):
        write_photos(tmp_path / name, count=9)

    found = evaluate(bundle_of(a_to_b=unchanging()), photos(tmp_path), instruments())

    assert found.get("a_to_b", "translation", "kid").value <= 0
    assert found.get("a_to_b", "translation", "fid").value == pytest.approx(0, abs=1e-6)
    assert found.get("a_to_b", "translation", "precision").value == 1
    assert found.get("a_to_b", "translation", "diversity").value == pytest.approx(1)


def test_nearness_to_flat_answers_is_by_hand(tmp_path: Path) -> None:
    for name, level in {"testA": 100, "testB": 151}.items():
        for i in range(2):
            flat = noise_image(16, 16) * 0 + level
            write_image(tmp_path / name / f"{i}.png", flat.astype("uint8"))

    found = evaluate(bundle_of(a_to_b=unchanging()), photos(tmp_path, True), instruments())

    assert found.get("a_to_b", "translation", "l1") == pytest.approx((0.2, 0.2, 0.2), abs=1e-6)
    decibels = 20 * math.log10(1 / 0.2)
    assert found.get("a_to_b", "translation", "psnr").value == pytest.approx(decibels, abs=1e-4)
    assert found.get("a_to_b", "translation", "luminance") == (0, 0, 0)  # there is none to follow


def test_answers_that_are_met_exactly_are_infinitely_near(tmp_path: Path) -> None:
    for name in ("testA", "testB"):
        write_photos(tmp_path / name)

    found = evaluate(bundle_of(a_to_b=unchanging()), photos(tmp_path, True), instruments())

    assert found.get("a_to_b", "translation", "l1") == (0, 0, 0)
    assert found.get("a_to_b", "translation", "psnr").value == math.inf
    assert found.get("a_to_b", "translation", "ssim").value == pytest.approx(1)
    assert found.get("a_to_b", "translation", "perceptual").value == pytest.approx(0, abs=1e-9)


def test_without_training_photos_there_is_neither_their_floor_nor_a_colour_transfer(
    folder: Path,
) -> None:
    shutil.rmtree(folder / "trainB")

    found = evaluate(both_ways(), photos(folder), instruments())

    assert "colour transfer" not in ways(found)
    assert measures(found, "real photos") == KEPT
    assert found.protocol["counts"]["a_to_b"] == {"translated": 4, "real": 4}


def test_every_photo_counts_once_although_the_shorter_list_begins_again(tmp_path: Path) -> None:
    for seed, (name, count) in enumerate(
        {"testA": 7, "testB": 3, "trainA": 5, "trainB": 6}.items()
    ):
        write_photos(tmp_path / name, count, seed=seed)

    found = evaluate(both_ways(), photos(tmp_path), instruments())

    assert found.protocol["counts"] == {
        "a_to_b": {"translated": 7, "real": 3, "training": 6},
        "b_to_a": {"translated": 3, "real": 7, "training": 3},
    }
    told = instruments(most_photos=2)
    few = evaluate(both_ways(), photos(tmp_path), told).protocol["counts"]
    assert few["a_to_b"] == few["b_to_a"] == {"translated": 2, "real": 2, "training": 2}


def test_sets_are_all_photos_of_a_kind_and_their_translations(tmp_path: Path) -> None:
    """Restated: features of each set, compared by the room that compares sets."""
    from translate.evaluation.sets import score_sets
    from translate.inference.translator import Translator

    for seed, (name, count) in enumerate(
        {"testA": 7, "testB": 5, "trainA": 9, "trainB": 9}.items()
    ):
        write_photos(tmp_path / name, count, seed=seed)
    bundle, judged, eye = both_ways(), photos(tmp_path), TinyEye()
    sources, reals = (torch.cat(list(judged.each(domain, 99))) for domain in "ab")
    assert judged.learned is not None
    learned = torch.cat(list(judged.learned.each("b", 7)))
    translated = Translator(bundle, "a_to_b")(sources)
    rounded = ((translated + 1) * 127.5).round() / 127.5 - 1

    found = evaluate(bundle, judged, instruments(seed=3))

    for way, images in {
        "translation": rounded,
        "input unchanged": sources,
        "real photos": learned,
    }.items():
        expected = score_sets(eye(reals), eye(images), seed=3)
        assert found.get("a_to_b", way, "fid") == pytest.approx(expected.fid, rel=1e-4, abs=1e-5)
        kid = expected.kid.scaled(1000)
        assert found.get("a_to_b", way, "kid") == pytest.approx(kid, rel=1e-3, abs=1e-3)
        assert found.get("a_to_b", way, "recall") == expected.recall


def test_only_the_directions_that_there_are_or_that_were_asked_for_are_measured(
    folder: Path,
) -> None:
    one = evaluate(bundle_of(b_to_a=drawn()), photos(folder), instruments())
    asked = evaluate(both_ways(), photos(folder), instruments(), ["b_to_a"])

    for found in (one, asked):
        assert {row.direction for row in found.rows} == {"b_to_a"}
        assert list(found.protocol["counts"]) == ["b_to_a"]
    assert differences(one, asked) == []


def test_a_direction_that_there_is_not_is_refused(folder: Path) -> None:
    with pytest.raises(BundleError, match=r"no direction 'a_to_b'\. There is b_to_a \(winter to"):
        evaluate(bundle_of(b_to_a=drawn()), photos(folder), instruments(), ["a_to_b"])


@pytest.mark.parametrize(("few", "expected"), [("testA", "1 to translate and 4 to compare with")])
def test_fewer_than_two_photos_are_refused(folder: Path, few: str, expected: str) -> None:
    for photo in sorted((folder / few).iterdir())[1:]:
        photo.unlink()

    with pytest.raises(
        DataError, match=f"at least 2 held-out photos of each domain, found {expected}"
    ):
        evaluate(both_ways(), photos(folder), instruments())


def test_a_photo_that_cannot_be_read_is_named(folder: Path) -> None:
    (folder / "testB" / "001.png").write_bytes(b"no photo")

    with pytest.raises(DataError, match=r"testB/001\.png"):
        evaluate(both_ways(), photos(folder), instruments())


def test_the_packaged_network_measures_all_of_it(folder: Path) -> None:
    eye = FeatureExtractor(torch.device("cpu"))
    tools = instruments(eye=eye, most_photos=2)

    found = evaluate(bundle_of(a_to_b=unchanging()), photos(folder), tools)

    assert found.protocol["set_features"] == eye.name
    assert found.get("a_to_b", "input unchanged", "structure") == (0, 0, 0)
    assert 0 < found.get("a_to_b", "colour transfer", "structure").value < 1
    assert found.get("a_to_b", "input unchanged", "fid").value > 0
