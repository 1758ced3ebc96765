"""What a folder holds is told from names and from how a few files look."""

from collections import Counter
from pathlib import Path

import numpy as np
import pytest

from tests.doctor_toys import pair_of, save, texture, write_pairs, write_textures, write_unpaired
from translate.doctor.entries import DataSet, describe_counts
from translate.doctor.places import Separate, find_separate, find_set
from translate.errors import ConfigError, DataError


def counts_of(data: DataSet) -> dict[tuple[str, str], int]:
    return dict(Counter((entry.split, entry.domains) for entry in data.entries))


def write_named_pairs(home: Path, count: int = 6) -> None:
    for seed in range(count):
        for folder, image in zip(("trainA", "trainB"), pair_of(seed), strict=True):
            save(home / folder / f"{seed}.png", image)


def test_four_folders_are_unpaired(tmp_path: Path) -> None:
    for place, name in enumerate(("trainA", "trainB", "testA", "testB")):
        write_textures(tmp_path / name, range(10 * place, 10 * place + 3 + place))

    data = find_set(tmp_path)

    assert counts_of(data) == {
        ("train", "a"): 3,
        ("train", "b"): 4,
        ("test", "a"): 5,
        ("test", "b"): 6,
    }
    assert data.domains == "ab"
    assert data.entries[0].name == "trainA/0000.png"
    assert describe_counts(data.entries) == "train 3 of A and 4 of B, test 5 of A and 6 of B"


def test_files_with_a_seam_are_pairs(tmp_path: Path) -> None:
    write_pairs(tmp_path / "train", 5)
    write_pairs(tmp_path / "val", 2, first=10)
    write_pairs(tmp_path / "test", 3, first=20)

    data = find_set(tmp_path)

    assert counts_of(data) == {("train", "ab"): 5, ("val", "ab"): 2, ("test", "ab"): 3}
    assert all(entry.is_side_by_side for entry in data.entries)


def test_photos_in_train_and_test_are_photos_of_one_kind(tmp_path: Path) -> None:
    write_textures(tmp_path / "train", range(5))
    write_textures(tmp_path / "test", range(5, 7))

    data = find_set(tmp_path)

    assert counts_of(data) == {("train", "a"): 5, ("test", "a"): 2}
    assert data.domains == "a"


def test_a_plain_folder_holds_photos_to_learn_from(tmp_path: Path) -> None:
    write_textures(tmp_path / "holidays" / "day 1", range(3))

    data = find_set(tmp_path)

    assert [entry.name for entry in data.entries] == [
        f"holidays/day 1/000{i}.png" for i in range(3)
    ]
    assert data.title == tmp_path.name


def test_folders_a_and_b_alone_are_two_domains(tmp_path: Path) -> None:
    write_textures(tmp_path / "A", range(3))
    write_textures(tmp_path / "B", range(10, 12))

    assert counts_of(find_set(tmp_path)) == {("train", "a"): 3, ("train", "b"): 2}


def test_photos_of_one_name_that_show_the_same_are_pairs(tmp_path: Path) -> None:
    write_named_pairs(tmp_path)

    data = find_set(tmp_path)

    assert counts_of(data) == {("train", "ab"): 6}
    assert data.entries[0].names == ("trainA/0.png", "trainB/0.png")
    assert not data.namesakes


def test_photos_of_one_name_that_show_different_things_are_not(tmp_path: Path) -> None:
    for seed in range(8):
        save(tmp_path / "trainA" / f"{seed}.png", pair_of(seed)[0])
        save(tmp_path / "trainB" / f"{seed}.png", pair_of(seed + 50)[1])

    data = find_set(tmp_path)

    assert counts_of(data) == {("train", "a"): 8, ("train", "b"): 8}
    assert data.namesakes == ["trainA and trainB"]
    assert counts_of(find_set(tmp_path, paired=True)) == {("train", "ab"): 8}


def test_a_camera_that_never_moves_makes_pairs_too(tmp_path: Path) -> None:
    a, b = pair_of(1)
    for frame in range(6):
        shade = np.uint8(frame)
        save(tmp_path / "A" / f"{frame}.png", a + shade)
        save(tmp_path / "B" / f"{frame}.png", b - shade)

    assert counts_of(find_set(tmp_path)) == {("train", "ab"): 6}


def test_pairs_can_be_looked_at_as_unpaired(tmp_path: Path) -> None:
    write_named_pairs(tmp_path)
    write_pairs(tmp_path / "other" / "train", 5)

    assert find_set(tmp_path, paired=False).count("train", "ab") == 0
    assert find_set(tmp_path / "other", paired=False).count("train", "a") == 5


def test_a_file_without_partner_is_told(tmp_path: Path) -> None:
    write_named_pairs(tmp_path)
    save(tmp_path / "trainB" / "alone.png", texture(1))

    data = find_set(tmp_path)

    assert [(fault.name, fault.reason) for fault in data.faulty] == [
        ("trainB/alone.png", "has no partner of its name in trainA")
    ]
    assert data.count("train", "ab") == 6


def test_other_files_are_told_and_hidden_ones_are_not(tmp_path: Path) -> None:
    write_unpaired(tmp_path, 2)
    for name in ("notes.txt", "clip.mp4", ".DS_Store"):
        (tmp_path / "trainA" / name).write_text("")

    assert find_set(tmp_path).ignored == [
        ("trainA/clip.mp4", "a video"),
        ("trainA/notes.txt", "not a photo"),
    ]


def test_two_folders_anywhere_make_a_data_set(tmp_path: Path) -> None:
    write_textures(tmp_path / "sunny", range(3))
    write_textures(tmp_path / "snowy", range(5, 9))

    data = find_separate(Separate(tmp_path / "sunny", tmp_path / "snowy"))

    assert counts_of(data) == {("train", "a"): 3, ("train", "b"): 4}
    assert data.entries[0].name == "trainA/0000.png"  # where it would lie in a copy
    assert data.title == "sunny and snowy"


@pytest.mark.parametrize(
    ("names", "told"),
    [
        ([], "holds no photos"),
        (["trainA"], "holds trainA, but no trainB"),
        (["TrainA", "TrainB"], "holds TrainA, TrainB. Rename to trainA, trainB"),
        (["train", "trainA", "trainB"], "several arrangements"),
    ],
)
def test_what_is_not_clear_is_refused(tmp_path: Path, names: list[str], told: str) -> None:
    for name in names:
        write_textures(tmp_path / name, range(2))

    with pytest.raises(DataError, match=told):
        find_set(tmp_path)


def test_a_folder_that_is_not_there_is_told_with_what_is(tmp_path: Path) -> None:
    with pytest.raises(DataError, match="there is no such folder"):
        find_set(tmp_path / "phtos")


def test_one_folder_of_two_is_refused(tmp_path: Path) -> None:
    with pytest.raises(ConfigError, match="--folder-a and --folder-b go together"):
        find_separate(Separate(a=tmp_path))
    with pytest.raises(ConfigError, match="--test-folder-b"):
        find_separate(Separate(tmp_path, tmp_path, tmp_path))


def test_pairs_that_cannot_be_are_refused(tmp_path: Path) -> None:
    write_unpaired(tmp_path, 2)

    with pytest.raises(DataError, match="no pairs can be made of these"):
        find_set(tmp_path, paired=True)
