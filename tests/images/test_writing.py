import errno
import os
from pathlib import Path

import pytest

from translate.errors import DataError
from translate.images import UNFINISHED_SUFFIX, write_whole


def names(folder: Path) -> list[str]:
    return [entry.name for entry in folder.iterdir()]


def test_a_file_appears_whole_in_folders_that_were_missing(tmp_path: Path) -> None:
    write_whole(b"content", tmp_path / "new" / "deep" / "file")

    assert (tmp_path / "new" / "deep" / "file").read_bytes() == b"content"
    assert names(tmp_path / "new" / "deep") == ["file"]


def test_before_the_rename_the_file_is_whole_under_a_name_that_tells_what_it_is(
    tmp_path: Path,
) -> None:
    seen: list[Path] = []

    def look(unfinished: Path) -> None:
        seen.append(unfinished)
        assert unfinished.read_bytes() == b"content"
        assert not (tmp_path / "file").exists()

    write_whole(b"content", tmp_path / "file", look)

    assert seen[0].parent == tmp_path
    assert seen[0].name.startswith(".")
    assert seen[0].name.endswith(UNFINISHED_SUFFIX)
    assert names(tmp_path) == ["file"]


@pytest.mark.parametrize("is_watched", [True, False])
def test_only_who_looks_before_the_rename_waits_for_the_disk(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, is_watched: bool
) -> None:
    calls: list[int] = []
    monkeypatch.setattr(os, "fsync", calls.append)

    write_whole(b"content", tmp_path / "file", (lambda _: None) if is_watched else None)

    assert len(calls) == is_watched


def test_who_raises_before_the_rename_leaves_the_old_file(tmp_path: Path) -> None:
    def refuse(_: Path) -> None:
        raise KeyboardInterrupt

    (tmp_path / "file").write_bytes(b"old")
    with pytest.raises(KeyboardInterrupt):
        write_whole(b"new", tmp_path / "file", refuse)

    assert (tmp_path / "file").read_bytes() == b"old"
    assert names(tmp_path) == ["file"]


@pytest.mark.parametrize("name", ["x" * 246 + ".jpg", "é" * 125])
def test_names_may_have_two_hundred_and_fifty_bytes(tmp_path: Path, name: str) -> None:
    write_whole(b"content", tmp_path / name)

    assert names(tmp_path) == [name]


def test_a_full_disk_can_be_told_from_other_failures(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    def refuse(*_: object) -> None:
        raise OSError(errno.ENOSPC, "No space left on device")

    monkeypatch.setattr(os, "fsync", refuse)
    with pytest.raises(DataError) as caught:
        write_whole(b"content", tmp_path / "file", lambda _: None)

    assert str(caught.value) == (
        f"{tmp_path}/file: could not be written (No space left on device). Look at the folder's "
        "permissions and at the free space."
    )
    assert isinstance(caught.value.__cause__, OSError)
    assert caught.value.__cause__.errno == errno.ENOSPC
    assert names(tmp_path) == []


def test_a_name_too_long_is_told_as_such(tmp_path: Path) -> None:
    with pytest.raises(DataError, match=r"name too long\)\. Choose shorter names\.$"):
        write_whole(b"content", tmp_path / ("x" * 300))


def test_a_folder_that_is_a_file_is_told(tmp_path: Path) -> None:
    (tmp_path / "file").touch()

    with pytest.raises(DataError, match=r"photo\.jpg: could not be written .* Move away"):
        write_whole(b"content", tmp_path / "file" / "photo.jpg")
