"""A full disk, or somebody who has had enough: what is whole stays, and the rest is counted."""

import errno
import os
import signal
from pathlib import Path
from typing import Any

import pytest

from tests.folder_toys import Inverter, draw, every_file_in, files_in
from translate.inference.folder import INTERRUPTED, Stop, translate_folder
from translate.inference.folder.manifest import read_manifest

COUNT = 60


@pytest.fixture
def source(tmp_path: Path) -> Path:
    for number in range(COUNT):
        draw(tmp_path / "in" / f"{number:02d}.png", (number, 0, 0))
    return tmp_path / "in"


@pytest.mark.parametrize("number", [errno.ENOSPC, errno.EDQUOT])
def test_a_full_disk_stops_at_once_and_keeps_what_is_whole(
    source: Path, target: Path, monkeypatch: pytest.MonkeyPatch, number: int
) -> None:
    syncing, calls = os.fsync, []

    def fill(descriptor: int) -> None:
        calls.append(descriptor)
        if len(calls) > 10:
            raise OSError(number, os.strerror(number))
        syncing(descriptor)

    monkeypatch.setattr(os, "fsync", fill)
    report = translate_folder(source, target, Inverter())
    monkeypatch.undo()

    assert report.stopped == "the disk is full"
    assert 3 <= len(report.done) <= 5  # two calls for each, by two threads
    assert {failure.reason for failure in report.failed} == {"the disk is full"}
    assert report.not_attempted == COUNT - len(report.done) - len(report.failed) > 0
    assert not report.is_complete
    assert files_in(target) == report.done
    assert not [name for name in every_file_in(target) if name.endswith(".part")]
    again = translate_folder(source, target, Inverter())
    assert (len(again.done) + len(again.skipped), again.skipped) == (COUNT, report.done)


def test_a_disk_that_is_too_full_for_the_line_leaves_no_output_without_one(
    source: Path, target: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    writing: Any = os.write

    def fill(descriptor: int, content: bytes) -> int:
        if b"05.png" in content:
            raise OSError(errno.ENOSPC, "No space left on device")
        return int(writing(descriptor, content))

    monkeypatch.setattr(os, "write", fill)
    report = translate_folder(source, target, Inverter())
    monkeypatch.undo()

    assert report.stopped == "the disk is full"
    assert not (target / "05.png").exists()
    assert set(files_in(target)) == {n for n, e in read_manifest(target).items() if not e.error}


def test_a_line_that_the_disk_takes_in_part_does_not_spoil_the_next(
    source: Path, target: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    writing: Any = os.write
    torn: list[bytes] = []

    def tear(descriptor: int, content: bytes) -> int:
        if b"05.png" in content and not torn:
            torn.append(content)
            writing(descriptor, content[:30])
            raise OSError(errno.EIO, "Input/output error")
        return int(writing(descriptor, content))

    monkeypatch.setattr(os, "write", tear)
    report = translate_folder(source, target, Inverter())
    monkeypatch.undo()

    assert [failure.file for failure in report.failed] == ["05.png"]
    assert translate_folder(source, target, Inverter()).done == ["05.png"]


def test_a_wish_to_stop_lets_the_photos_under_way_be_finished(source: Path, target: Path) -> None:
    stop = Stop()
    translator = Inverter(ahead=4, before_each=lambda number: number == 5 and stop.request())

    report = translate_folder(source, target, translator, stop=stop)

    assert report.stopped == INTERRUPTED
    assert report.done == [f"{number:02d}.png" for number in range(8)]
    assert report.not_attempted == COUNT - 8
    assert files_in(target) == report.done
    assert len(translate_folder(source, target, Inverter()).skipped) == 8


@pytest.mark.parametrize("number", [signal.SIGINT, signal.SIGTERM])
def test_signals_are_wishes_and_a_second_ctrl_c_is_an_order(number: signal.Signals) -> None:
    before = signal.getsignal(number)
    with Stop() as stop:
        os.kill(os.getpid(), number)
        assert (stop.is_requested, stop.reason) == (True, INTERRUPTED)
        os.kill(os.getpid(), signal.SIGTERM)
        with pytest.raises(KeyboardInterrupt):
            os.kill(os.getpid(), signal.SIGINT)
    assert signal.getsignal(number) is before


def test_an_error_of_the_machine_is_raised_and_what_is_whole_stays(
    source: Path, target: Path
) -> None:
    def burn(number: int) -> None:
        if number == 20:
            raise RuntimeError("the machine is on fire")

    with pytest.raises(RuntimeError, match="on fire"):
        translate_folder(source, target, Inverter(before_each=burn))

    assert set(files_in(target)) == set(read_manifest(target))
    assert not [name for name in every_file_in(target) if name.endswith(".part")]
