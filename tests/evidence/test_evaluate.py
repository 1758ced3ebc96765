import dataclasses
import math
import shutil
from pathlib import Path
from typing import Any

import pytest
import torch

from tests.evaluation_toys import TinyEye, bundle_of, drawn, instruments, unchanging
from tests.pair_toys import noise_image, write_image
from tests.toys import write_data_set, write_photos
from translate.bundle import Bundle
from translate.errors import BundleError, DataError
from translate.evaluation import sets
from translate.evaluation.feature_cache import FeatureCache
from translate.evaluation.features import FeatureExtractor, ModuleExtractor
from translate.evaluation.results import Evaluation, differences
from translate.evidence import evaluate as module
from translate.evidence.evaluate import evaluate
from translate.evidence.photos import JudgedPhotos, photos_of_folder
from translate.images import Encoding

PHOTOS = {"a": Encoding(), "b": Encoding()}
SETS = {"kid", "fid", "precision", "recall", "diversity"}
KEPT = {"structure", "luminance"}
NEARNESS = {"l1", "psnr", "ssim", "perceptual"}


@pytest.fixture(autouse=True)
def _few_resamples(monkeypatch: pytest.MonkeyPatch) -> None:
    """Most of the time would go into how sure FID is."""
    monkeypatch.setattr(sets, "FRECHET_RESAMPLES", 5)


def photos(folder: Path, is_paired: bool | None = None, encodings: Any = PHOTOS) -> JudgedPhotos:
    return photos_of_folder(folder, encodings, 16, is_paired)


def both_ways() -> Bundle:
    return bundle_of(a_to_b=drawn(seed=1), b_to_a=drawn(seed=2))


def measures(found: Evaluation, way: str, direction: str = "a_to_b") -> set[str]:
    return {row.measure for row in found.rows if row[:2] == (direction, way)}


def ways(found: Evaluation, direction: str = "a_to_b") -> list[str]:
    return list(dict.fromkeys(row.way for row in found.rows if row.direction == direction))


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


GREY = Encoding(kind="grey", channels=1)
LABELS = Encoding(kind="labels", channels=2, classes=((0, 0, 0), (9, 9, 9)))
BANDS = Encoding(kind="bands", channels=5)


def write_domain(folder: Path, encoding: Encoding, seed: int) -> None:
    """Write four images of what a domain is made of."""
    from translate.images import save_bands

    folder.mkdir(parents=True)
    for i in range(4):
        image = noise_image(24, 24, channels=5, seed=seed + i)
        if encoding.kind == "bands":
            save_bands(image, folder / f"{i}.npy")
        elif encoding.kind == "labels":
            write_image(folder / f"{i}.png", (image[..., :1] // 128 * 9).repeat(3, axis=2))
        else:
            write_image(folder / f"{i}.png", image[..., :3].copy())


@pytest.mark.parametrize(
    ("source", "target", "expected"),
    [
        (GREY, GREY, SETS | KEPT | NEARNESS),
        (LABELS, Encoding(), SETS | KEPT | NEARNESS),
        (Encoding(), LABELS, KEPT | NEARNESS),
        (BANDS, BANDS, {"l1", "psnr", "ssim"}),
        (BANDS, Encoding(), SETS | NEARNESS),
        (BANDS, GREY, SETS | NEARNESS),
        (GREY, BANDS, {"l1", "psnr", "ssim"}),
    ],
    ids=lambda value: value.kind if isinstance(value, Encoding) else "",
)
def test_domains_of_all_kinds_are_measured_as_far_as_that_means_something(
    tmp_path: Path, source: Encoding, target: Encoding, expected: set[str]
) -> None:
    encodings = {"a": source, "b": target}
    for seed, name in enumerate(("trainA", "trainB", "testA", "testB")):
        write_domain(tmp_path / name, encodings["a" if name.endswith("A") else "b"], 10 * seed)
    generator = drawn(source.channels, target.channels)
    bundle = bundle_of(encodings, a_to_b=generator)

    found = evaluate(bundle, photos(tmp_path, True, encodings), instruments())

    assert measures(found, "translation") == expected
    baselines = {"colour transfer", "input unchanged"} & set(ways(found))
    assert bool(baselines) is ("bands" not in (source.kind, target.kind))
    assert all(math.isfinite(row.value) for row in found.rows)


def test_of_greys_the_nearness_is_that_of_the_only_channel(tmp_path: Path) -> None:
    encodings = {"a": GREY, "b": GREY}
    for name, level in {"testA": 100, "testB": 151}.items():
        for i in range(2):
            flat = (noise_image(16, 16) * 0 + level).astype("uint8")
            write_image(tmp_path / name / f"{i}.png", flat)
    bundle = bundle_of(encodings, a_to_b=unchanging(1))

    found = evaluate(bundle, photos(tmp_path, True, encodings), instruments())

    assert found.get("a_to_b", "translation", "l1").value == pytest.approx(0.2, abs=1e-6)


def test_the_packaged_network_measures_all_of_it(folder: Path) -> None:
    eye = FeatureExtractor(torch.device("cpu"))
    tools = instruments(eye=eye, most_photos=2)

    found = evaluate(bundle_of(a_to_b=unchanging()), photos(folder), tools)

    assert found.protocol["set_features"] == eye.name
    assert found.get("a_to_b", "input unchanged", "structure") == (0, 0, 0)
    assert 0 < found.get("a_to_b", "colour transfer", "structure").value < 1
    assert found.get("a_to_b", "input unchanged", "fid").value > 0
