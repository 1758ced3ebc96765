import inspect
import os
import sys
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from translate.images import IMAGE_SUFFIXES, Found, find_photos, suffixes_of


def touch(folder: Path, *names: str) -> None:
    for name in names:
        (folder / name).parent.mkdir(parents=True, exist_ok=True)
        (folder / name).touch()


def below(folder: Path, files: list[Path]) -> list[str]:
    return [file.relative_to(folder).as_posix() for file in files]


def ignored(folder: Path, found: Found) -> list[tuple[str, str]]:
    return [(file.relative_to(folder).as_posix(), reason) for file, reason in found.ignored]


def test_photos_come_in_the_order_of_their_paths_and_the_rest_is_named(tmp_path: Path) -> None:
    touch(tmp_path, "b/2.png", "a.JPG", "b/notes.txt", ".hidden/3.jpg", "b/.4.jpg", "c/d/5.webp")

    found = find_photos(tmp_path)

    assert below(tmp_path, found.photos) == ["a.JPG", "b/2.png", "c/d/5.webp"]
    assert ignored(tmp_path, found) == [
        (".hidden", "hidden"),
        ("b/.4.jpg", "hidden"),
        ("b/notes.txt", "not a photo"),
    ]
    assert found.unreadable == []


def test_a_folder_named_like_a_photo_is_searched_as_a_folder(tmp_path: Path) -> None:
    touch(tmp_path, "holiday.jpg/1.png")

    assert below(tmp_path, find_photos(tmp_path).photos) == ["holiday.jpg/1.png"]


def test_pipes_are_no_photos_but_broken_links_are_photos_that_will_fail(tmp_path: Path) -> None:
    os.mkfifo(tmp_path / "pipe.jpg")
    (tmp_path / "gone.jpg").symlink_to("nowhere.jpg")

    found = find_photos(tmp_path)

    assert below(tmp_path, found.photos) == ["gone.jpg"]
    assert ignored(tmp_path, found) == [("pipe.jpg", "not a photo")]


def test_links_to_folders_are_followed_but_never_in_circles(tmp_path: Path) -> None:
    touch(tmp_path, "in/1.png", "in/deep/2.png", "elsewhere/3.png")
    (tmp_path / "in" / "linked").symlink_to(tmp_path / "elsewhere")
    (tmp_path / "in" / "deep" / "up").symlink_to(tmp_path / "in")
    (tmp_path / "elsewhere" / "back").symlink_to(tmp_path / "in")
    (tmp_path / "in" / "self").symlink_to("self")

    found = find_photos(tmp_path / "in")

    assert below(tmp_path / "in", found.photos) == ["1.png", "deep/2.png", "linked/3.png"]
    assert ignored(tmp_path / "in", found) == [
        ("deep/up", "a link that leads back"),
        ("linked/back", "a link that leads back"),
        ("self", "not a photo"),
    ]


def test_one_folder_can_be_left_out_wherever_a_link_leads_there(tmp_path: Path) -> None:
    touch(tmp_path, "in/1.png", "out/2.png")
    (tmp_path / "in" / "results").symlink_to(tmp_path / "out")

    found = find_photos(tmp_path / "in", never=tmp_path / "out")

    assert below(tmp_path / "in", found.photos) == ["1.png"]
    assert ignored(tmp_path / "in", found) == [("results", "a link to the folder that is left out")]


def test_folders_that_cannot_be_listed_are_named_with_the_reason(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    touch(tmp_path, "closed/1.png", "2.png")
    listing = os.scandir

    def refuse(folder: str) -> "os._ScandirIterator[str]":
        if Path(folder).name == "closed":
            raise PermissionError(13, "Permission denied")
        return listing(folder)

    monkeypatch.setattr(os, "scandir", refuse)
    found = find_photos(tmp_path)

    assert below(tmp_path, found.photos) == ["2.png"]
    assert found.unreadable == [(tmp_path / "closed", "cannot be read (Permission denied)")]


def test_other_suffixes_are_found_when_asked_for(tmp_path: Path) -> None:
    touch(tmp_path, "1.npy", "b/2.NPY", "3.png", "notes.txt")

    assert below(tmp_path, find_photos(tmp_path).photos) == ["3.png"]
    found = find_photos(tmp_path, suffixes=suffixes_of("bands"))
    assert below(tmp_path, found.photos) == ["1.npy", "3.png", "b/2.NPY"]
    assert ignored(tmp_path, found) == [("notes.txt", "not a photo")]


def test_only_bands_may_lie_in_numpys_files() -> None:
    for kind in ("photo", "grey", "labels"):
        assert suffixes_of(kind) == IMAGE_SUFFIXES
    assert suffixes_of("bands") == (*IMAGE_SUFFIXES, ".npy")


@pytest.mark.parametrize("suffix", [".CR2", ".nef", ".dng", ".iiq"])
def test_camera_raw_is_told_with_what_to_do(tmp_path: Path, suffix: str) -> None:
    touch(tmp_path, f"1{suffix}")

    assert ignored(tmp_path, find_photos(tmp_path)) == [
        (f"1{suffix}", "camera raw; develop it first and translate the TIFF or JPEG")
    ]


def test_videos_are_called_so_and_animations_and_phones_photos_are_photos(tmp_path: Path) -> None:
    touch(tmp_path, "1.MOV", "2.mp4", "3.gif", "4.heic", "5.avif", "6", "7.", "8.jpg.txt")

    found = find_photos(tmp_path)

    assert below(tmp_path, found.photos) == ["3.gif", "4.heic", "5.avif"]
    assert [reason for _, reason in found.ignored] == ["a video"] * 2 + ["not a photo"] * 3


def test_a_photo_that_links_to_itself_will_fail_as_one(tmp_path: Path) -> None:
    (tmp_path / "self.jpg").symlink_to("self.jpg")

    assert below(tmp_path, find_photos(tmp_path).photos) == ["self.jpg"]


def test_folders_may_lie_deeper_than_pythons_stack(tmp_path: Path) -> None:
    deepest = tmp_path.joinpath(*["d"] * 150)
    deepest.mkdir(parents=True)
    (deepest / "1.jpg").touch()

    limit = sys.getrecursionlimit()
    sys.setrecursionlimit(len(inspect.stack(0)) + 120)
    try:
        found = find_photos(tmp_path)
    finally:
        sys.setrecursionlimit(limit)

    assert found.photos == [deepest / "1.jpg"]


def test_paths_begin_with_the_folder_as_it_was_given(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    touch(tmp_path, "in/1.jpg")
    monkeypatch.chdir(tmp_path)

    assert find_photos(Path()).photos == [Path("in/1.jpg")]
    assert find_photos(Path("in")).photos == [Path("in/1.jpg")]


@settings(max_examples=30, deadline=None)
@given(names=st.sets(st.text("ab.Zé ", min_size=1, max_size=4).filter(lambda n: n.strip("."))))
def test_the_order_is_that_of_sorted_names(
    tmp_path_factory: pytest.TempPathFactory, names: set[str]
) -> None:
    folder = tmp_path_factory.mktemp("names")
    for name in names:
        (folder / f"{name}.jpg").touch()

    found = find_photos(folder)

    everything = sorted([*found.photos, *(file for file, _ in found.ignored)])
    assert everything == sorted(folder.iterdir())
    assert found.photos == sorted(found.photos)
