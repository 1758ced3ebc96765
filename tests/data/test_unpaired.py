import pickle
from pathlib import Path

import numpy as np
import pytest
import torch
from PIL import Image
from pydantic import ValidationError

from tests.toys import batches
from translate.data import Draw
from translate.data.jitter import Jitter
from translate.data.unpaired import UnpairedPhotos, UnpairedSettings, build, problems
from translate.errors import DataError
from translate.images import Pair

COUNTS = {"trainA": 5, "trainB": 3, "testA": 2, "testB": 2}


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    """Photos of a are reddish, photos of b bluish, all of them are noise."""
    for name, count in COUNTS.items():
        (tmp_path / name).mkdir()
        for i in range(count):
            noise = np.random.default_rng(i).integers(0, 100, (40, 48, 3), dtype=np.uint8)
            noise[..., 0 if name.endswith("A") else 2] += 150
            Image.fromarray(noise).save(tmp_path / name / f"{i}.png")
    return tmp_path


def small(**changes: object) -> UnpairedSettings:
    return UnpairedSettings.model_validate({"load_px": 20, "crop_px": 16} | changes)


def same(one: Pair, other: Pair) -> bool:
    return torch.equal(one.a, other.a) and torch.equal(one.b, other.b)


def test_items_are_crops_of_both_domains(folder: Path) -> None:
    splits = build(small(folder=folder, test_px=24), seed=0)
    train, test = splits.train, splits.test

    assert len(train) == 5  # of the longer folder
    assert train[Draw(0, 0)].a.shape == train[Draw(0, 0)].b.shape == (3, 16, 16)
    assert test is not None
    assert len(test) == 2
    assert test[0].a.shape == (3, 24, 24)
    for pair in (train[Draw(0, 4)], test[1]):
        assert pair.a[0].mean() > pair.a[2].mean()
        assert pair.b[2].mean() > pair.b[0].mean()


def test_an_item_depends_on_seed_epoch_and_index_and_nothing_else(folder: Path) -> None:
    train = build(small(folder=folder), seed=3).train
    forth = {i: train[Draw(1, i)] for i in range(5)}
    torch.manual_seed(99)
    again = build(small(folder=folder), seed=3).train

    assert all(same(again[Draw(1, i)], forth[i]) for i in reversed(range(5)))
    assert not same(train[Draw(2, 0)], forth[0])
    assert not same(build(small(folder=folder), seed=4).train[Draw(1, 0)], forth[0])


def test_both_domains_are_cut_independently(folder: Path) -> None:
    files = sorted((folder / "trainA").iterdir())[:1]
    jitter = Jitter("shorter_side", 20, 16, flip=True)

    pairs = [UnpairedPhotos(files, files, jitter, seed=0)[Draw(0, i)] for i in range(10)]

    assert sum(torch.equal(pair.a, pair.b) for pair in pairs) <= 1


def test_partners_change_from_epoch_to_epoch_and_reach_every_photo(tmp_path: Path) -> None:
    levels = (0, 51, 102)
    files = [tmp_path / f"{level}.png" for level in levels]
    for file, level in zip(files, levels, strict=True):
        Image.new("RGB", (16, 16), (level,) * 3).save(file)
    train = UnpairedPhotos(files[:1], files, Jitter("none", 16, 16, flip=False), seed=0)

    partners = [round(float(train[Draw(epoch, 0)].b.mean()), 1) for epoch in range(30)]

    assert set(partners) == {-1.0, -0.6, -0.2}
    assert min(partners.count(level) for level in set(partners)) >= 4


def test_workers_give_the_same_batches_as_none_and_epochs_differ(folder: Path) -> None:
    train = build(small(folder=folder), seed=0).train

    alone, helped, later = (batches(train, *how) for how in ((0, 0), (0, 2), (1, 2)))

    assert isinstance(helped[0], Pair)
    assert all(same(one, other) for one, other in zip(alone, helped, strict=True))
    assert not any(same(one, other) for one, other in zip(helped, later, strict=True))


def test_data_sets_survive_the_way_to_a_spawned_worker(folder: Path) -> None:
    splits = build(small(folder=folder), seed=0)
    train, test = splits.train, splits.test

    train_there, test_there = pickle.loads(pickle.dumps((train, test)))  # noqa: S301

    assert same(train_there[Draw(0, 1)], train[Draw(0, 1)])
    assert test is not None
    assert same(test_there[0], test[0])


def test_any_four_folders_will_do(folder: Path) -> None:
    settings = small(
        folder=folder / "ignored",
        folder_a=folder / "trainB",
        folder_b=folder / "trainA",
        test_folder_a=folder / "testB",
        test_folder_b=folder / "testA",
    )

    splits = build(settings, seed=0)
    train, test = splits.train, splits.test

    assert train[Draw(0, 0)].a[2].mean() > train[Draw(0, 0)].a[0].mean()
    assert test is not None


def test_without_test_folders_there_is_no_test_set(folder: Path) -> None:
    settings = small(folder_a=folder / "trainA", folder_b=folder / "trainB")

    assert build(settings, seed=0).test is None


def test_paired_test_photos_leave_out_both_when_one_is_broken(folder: Path) -> None:
    (folder / "testA" / "0.png").write_bytes(b"")

    test = build(small(folder=folder, test_is_paired=True, skip_bad_files=True), seed=0).test

    assert test is not None
    assert test.names == ["1"]  # type: ignore[attr-defined]


def test_unmatched_paired_test_photos_are_refused(folder: Path) -> None:
    (folder / "testB" / "1.png").unlink()

    with pytest.raises(DataError, match="1 names occur in one folder only: 1"):
        build(small(folder=folder, test_is_paired=True), seed=0)


def test_photos_smaller_than_an_unresized_crop_are_refused(folder: Path) -> None:
    with pytest.raises(DataError, match="is too small: 48 x 40 px, at least 44 px are needed"):
        build(small(folder=folder, resize="none", crop_px=44), seed=0)


def test_a_photo_that_breaks_after_the_scan_is_named_when_drawn(folder: Path) -> None:
    train = build(small(folder=folder), seed=0).train
    file = folder / "trainA" / "0.png"
    content = bytearray(file.read_bytes())
    content[60:90] = b"\0" * 30
    file.write_bytes(content)

    with pytest.raises(DataError, match=r"trainA/0\.png: is damaged"):
        train[Draw(0, 0)]


def test_a_crop_larger_than_the_photo_names_both_keys() -> None:
    with pytest.raises(ValidationError, match="crop_px must not be greater than load_px, got cro"):
        UnpairedSettings(load_px=64, crop_px=65)
    assert UnpairedSettings(load_px=64, crop_px=65, resize="none").crop_px == 65


def test_no_folder_at_all_is_told_for_both_domains() -> None:
    assert problems(UnpairedSettings()) == [
        (
            f"data.folder_{domain}",
            f"missing. Name a folder of photos, or set data.folder to one that holds {name}.",
        )
        for domain, name in (("a", "trainA"), ("b", "trainB"))
    ]


def test_every_absent_folder_is_told_under_its_key(tmp_path: Path, folder: Path) -> None:
    settings = small(
        folder_a=tmp_path / "x", folder_b=folder / "trainB", test_folder_b=tmp_path / "y"
    )

    keys = [key for key, _ in problems(settings)]

    assert keys == ["data.folder_a", "data.test_folder_a", "data.test_folder_b"]


def test_a_half_filled_folder_is_told_with_what_it_holds(folder: Path) -> None:
    (folder / "trainB").rename(folder / "train_b")

    [(key, message)] = problems(small(folder=folder))

    assert key == "data.folder"
    assert message.startswith(f"{folder}/trainB: there is no such folder; {folder} exists, and")
    assert "train_b/" in message


def test_a_folder_that_can_be_drawn_is_not_missing(tmp_path: Path) -> None:
    settings = small(folder=tmp_path / "sample")
    assert [key for key, _ in problems(settings)] == ["data.folder"]
    card = tmp_path / "sample.yaml"

    card.write_text("{title: x, licence: y}")
    assert [key for key, _ in problems(settings)] == ["data.folder"]

    card.write_text("{title: x, licence: y, scenes: {side_px: 24, train: 1, test: 1}}")
    assert problems(settings) == []
    assert build(settings, seed=0).card.title == "x"  # type: ignore[union-attr]


def test_one_folder_alone_says_that_the_common_one_does_not_count(folder: Path) -> None:
    [(key, message)] = problems(small(folder=folder, folder_a=folder / "trainA"))

    assert key == "data.folder_b"
    assert "data.folder is not looked at" in message


@pytest.mark.parametrize("domain", ["a", "b"])
def test_photos_to_look_at_are_not_among_those_to_learn_from(folder: Path, domain: str) -> None:
    learned, looked_at = (
        folder / f"train{domain.upper()}",
        folder / f"train{domain.upper()}" / "new",
    )
    looked_at.mkdir()

    for test_folder in (learned, looked_at, folder):
        [(key, message)] = problems(small(folder=folder, **{f"test_folder_{domain}": test_folder}))
        assert key == f"data.test_folder_{domain}"
        assert message.startswith(f"{test_folder}: lies in {learned} or holds it, so images to lo")


def test_held_out_photos_that_are_not_resized_are_shown_pixel_by_pixel(folder: Path) -> None:
    test = build(small(folder=folder, resize="none"), seed=0).test

    assert test is not None
    pixels = np.asarray(Image.open(folder / "testA" / "0.png"))[12:28, 16:32]
    torch.testing.assert_close(test[0].a, torch.tensor(pixels).movedim(-1, 0) / 127.5 - 1)


def test_known_answers_need_test_folders(folder: Path) -> None:
    own = {"folder_a": folder / "trainA", "folder_b": folder / "trainB", "test_is_paired": True}

    [(key, _)] = problems(small(**own))

    assert key == "data.test_is_paired"


def test_known_answers_of_which_none_can_be_used_are_refused(folder: Path) -> None:
    for name in ("0.png", "1.png"):
        (folder / "testA" / name).write_bytes((folder / "testA" / name).read_bytes()[:-30])
    (folder / "testA" / "2.png").write_bytes((folder / "trainA" / "0.png").read_bytes())
    (folder / "testB" / "2.png").write_bytes(b"")

    with pytest.raises(DataError, match="no answer can be measured"):
        build(small(folder=folder, test_is_paired=True, skip_bad_files=True), seed=0)
