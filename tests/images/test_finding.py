import os
from pathlib import Path

import pytest

from translate.images import IMAGE_SUFFIXES, find_photos, suffixes_of


def touch(folder: Path, *names: str) -> None:
    for name in names:
        (folder / name).parent.mkdir(parents=True, exist_ok=True)
        (folder / name).touch()


def below(folder: Path, files: list[Path]) -> list[str]:
    return [file.relative_to(folder).as_posix() for file in files]


def test_photos_come_in_the_order_of_their_paths_and_the_rest_is_named(tmp_path: Path) -> None:
    touch(tmp_path, "b/2.png", "a.JPG", "b/notes.txt", ".hidden/3.jpg", "b/.4.jpg", "c/d/5.webp")

    found = find_photos(tmp_path)

    assert below(tmp_path, found.photos) == ["a.JPG", "b/2.png", "c/d/5.webp"]
    assert below(tmp_path, found.ignored) == [".hidden", "b/.4.jpg", "b/notes.txt"]
    assert found.unreadable == []


def test_a_folder_named_like_a_photo_is_searched_as_a_folder(tmp_path: Path) -> None:
    touch(tmp_path, "holiday.jpg/1.png")

    assert below(tmp_path, find_photos(tmp_path).photos) == ["holiday.jpg/1.png"]


def test_pipes_are_no_photos_but_broken_links_are_photos_that_will_fail(tmp_path: Path) -> None:
    os.mkfifo(tmp_path / "pipe.jpg")
    (tmp_path / "gone.jpg").symlink_to("nowhere.jpg")

    found = find_photos(tmp_path)

    assert below(tmp_path, found.photos) == ["gone.jpg"]
    assert below(tmp_path, found.ignored) == ["pipe.jpg"]


def test_links_to_folders_are_followed_but_never_in_circles(tmp_path: Path) -> None:
    touch(tmp_path, "in/1.png", "in/deep/2.png", "elsewhere/3.png")
    (tmp_path / "in" / "linked").symlink_to(tmp_path / "elsewhere")
    (tmp_path / "in" / "deep" / "up").symlink_to(tmp_path / "in")
    (tmp_path / "elsewhere" / "back").symlink_to(tmp_path / "in")
    (tmp_path / "in" / "self").symlink_to("self")

    found = find_photos(tmp_path / "in")

    assert below(tmp_path / "in", found.photos) == ["1.png", "deep/2.png", "linked/3.png"]
    assert below(tmp_path / "in", found.ignored) == ["deep/up", "linked/back", "self"]


def test_one_folder_can_be_left_out_wherever_a_link_leads_there(tmp_path: Path) -> None:
    touch(tmp_path, "in/1.png", "out/2.png")
    (tmp_path / "in" / "results").symlink_to(tmp_path / "out")

    found = find_photos(tmp_path / "in", never=tmp_path / "out")

    assert below(tmp_path / "in", found.photos) == ["1.png"]
    assert below(tmp_path / "in", found.ignored) == ["results"]


def test_folders_that_cannot_be_listed_are_named_with_the_reason(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    touch(tmp_path, "closed/1.png", "2.png")
    listing = Path.iterdir

    def refuse(self: Path):  # type: ignore[no-untyped-def]
        if self.name == "closed":
            raise PermissionError(13, "Permission denied")
        return listing(self)

    monkeypatch.setattr(Path, "iterdir", refuse)
    found = find_photos(tmp_path)

    assert below(tmp_path, found.photos) == ["2.png"]
    assert found.unreadable == [(tmp_path / "closed", "cannot be read (Permission denied)")]


def test_other_suffixes_are_found_when_asked_for(tmp_path: Path) -> None:
    touch(tmp_path, "1.npy", "b/2.NPY", "3.png", "notes.txt")

    assert below(tmp_path, find_photos(tmp_path).photos) == ["3.png"]
    found = find_photos(tmp_path, suffixes=suffixes_of("bands"))
    assert below(tmp_path, found.photos) == ["1.npy", "3.png", "b/2.NPY"]
    assert below(tmp_path, found.ignored) == ["notes.txt"]


def test_only_bands_may_lie_in_numpys_files() -> None:
    for kind in ("photo", "grey", "labels"):
        assert suffixes_of(kind) == IMAGE_SUFFIXES
    assert suffixes_of("bands") == (*IMAGE_SUFFIXES, ".npy")
