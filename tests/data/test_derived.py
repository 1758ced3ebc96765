import pickle
from pathlib import Path

import numpy as np
import pytest
import torch
from hypothesis import given, settings
from hypothesis import strategies as st
from PIL import Image
from pydantic import ValidationError

from tests.toys import batches
from translate.config import check, parse_flags
from translate.data import Draw, Splits
from translate.data.degradations import DEGRADATIONS, GreyscaleSettings, degrade
from translate.data.derived import DerivedSettings, build, is_held_out, problems
from translate.errors import ConfigError, DataError
from translate.images import Encoding, Pair, open_photo, to_tensor

COUNT = 12
HELD_OUT_SHARE = 0.3


def save_photo(file: Path, seed: int, side: int = 20) -> None:
    file.parent.mkdir(parents=True, exist_ok=True)
    noise = np.random.default_rng(seed).integers(0, 256, (side, side + 4, 3), dtype=np.uint8)
    Image.fromarray(noise).save(file)


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    """A folder of photos, some of them in a folder of their own."""
    for i in range(COUNT):
        save_photo(tmp_path / "photos" / ("trip" if i % 3 == 0 else "") / f"{i}.png", i)
    return tmp_path / "photos"


def small(**changes: object) -> DerivedSettings:
    sizes = {"load_px": 18, "crop_px": 16, "test_share": HELD_OUT_SHARE}
    return DerivedSettings.model_validate(sizes | changes)


def same(one: Pair, other: Pair) -> bool:
    return torch.equal(one.a, other.a) and torch.equal(one.b, other.b)


def held_out(splits: Splits) -> dict[str, Pair]:
    test = splits.test
    assert test is not None
    return {name: test[i] for i, name in enumerate(test.names)}  # type: ignore[attr-defined]


def learned_from(splits: Splits) -> list[Path]:
    files: list[Path] = splits.train.files  # type: ignore[attr-defined]
    return files


@pytest.mark.parametrize("name", DEGRADATIONS)
def test_items_are_a_spoilt_photo_and_the_photo(folder: Path, name: str) -> None:
    splits = build(small(folder=folder, degradation={"name": name}, test_px=12), seed=0)
    encodings = splits.encodings

    assert splits.test is not None
    assert len(splits.train) + len(splits.test) == COUNT  # type: ignore[arg-type]
    assert encodings["b"] == Encoding()
    for pair, side in ((splits.train[Draw(0, 0)], 16), (splits.test[0], 12)):
        assert pair.a.shape == (encodings["a"].channels, side, side)
        assert pair.b.shape == (3, side, side)
        assert not torch.equal(pair.a.expand(3, -1, -1), pair.b)
    assert splits.test_is_paired


def test_the_spoilt_photo_is_made_of_the_very_view_beside_it(folder: Path) -> None:
    train = build(small(folder=folder), seed=0).train

    pairs = [train[Draw(0, i)] for i in range(5)]

    for pair in pairs:
        grey = degrade(pair.b, GreyscaleSettings(), np.random.default_rng())
        assert torch.equal(pair.a, grey)


def test_an_item_depends_on_seed_epoch_and_index_and_nothing_else(folder: Path) -> None:
    chosen = small(folder=folder, degradation={"name": "noise"})
    train = build(chosen, seed=3).train
    forth = {i: train[Draw(1, i)] for i in range(5)}
    torch.manual_seed(99)
    again = build(chosen, seed=3).train

    assert all(same(again[Draw(1, i)], forth[i]) for i in reversed(range(5)))
    assert not same(train[Draw(2, 0)], forth[0])
    assert not same(build(chosen, seed=4).train[Draw(1, 0)], forth[0])


def test_the_same_photo_is_spoilt_otherwise_at_each_epoch_and_each_index(tmp_path: Path) -> None:
    for name in ("1.png", "2.png"):  # as large as the crop: there is but one view of it
        Image.new("RGB", (16, 16), (128, 128, 128)).save(tmp_path / name)
    chosen = small(
        folder=tmp_path, degradation={"name": "noise"}, resize="none", flip=False, test_share=0
    )
    train = build(chosen, seed=0).train

    pairs = [train[Draw(*draw)] for draw in ((0, 0), (1, 0), (0, 1))]

    assert all(torch.equal(pair.b, pairs[0].b) for pair in pairs)
    assert not any(torch.equal(pair.a, pairs[0].a) for pair in pairs[1:])


def test_workers_give_the_same_batches_as_none_and_epochs_differ(folder: Path) -> None:
    train = build(small(folder=folder, degradation={"name": "hole"}), seed=0).train

    alone, helped, later = (batches(train, *how) for how in ((0, 0), (0, 2), (1, 2)))

    assert all(same(one, other) for one, other in zip(alone, helped, strict=True))
    assert not any(same(one, other) for one, other in zip(helped, later, strict=True))


def test_data_sets_survive_the_way_to_a_spawned_worker(folder: Path) -> None:
    splits = build(small(folder=folder, degradation={"name": "blur"}), seed=0)

    train_there, test_there = pickle.loads(pickle.dumps((splits.train, splits.test)))  # noqa: S301

    assert same(train_there[Draw(0, 1)], splits.train[Draw(0, 1)])
    assert splits.test is not None
    assert same(test_there[0], splits.test[0])


def test_held_out_photos_stay_held_out_when_others_come(folder: Path) -> None:
    before = build(small(folder=folder), seed=0)
    for i in range(100, 130):
        save_photo(folder / f"{i}.png", i)
    after = build(small(folder=folder), seed=0)

    assert held_out(before).keys() < held_out(after).keys()
    assert set(learned_from(before)) < set(learned_from(after))


def test_held_out_pairs_are_the_same_whatever_the_seed_and_their_place(folder: Path) -> None:
    chosen = small(folder=folder, degradation={"name": "noise"})
    before = held_out(build(chosen, seed=0))
    first = next(iter(before))
    (folder / f"{first}.png").unlink()
    after = held_out(build(chosen, seed=9))

    assert after
    assert after.keys() == before.keys() - {first}
    assert all(same(after[name], before[name]) for name in after)


def test_held_out_photos_are_spoilt_each_in_its_own_way(tmp_path: Path) -> None:
    for name in ("train/0.png", "test/1.png", "test/2.png"):
        save_photo(tmp_path / name, seed=0)

    one, other = held_out(build(small(folder=tmp_path, degradation={"name": "noise"}), 0)).values()

    assert torch.equal(one.b, other.b)
    assert not torch.equal(one.a, other.a)


def test_about_the_share_asked_for_is_held_out() -> None:
    chosen = [is_held_out(f"trip/IMG_{i:04d}", 0.1) for i in range(3000)]

    assert 250 < sum(chosen) < 350


@settings(deadline=None, max_examples=50)
@given(st.text(), st.floats(0, 1), st.floats(0, 1))
def test_a_greater_share_holds_out_the_same_photos_and_more(
    name: str, one: float, other: float
) -> None:
    assert is_held_out(name, min(one, other)) <= is_held_out(name, max(one, other))
    assert not is_held_out(name, 0)
    assert is_held_out(name, 1)


def test_copies_of_a_photo_in_two_formats_stay_together(folder: Path) -> None:
    for file in folder.glob("*.png"):
        Image.open(file).save(file.with_suffix(".bmp"))
    splits = build(small(folder=folder), seed=0)

    names = {file.relative_to(folder).with_suffix("").as_posix() for file in learned_from(splits)}

    assert names.isdisjoint(held_out(splits))


@pytest.mark.parametrize("name", ["test", "val"])
def test_a_test_folder_holds_out_all_that_is_in_it_and_nothing_else(
    tmp_path: Path, name: str
) -> None:
    for i in range(6):
        save_photo(tmp_path / ("train" if i < 4 else name) / f"{i}.png", i)

    splits = build(small(folder=tmp_path), seed=0)

    assert [file.name for file in learned_from(splits)] == ["0.png", "1.png", "2.png", "3.png"]
    assert list(held_out(splits)) == ["4", "5"]
    assert splits.report == (
        "4 photos to learn from, made into pairs of grey and colour, 2 held out"
    )


def test_a_test_folder_may_lie_elsewhere(folder: Path, tmp_path: Path) -> None:
    save_photo(tmp_path / "others" / "x.png", 99)

    splits = build(small(folder=folder, test_folder=tmp_path / "others"), seed=0)

    assert len(learned_from(splits)) == COUNT
    assert list(held_out(splits)) == ["x"]


def test_a_share_of_nothing_holds_out_nothing(folder: Path) -> None:
    splits = build(small(folder=folder, test_share=0), seed=0)

    assert splits.test is None
    assert not splits.test_is_paired
    assert splits.report.endswith("none held out")


def test_photos_that_are_not_resized_are_shown_pixel_by_pixel(tmp_path: Path) -> None:
    save_photo(tmp_path / "train" / "0.png", 0)
    save_photo(tmp_path / "test" / "1.png", 1, side=40)
    photo = to_tensor(open_photo(tmp_path / "test" / "1.png").pixels)

    piece, shrunk = (
        held_out(build(small(folder=tmp_path, resize=how), 0))["1"].b
        for how in ("none", "shorter_side")
    )

    assert torch.equal(piece, photo[:, 12:28, 14:30])
    assert shrunk.std() < 0.8 * piece.std()  # noise averages out when photos shrink


def test_a_photo_smaller_than_the_shown_square_is_enlarged(tmp_path: Path) -> None:
    save_photo(tmp_path / "train" / "0.png", 0)
    save_photo(tmp_path / "test" / "1.png", 1)

    pair = held_out(build(small(folder=tmp_path, resize="none", test_px=32), 0))["1"]

    assert pair.b.shape == (3, 32, 32)


def test_domains_are_named_after_the_degradation_unless_the_user_names_them(folder: Path) -> None:
    unnamed = small(folder=folder, degradation={"name": "edges"})
    named = small(folder=folder, degradation={"name": "edges"}, domain_a="drawing")

    assert build(unnamed, seed=0).domains == {"a": "edges", "b": "photo"}
    assert build(named, seed=0).domains == {"a": "drawing", "b": "photo"}
    assert DerivedSettings.model_validate(named.model_dump(mode="json")) == named


def test_flags_choose_a_degradation_and_its_settings() -> None:
    flags = parse_flags(["--degradation.name", "blur", "--degradation.sigma-px", "0.5", "2"])

    chosen = check(DerivedSettings, flags, "recipe.yaml").degradation

    assert chosen.model_dump() == {"name": "blur", "sigma_px": (0.5, 2.0)}


def test_numbers_given_as_flags_are_understood() -> None:
    words = [["downscale", "--degradation.factor", "4"], ["noise", "--degradation.sigma", "25"]]
    flags = [parse_flags(["--degradation.name", *some]) for some in words]

    chosen = [check(DerivedSettings, some, "recipe.yaml").degradation for some in flags]

    assert [c.model_dump() for c in chosen] == [
        {"name": "downscale", "factor": 4},
        {"name": "noise", "sigma": (25.0, 25.0)},
    ]


def test_wrong_settings_of_a_degradation_are_told_by_key() -> None:
    wrong = {"degradation": {"name": "hole", "share": 2, "factor": 2}}

    with pytest.raises(ConfigError) as refusal:
        check(DerivedSettings, wrong, "recipe.yaml")

    assert "degradation.share: must be less than or equal to 1, got 2" in str(refusal.value)
    assert "degradation.factor: unknown key" in str(refusal.value)


def test_squares_too_small_to_be_measured_are_refused() -> None:
    with pytest.raises(ValidationError, match="crop_px must be at least 11 where pairs are held"):
        small(crop_px=8)


def test_no_folder_is_told_under_its_key() -> None:
    assert problems(small()) == [("data.folder", "missing. Name a folder of photos.")]


def test_absent_folders_are_told_under_their_keys(tmp_path: Path) -> None:
    [(key, message), (test_key, _)] = problems(
        small(folder=tmp_path / "x", test_folder=tmp_path / "y")
    )

    assert (key, test_key) == ("data.folder", "data.test_folder")
    assert message.startswith(f"{tmp_path}/x: there is no such folder; {tmp_path} exists")


def test_a_data_set_of_two_domains_says_which_of_its_folders_to_name(tmp_path: Path) -> None:
    for name in ("trainA", "trainB", "testA"):
        save_photo(tmp_path / name / "0.png", 0)

    [(key, message), (test_key, test_message)] = problems(
        small(folder=tmp_path, test_folder=tmp_path)
    )

    assert (key, test_key) == ("data.folder", "data.test_folder")
    assert message == (
        f"{tmp_path}: holds photos of two domains (trainA, trainB, testA). "
        f"Name one of them: {tmp_path}/trainA or {tmp_path}/trainB."
    )
    assert test_message.endswith(f"Name one of them: {tmp_path}/testA.")
    assert problems(small(folder=tmp_path / "trainA", test_folder=tmp_path / "testA")) == []


def test_one_domain_of_a_set_that_can_be_drawn_is_drawn(tmp_path: Path) -> None:
    card = "{title: x, licence: y, scenes: {side_px: 24, train: 2, test: 1}}"
    (tmp_path / "sample.yaml").write_text(card)
    places = {"folder": tmp_path / "sample/trainA", "test_folder": tmp_path / "sample/testA"}

    [(_, message)] = problems(small(folder=tmp_path / "sample"))
    assert f"Name one of them: {tmp_path}/sample/trainA or" in message
    assert problems(small(**places)) == []
    splits = build(small(**places), seed=0)

    assert splits.card is not None
    assert splits.card.title == "x"
    assert len(learned_from(splits)) == 2
    assert len(held_out(splits)) == 1


def test_a_data_set_that_can_be_downloaded_says_how(tmp_path: Path) -> None:
    download = "{address: 'http://host/sample.zip'}"
    (tmp_path / "sample.yaml").write_text(
        f"{{title: x, licence: y, layout: unpaired, download: {download}}}"
    )

    [(key, message)] = problems(small(folder=tmp_path / "sample" / "trainA"))

    assert key == "data.folder"
    assert "Download it: python scripts/download_dataset.py sample" in message


def test_photos_to_look_at_among_those_to_learn_from_are_refused(folder: Path) -> None:
    [(key, message)] = problems(small(folder=folder, test_folder=folder / "trip"))

    assert key == "data.test_folder"
    assert "photos to look at would be learned from too" in message


def test_a_test_folder_beside_no_train_folder_is_refused(folder: Path) -> None:
    (folder / "trip").rename(folder / "test")

    with pytest.raises(DataError, match=r"data\.folder: .*one lies inside the other.*photos/train"):
        build(small(folder=folder), seed=0)


def test_a_share_that_takes_every_photo_is_refused(tmp_path: Path) -> None:
    save_photo(tmp_path / "0.png", 0)

    with pytest.raises(DataError, match=r"all of its 1 photos are held out.*0\.999999"):
        build(small(folder=tmp_path, test_share=0.999999), seed=0)


def test_a_photo_that_breaks_after_the_scan_is_named_when_drawn(folder: Path) -> None:
    train = build(small(folder=folder, test_share=0), seed=0).train
    file = folder / "1.png"
    file.write_bytes(file.read_bytes()[:100])

    with pytest.raises(DataError, match=r"photos/1\.png: "):
        train[Draw(0, 0)]


@pytest.mark.parametrize("count", [1, 2])
def test_photos_that_look_like_pairs_are_remarked_upon(tmp_path: Path, count: int) -> None:
    random = np.random.default_rng(0)
    for number in range(8):
        coarse = random.integers(0, 256, (count, 6, 8, 3), dtype=np.uint8)
        halves = [Image.fromarray(c).resize((96 // count, 64), Image.BICUBIC) for c in coarse]
        Image.fromarray(np.hstack([np.asarray(h) for h in halves])).save(tmp_path / f"{number}.png")

    report = build(small(folder=tmp_path, test_share=0), seed=0).report

    assert ("look like two images side by side" in report) == (count == 2)
