"""New photos are translated as they arrive."""

import threading
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from tests.folder_toys import Inverter, colour_of, draw, files_in
from translate.inference.folder import FolderReport, Stop, checks, translate_folder, watching

PATIENCE_SECONDS = 10.0


class Watcher:
    """A run that watches, in a thread of its own."""

    def __init__(self, source: Path, target: Path, **wishes: Any) -> None:
        self.stop, self.reports = Stop(), list[FolderReport]()
        self.seen: list[str] = []

        def run() -> None:
            self.reports.append(
                translate_folder(
                    source,
                    target,
                    Inverter(),
                    lambda step: self.seen.append(step.file),
                    watch=True,
                    stop=self.stop,
                    **wishes,
                )
            )

        self._thread = threading.Thread(target=run, daemon=True)
        self._thread.start()

    def wait_for(self, happened: Callable[[], bool]) -> None:
        deadline = time.monotonic() + PATIENCE_SECONDS
        while not happened():
            assert time.monotonic() < deadline
            time.sleep(0.01)

    def end(self) -> FolderReport:
        self.stop.request()
        self._thread.join(PATIENCE_SECONDS)
        return self.reports[0]


@pytest.fixture(autouse=True)
def _in_a_hurry(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(watching, "EVERY_SECONDS", 0.05)


@pytest.fixture
def source(tmp_path: Path) -> Path:
    return draw(tmp_path / "in" / "a.png", "white").parent


def test_new_and_changed_photos_and_sidecars_are_taken_until_the_end(
    source: Path, target: Path
) -> None:
    watcher = Watcher(source, target, copy_sidecars=["*.txt"])
    watcher.wait_for(lambda: "a.png" in watcher.seen)
    draw(source / "deep" / "b.png")
    (source / "b.txt").write_text("0")
    watcher.wait_for(lambda: files_in(target) == ["a.png", "b.txt", "deep/b.png"])
    draw(source / "a.png", "red", (50, 50))
    watcher.wait_for(lambda: colour_of(target / "a.png") == (0, 255, 255))
    report = watcher.end()

    assert report.done == ["a.png", "deep/b.png", "a.png"]
    assert report.copied == ["b.txt"]
    assert (report.stopped, report.is_complete) == (None, True)


def test_a_file_that_is_still_growing_is_left_to_grow(source: Path, target: Path) -> None:
    whole = draw(source.parent / "b.png", size=(80, 80)).read_bytes()
    watcher = Watcher(source, target)
    watcher.wait_for(lambda: "a.png" in watcher.seen)
    for end in range(1, len(whole) + 1, max(1, len(whole) // 40)):
        (source / "b.png").write_bytes(whole[:end])
        time.sleep(0.01)
    (source / "b.png").write_bytes(whole)
    watcher.wait_for(lambda: "b.png" in files_in(target))

    assert watcher.end().failed == []


def test_what_failed_is_tried_again_only_when_it_changed(source: Path, target: Path) -> None:
    (source / "b.png").write_text("no photo")
    watcher = Watcher(source, target)
    watcher.wait_for(lambda: "b.png" in watcher.seen)
    time.sleep(0.3)
    assert watcher.seen.count("b.png") == 1
    draw(source / "b.png")
    watcher.wait_for(lambda: "b.png" in files_in(target))

    report = watcher.end()
    assert (report.failed, report.done) == ([], ["a.png", "b.png"])


def test_an_empty_folder_may_be_watched_and_bad_names_fail_alone(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(checks, "folds_names", lambda folder: True)
    source, target = tmp_path / "in", tmp_path / "out"
    source.mkdir()
    watcher = Watcher(source, target)
    watcher.wait_for(target.exists)
    draw(source / "a.png")
    watcher.wait_for(lambda: "a.png" in files_in(target))
    draw(source / "A.PNG")
    draw(source / "b.png")
    watcher.wait_for(lambda: "b.png" in files_in(target))

    report = watcher.end()
    assert [failure.file for failure in report.failed] in (["A.PNG"], ["a.png"])
    assert "would be the translation of both" in report.failed[0].reason
