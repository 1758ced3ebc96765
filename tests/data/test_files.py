import logging
import os
import shutil
from pathlib import Path

import numpy as np
import pytest
from PIL import Image

from translate.data.files import BadFile, fingerprint, list_photos, scan_photos, usable_photos
from translate.errors import DataError


def write_photo(file: Path, side: int = 32) -> Path:
    file.parent.mkdir(parents=True, exist_ok=True)
    noise = np.random.default_rng(side).integers(0, 256, (side, side, 3), dtype=np.uint8)
    Image.fromarray(noise).save(file)
    return file


def test_photos_are_found_in_subfolders_and_sorted_by_path(tmp_path: Path) -> None:
    names = ["b/2.png", "a.jpg", "b/10.JPG", "b/c/1.webp", "c.tiff"]
    for name in reversed(names):
        (tmp_path / name).parent.mkdir(parents=True, exist_ok=True)
        (tmp_path / name).touch()

    found = [file.relative_to(tmp_path).as_posix() for file in list_photos(tmp_path)]

    assert found == ["a.jpg", "b/10.JPG", "b/2.png", "b/c/1.webp", "c.tiff"]


def test_hidden_and_foreign_files_are_passed_over(tmp_path: Path) -> None:
    for name in (".hidden.jpg", ".cache/a.jpg", "notes.txt", "film.mp4", "photo.jpg"):
        (tmp_path / name).parent.mkdir(exist_ok=True)
        (tmp_path / name).touch()

    assert [file.name for file in list_photos(tmp_path)] == ["photo.jpg"]


def test_a_photo_in_a_hidden_parent_is_found(tmp_path: Path) -> None:
    photo = write_photo(tmp_path / ".home" / "photos" / "a.jpg")

    assert list_photos(photo.parent) == [photo]


def test_linked_folders_are_searched_and_folders_named_like_photos_are_none(tmp_path: Path) -> None:
    write_photo(tmp_path / "elsewhere" / "a.jpg")
    (tmp_path / "in" / "x.jpg").mkdir(parents=True)
    (tmp_path / "in" / "linked").symlink_to(tmp_path / "elsewhere")
    (tmp_path / "in" / "circle").symlink_to(tmp_path / "in")

    assert list_photos(tmp_path / "in") == [tmp_path / "in" / "linked" / "a.jpg"]


def test_a_folder_that_cannot_be_read_is_an_error_not_a_smaller_data_set(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    write_photo(tmp_path / "a.jpg")
    (tmp_path / "closed").mkdir()
    listing = os.scandir

    def refuse(folder: str) -> "os._ScandirIterator[str]":
        if Path(folder).name == "closed":
            raise PermissionError(13, "Permission denied")
        return listing(folder)

    monkeypatch.setattr(os, "scandir", refuse)

    with pytest.raises(DataError, match=r"closed: cannot be read \(Permission denied\)\. Allow"):
        list_photos(tmp_path)


def test_a_missing_folder_is_told_with_what_is_there_instead(tmp_path: Path) -> None:
    (tmp_path / "sumer").mkdir()

    with pytest.raises(DataError) as caught:
        list_photos(tmp_path / "summer" / "trainA")

    assert str(caught.value) == (
        f"{tmp_path}/summer/trainA: there is no such folder; {tmp_path} exists, "
        "and holds sumer/. Correct the path."
    )


def test_a_file_is_no_folder_of_photos(tmp_path: Path) -> None:
    with pytest.raises(DataError, match="is a file, expected a folder"):
        list_photos(write_photo(tmp_path / "a.jpg"))


def test_a_folder_without_photos_is_told_with_its_contents(tmp_path: Path) -> None:
    with pytest.raises(DataError, match=r"holds no photos \(\.jpg .*\), and is empty\. Put"):
        list_photos(tmp_path)
    (tmp_path / "notes.txt").touch()
    with pytest.raises(DataError, match=r"and holds notes\.txt\. Put photos there"):
        list_photos(tmp_path)


def test_a_scan_parts_the_usable_from_the_rest_in_order(tmp_path: Path) -> None:
    good, tiny, empty, last = (tmp_path / f"{i}.png" for i in range(4))
    write_photo(good)
    write_photo(tiny, side=8)
    empty.touch()
    write_photo(last)

    usable, bad_files = scan_photos([good, tiny, empty, last], least_px=16)

    assert usable == [good, last]
    assert bad_files == [
        BadFile(tiny, "is too small: 8 x 8 px, at least 16 px are needed"),
        BadFile(empty, "is empty (0 bytes)"),
    ]


def broken_folder(folder: Path, broken: int) -> Path:
    write_photo(folder / "good.jpg")
    for i in range(broken):
        (folder / f"broken_{i:02d}.jpg").touch()
    return folder


def test_all_bad_files_are_told_at_once_with_advice(tmp_path: Path) -> None:
    with pytest.raises(DataError) as caught:
        usable_photos(broken_folder(tmp_path, 2), 16, skip_bad_files=False)

    assert str(caught.value).splitlines() == [
        f"{tmp_path}: 2 of 3 photos cannot be used:",
        f"  {tmp_path}/broken_00.jpg: is empty (0 bytes)",
        f"  {tmp_path}/broken_01.jpg: is empty (0 bytes)",
        "Mend or remove them, or set data.skip_bad_files to go on without them.",
    ]


def test_a_long_list_of_bad_files_is_cut_after_ten(tmp_path: Path) -> None:
    with pytest.raises(DataError) as caught:
        usable_photos(broken_folder(tmp_path, 13), 16, skip_bad_files=False)

    assert str(caught.value).count("is empty") == 10
    assert "  ... and 3 more\n" in str(caught.value)


def test_skipped_files_are_counted_by_kind_in_one_warning(
    tmp_path: Path, caplog: pytest.LogCaptureFixture
) -> None:
    write_photo(tmp_path / "small.jpg", side=8)

    with caplog.at_level(logging.WARNING, logger="translate.data.files"):
        usable = usable_photos(broken_folder(tmp_path, 2), 16, skip_bad_files=True)

    assert [file.name for file in usable] == ["good.jpg"]
    assert caplog.messages == [
        f"{tmp_path}: 3 of 4 photos are left out: 2 x 'is empty', 1 x 'is too small'"
    ]


def test_nothing_left_is_an_error_even_when_skipping(tmp_path: Path) -> None:
    (tmp_path / "a.jpg").touch()

    with pytest.raises(DataError, match="none of its 1 photos can be used"):
        usable_photos(tmp_path, 16, skip_bad_files=True)


def fingerprint_of(*folders: Path) -> str:
    return fingerprint(*((folder, list_photos(folder)) for folder in folders))


def write_two_folders(a: Path, b: Path) -> tuple[Path, Path]:
    write_photo(a / "1.png")
    write_photo(a / "deep" / "2.png")
    write_photo(b / "1.png", side=20)
    return a, b


def test_a_fingerprint_is_the_same_wherever_each_folder_lies(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    a, b = write_two_folders(tmp_path / "set" / "a", tmp_path / "set" / "b")
    expected = fingerprint_of(a, b)
    shutil.copytree(a, tmp_path / "far" / "away" / "photos")
    monkeypatch.chdir(tmp_path)

    assert fingerprint_of(tmp_path / "far" / "away" / "photos", b) == expected
    assert fingerprint_of(Path("set/a"), b) == expected  # one relative, one absolute
    assert fingerprint((Path("set/a"), list_photos(a)), (b, list_photos(b))) == expected


def test_a_fingerprint_tells_any_change_of_names_sizes_and_sides(tmp_path: Path) -> None:
    a, b = write_two_folders(tmp_path / "a", tmp_path / "b")
    seen = {fingerprint_of(a, b), fingerprint_of(b, a), fingerprint_of(a), fingerprint_of(a, a)}

    (a / "1.png").rename(a / "one.png")
    seen.add(fingerprint_of(a, b))
    (a / "one.png").rename(b / "one.png")
    seen.add(fingerprint_of(a, b))
    with (b / "one.png").open("ab") as stream:
        stream.write(b"more")
    seen.add(fingerprint_of(a, b))

    assert len(seen) == 7
