from pathlib import Path

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from tests.pair_toys import chart, noise_image, write_image, write_noise
from translate.data.pair_files import PairScan
from translate.data.pairing import find_pairs
from translate.errors import DataError
from translate.images import Kind

NAMES = [f"{i}.png" for i in range(6)]
PHOTOS: dict[str, Kind] = {"a": "photo", "b": "photo"}


def two_folders(folder: Path, names_a: list[str] = NAMES, names_b: list[str] = NAMES) -> Path:
    write_noise(folder / "a", names_a, seed=0)
    write_noise(folder / "b", names_b, seed=100)
    return folder


def find(
    folder: Path, kinds: dict[str, Kind] = PHOTOS, least_px: int = 8, skip_bad_files: bool = False
) -> PairScan:
    return find_pairs((folder / "a", folder / "b"), kinds, least_px, skip_bad_files)


def find_side_by_side(folder: Path, skip_bad_files: bool = False) -> PairScan:
    return find_pairs((folder, folder), PHOTOS, 8, skip_bad_files)


def told(folder: Path, kinds: dict[str, Kind] = PHOTOS) -> str:
    with pytest.raises(DataError) as caught:
        find(folder, kinds)
    return str(caught.value)


def test_files_of_one_name_are_a_pair_whatever_their_suffix_and_depth(tmp_path: Path) -> None:
    write_noise(tmp_path / "a", ["city/x.png", "y.npy", "z.JPG"], height=20, width=24, channels=3)
    write_noise(tmp_path / "b", ["city/x.tif", "y.webp", "z.png"], depth=16)

    scan = find(tmp_path, {"a": "bands", "b": "photo"})

    assert list(scan.pairs) == ["city/x", "y", "z"]
    assert scan.pairs["y"] == (tmp_path / "a" / "y.npy", tmp_path / "b" / "y.webp")
    assert not scan.faults


def test_side_by_side_files_are_pairs_of_themselves(tmp_path: Path) -> None:
    write_noise(tmp_path, ["1.png", "1.jpg", "more/2.png"])

    scan = find_side_by_side(tmp_path)

    # One name with two suffixes is two pairs here: nobody looks for partners.
    assert list(scan.pairs) == ["1.jpg", "1.png", "more/2.png"]
    assert all(files.is_side_by_side for files in scan.pairs.values())


def test_hidden_files_and_files_of_other_kinds_are_passed_over(tmp_path: Path) -> None:
    two_folders(tmp_path)
    (tmp_path / "a" / "._0.png").write_bytes(b"what a Mac leaves behind")
    (tmp_path / "a" / ".hidden").mkdir()
    write_noise(tmp_path / "a" / ".hidden", ["7.png"])
    (tmp_path / "b" / "notes.txt").write_text("no photo")

    assert len(find(tmp_path).pairs) == len(NAMES)


def test_links_in_circles_are_not_followed(tmp_path: Path) -> None:
    two_folders(tmp_path)
    (tmp_path / "a" / "again").symlink_to(tmp_path / "a", target_is_directory=True)
    (tmp_path / "b" / "up").symlink_to(tmp_path / "b", target_is_directory=True)

    assert len(find(tmp_path).pairs) == len(NAMES)


def test_a_linked_partner_is_a_partner(tmp_path: Path) -> None:
    two_folders(tmp_path)
    (tmp_path / "b" / "0.png").unlink()
    (tmp_path / "b" / "0.png").symlink_to(tmp_path / "a" / "0.png")

    scan = find(tmp_path)

    assert not scan.faults
    assert not scan.pairs["0"].is_side_by_side


@settings(deadline=None, max_examples=15)
@given(st.sets(st.sampled_from(NAMES)), st.sets(st.sampled_from(NAMES)))
def test_every_file_is_in_a_pair_or_told(
    tmp_path_factory: pytest.TempPathFactory, names_a: set[str], names_b: set[str]
) -> None:
    names_a, names_b = names_a | {"last.png"}, names_b | {"last.png"}
    folder = two_folders(tmp_path_factory.mktemp("set"), sorted(names_a), sorted(names_b))

    scan = find(folder, skip_bad_files=True)

    paired = {f"{name}.png" for name in scan.pairs}
    lonely = [item for items in scan.faults.values() for item in items]
    assert paired == names_a & names_b
    assert sorted(lonely) == sorted(names_a ^ names_b)


def test_everything_that_is_wrong_is_told_at_once(tmp_path: Path) -> None:
    a, b = tmp_path / "a", tmp_path / "b"
    two_folders(tmp_path, [*NAMES, "lonely.png"])
    write_image(b / "1.png", noise_image(24, 20))
    (b / "2.png").write_bytes(b"")
    write_image(a / "3.png", noise_image(6, 7))

    assert told(tmp_path) == (
        f"{a}, {b}: 3 pairs can be used, but there are also\n"
        f"  only in {a}, without a partner in {b} (1):\n"
        "    lonely.png\n"
        "  different sizes (1):\n"
        "    1: 24 x 20 px and 20 x 24 px\n"
        "  cannot be used (2):\n"
        f"    {b}/2.png: is empty (0 bytes)\n"
        f"    {a}/3.png: is too small: 7 x 6 px, at least 8 px are needed\n"
        "Mend or remove these, or set data.skip_bad_files to go on without them."
    )


def test_what_is_wrong_may_be_left_out(tmp_path: Path) -> None:
    two_folders(tmp_path, [*NAMES, "lonely.png"])
    (tmp_path / "b" / "2.png").write_bytes(b"")

    scan = find(tmp_path, skip_bad_files=True)

    assert list(scan.pairs) == ["0", "1", "3", "4", "5"]
    assert sum(map(len, scan.faults.values())) == 2


def test_folders_without_a_common_name_are_refused_whatever_may_be_skipped(tmp_path: Path) -> None:
    two_folders(tmp_path, ["x_A.png"], ["x_B.png"])

    with pytest.raises(DataError) as caught:
        find(tmp_path, skip_bad_files=True)

    message = str(caught.value)
    assert message.startswith(f"{tmp_path}/a, {tmp_path}/b: no name occurs in both folders:\n")
    assert "x_A.png" in message
    assert "x_B.png" in message
    assert message.endswith("must have the same name; suffixes may differ. Rename them.")


def test_pairs_of_which_none_can_be_used_are_refused_whatever_may_be_skipped(
    tmp_path: Path,
) -> None:
    two_folders(tmp_path, ["x.png"], ["x.png"])
    (tmp_path / "a" / "x.png").write_bytes(b"")

    with pytest.raises(DataError, match=r"no pair can be used:\n.*\n.*x\.png: is empty \(0 bytes"):
        find(tmp_path, skip_bad_files=True)


def test_a_name_that_occurs_twice_is_refused(tmp_path: Path) -> None:
    two_folders(tmp_path)
    write_noise(tmp_path / "a", ["0.jpg"])

    assert "0.png: has the same name as" in told(tmp_path)


def test_an_empty_domain_is_told(tmp_path: Path) -> None:
    two_folders(tmp_path, NAMES, [])
    (tmp_path / "b").mkdir()

    message = told(tmp_path)

    assert message.startswith(f"{tmp_path}/b: holds no photos (.jpg .jpeg .png")
    assert "and is empty" in message


def test_arrays_of_bands_say_which_key_takes_them(tmp_path: Path) -> None:
    two_folders(tmp_path, NAMES, ["city/0.npy"])

    assert told(tmp_path).endswith("To learn from NumPy files set data.kind_b to bands.")


def test_files_of_odd_width_are_told(tmp_path: Path) -> None:
    write_noise(tmp_path, ["1.png"], width=24)
    write_noise(tmp_path, ["2.png"], width=25)

    with pytest.raises(DataError, match=r"an odd width, .* \(1\):\n.*2\.png: 25 x 20 px\nMend"):
        find_side_by_side(tmp_path)
    assert list(find_side_by_side(tmp_path, skip_bad_files=True).pairs) == ["1.png"]


def test_single_photos_are_not_cut_in_half(tmp_path: Path) -> None:
    for name in NAMES:
        write_image(tmp_path / name, chart(40, 60) + noise_image(40, 60) // 128)

    with pytest.raises(DataError) as caught:
        find_side_by_side(tmp_path)

    message = str(caught.value)
    assert message.startswith(f"{tmp_path}: its files should hold two images side by side, a on")
    assert message.endswith("name them in data.folder_a and data.folder_b.")


def test_side_by_side_files_are_not_taken_for_single_ones(tmp_path: Path) -> None:
    double = np.concatenate([chart(40, 60), 255 - chart(40, 60)], axis=1)
    for name in NAMES:
        write_image(tmp_path / "a" / name, double)
        write_image(tmp_path / "b" / name, double)

    message = told(tmp_path)

    assert message.startswith(f"{tmp_path}/a, {tmp_path}/b: hold files that look like two images")
    assert message.endswith("the folder that holds train and test in data.folder.")


def test_two_ways_to_one_folder_are_one_folder(tmp_path: Path) -> None:
    write_noise(tmp_path / "a", NAMES)
    (tmp_path / "b").symlink_to(tmp_path / "a", target_is_directory=True)

    assert "a, " in told(tmp_path)
    assert "are one and the same folder, but each is to hold single images" in told(tmp_path)


@pytest.mark.parametrize("names", ["AB", "ab"])
def test_a_folder_for_each_domain_is_not_taken_for_side_by_side_files(
    tmp_path: Path, names: str
) -> None:
    for name in names:
        write_noise(tmp_path / name, NAMES)

    with pytest.raises(DataError, match=f"holds the folders {names[0]} and {names[1]}, which look"):
        find_side_by_side(tmp_path)


def test_two_folders_of_the_same_names_are_not_taken_for_side_by_side_files(tmp_path: Path) -> None:
    for name, names in {
        "night": [*NAMES, "lonely.png"],
        "day": [f"{i}.jpg" for i in range(6)],
    }.items():
        write_noise(tmp_path / name, names)

    with pytest.raises(DataError, match="holds the folders day and night, which look like one for"):
        find_side_by_side(tmp_path)


def test_side_by_side_files_may_lie_in_two_folders_under_the_same_names(tmp_path: Path) -> None:
    double = np.concatenate([chart(40, 60), 255 - chart(40, 60)], axis=1)
    for name in NAMES:
        write_image(tmp_path / "june" / name, double)
        write_image(tmp_path / "july" / name, double)

    assert len(find_side_by_side(tmp_path).pairs) == 2 * len(NAMES)


def test_folders_of_different_names_may_hold_side_by_side_files(tmp_path: Path) -> None:
    write_noise(tmp_path / "june", ["1.png", "2.png"])
    write_noise(tmp_path / "july", ["2.png", "3.png", "4.png"])

    assert len(find_side_by_side(tmp_path).pairs) == 5


@pytest.mark.real_data
@pytest.mark.parametrize("name", ["facades", "earth_day2night", "edges2shoes_100"])
def test_real_sets_are_all_pairs(real_data: Path, name: str) -> None:
    scan = find_side_by_side(real_data / name / "train")

    assert len(scan.pairs) == len(list((real_data / name / "train").iterdir()))
    assert not scan.faults
