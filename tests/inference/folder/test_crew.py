"""Several processes at one folder: each has its share, and all give one report."""

import json
import os
import secrets
import subprocess
import sys
import threading
import time
from pathlib import Path

import pytest
import torch.distributed

from tests.folder_toys import Inverter, draw, every_file_in, files_in
from tests.toys import write_photos
from translate import heartbeat
from translate.bundle import Bundle, save_bundle
from translate.errors import DataError, TranslateError
from translate.inference.folder import FolderReport, SaidElsewhereError, Stop, crew
from translate.inference.folder.crew import Crew
from translate.inference.folder.jobs import Job
from translate.inference.folder.manifest import NAME, read_manifest
from translate.inference.folder.running import FolderRun
from translate.inference.folder.sharing import run_shared
from translate.inference.folder.wishes import Wishes

COUNT = 21
ROOT = Path(__file__).parents[3]


@pytest.fixture
def source(tmp_path: Path) -> Path:
    for number in range(COUNT):
        draw(tmp_path / "in" / f"{number:02d}.png", (number, 0, 0))
    return tmp_path / "in"


@pytest.fixture
def crews(monkeypatch: pytest.MonkeyPatch) -> list[Crew]:
    """Three processes, as threads that talk through one store."""
    store = torch.distributed.HashStore()
    monkeypatch.setattr(heartbeat, "rendezvous", lambda *_, **__: iter([(store, 0, 0)]))
    monkeypatch.setattr(heartbeat, "BEAT_SECONDS", 0.02)
    monkeypatch.setattr(crew, "LOOK_SECONDS", 0.01)
    monkeypatch.setattr(crew, "GONE_SECONDS", 0.4)
    monkeypatch.setenv("WORLD_SIZE", "3")
    made = []
    for rank in range(3):
        monkeypatch.setenv("RANK", str(rank))
        made.append(Crew())
    return made


def run_all(
    crews: list[Crew], source: Path, target: Path, translators: dict[int, Inverter] | None = None
) -> dict[int, FolderReport | BaseException]:
    results: dict[int, FolderReport | BaseException] = {}

    def run(member: Crew) -> None:
        translator = (translators or {}).get(member.rank, Inverter())
        wishes = Wishes(copy_sidecars=["*.txt"])
        folder = FolderRun(source, target, translator, wishes, None, Stop())  # type: ignore[arg-type]
        try:
            with member:
                results[member.rank] = run_shared(folder, member)
        except BaseException as error:
            results[member.rank] = error

    threads = [threading.Thread(target=run, args=(member,), daemon=True) for member in crews]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join(20)
    return results


def test_shares_are_disjoint_and_complete_and_the_report_is_one(
    crews: list[Crew], source: Path, target: Path
) -> None:
    (source / "bad.jpg").write_text("no photo")
    (source / "notes.txt").write_text("hello")
    translators = {rank: Inverter() for rank in range(3)}

    reports = run_all(crews, source, target, translators)

    names = [f"{number:02d}.png" for number in range(COUNT)]
    first = reports[0]
    assert isinstance(first, FolderReport)
    assert first.done == names
    assert [failure.file for failure in first.failed] == ["bad.jpg"]
    assert first.copied == ["notes.txt"]
    assert reports[1] == reports[2] == first
    assert sorted(translator.translated for translator in translators.values()) == [7, 7, 8]
    assert files_in(target) == [*names, "notes.txt"]
    assert set(read_manifest(target)) == {*names, "bad.jpg", "notes.txt"}
    assert [name for name in every_file_in(target) if name.endswith("jsonl")] == [NAME]


def test_a_next_run_of_any_number_skips_what_is_done(
    crews: list[Crew], source: Path, target: Path
) -> None:
    from translate.inference.folder import translate_folder

    run_all(crews, source, target)
    os.environ["WORLD_SIZE"] = "1"

    assert len(translate_folder(source, target, Inverter()).skipped) == COUNT  # type: ignore[arg-type]


def test_a_refusal_reaches_all_and_is_said_by_the_first(
    crews: list[Crew], source: Path, target: Path
) -> None:
    draw(target / "03.png")

    results = run_all(crews, source, target)

    assert type(results[0]) is DataError
    assert {type(results[1]), type(results[2])} == {SaidElsewhereError}
    assert files_in(target) == ["03.png"]


def test_nobody_waits_for_one_that_is_gone(crews: list[Crew], source: Path, target: Path) -> None:
    started = time.monotonic()
    crews[2]._heart._heart.run = lambda: None  # type: ignore[method-assign]

    class Dying(Inverter):
        def outcomes(self, *arguments, **more):  # type: ignore[no-untyped-def]
            for number, outcome in enumerate(super().outcomes(*arguments, **more)):
                if number == 3:
                    time.sleep(0.5)
                    raise SystemExit
                yield outcome

    reports = run_all(crews, source, target, {2: Dying()})

    first = reports[0]
    assert isinstance(first, FolderReport)
    assert first.stopped == "process 2 is gone: run again to finish its share"
    assert len(first.done) + first.not_attempted == COUNT
    assert first.not_attempted == 4
    assert reports[1] == first
    assert time.monotonic() - started < 10
    assert len(files_in(target)) == len(first.done)


def test_what_is_larger_than_the_store_takes_at_once_arrives(
    crews: list[Crew], monkeypatch: pytest.MonkeyPatch
) -> None:
    store = torch.distributed.TCPStore("localhost", 0, is_master=True, wait_for_workers=False)
    for member in crews[:2]:
        monkeypatch.setattr(member._heart, "_store", store)
    names = [secrets.token_hex(5 * 2**20) for _ in range(4)]

    shares = crews[0].hand_out([Job(name, (name,)) for name in names])

    assert crews[1].receive() == shares[1]


def test_who_was_asked_to_stop_waits_less_long(
    crews: list[Crew], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(crew, "GONE_SECONDS", 60.0)
    monkeypatch.setattr(crew, "HURRIED_SECONDS", 0.1)

    crews[0].hurry()

    assert crews[0].collect() == {1: None, 2: None}


def test_who_finds_no_first_process_says_so(
    crews: list[Crew], source: Path, target: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(heartbeat, "GATHER_SECONDS", 0.3)

    results = run_all(crews[1:], source, target)

    assert type(results[1]) is TranslateError
    assert "process 0 is gone" in str(results[1])


@pytest.fixture
def bundle(tmp_path: Path, bundle: Bundle) -> Path:
    save_bundle(bundle, tmp_path / "bundle")
    return tmp_path / "bundle"


@pytest.mark.slow
@pytest.mark.parametrize("launcher", ["torch.distributed.run", "accelerate.commands.launch"])
def test_launched_processes_share_a_folder(tmp_path: Path, bundle: Path, launcher: str) -> None:
    write_photos(tmp_path / "in", count=9)
    (tmp_path / "in" / "bad.jpg").write_text("no photo")
    count = ["--nproc_per_node"] if "torch" in launcher else ["--cpu", "--num_processes"]
    command = [sys.executable, "-m", launcher, *count, "2"]
    command += [str(ROOT / "scripts" / "translate_folder.py"), str(tmp_path / "in")]
    command += [str(tmp_path / "out"), "--model", str(bundle), "--device", "cpu"]
    command += ["--report", str(tmp_path / "report.json")]
    environment = {**os.environ, "PYTHONPATH": str(ROOT)}

    done = subprocess.run(
        command, capture_output=True, text=True, check=False, env=environment, timeout=300
    )

    assert done.returncode == 1, done.stderr
    assert done.stdout.count("9 translated, 0 skipped, 1 failed") == 1, done.stdout
    report = json.loads((tmp_path / "report.json").read_text())
    assert report["done"] == files_in(tmp_path / "out") == [f"{n:03d}.png" for n in range(9)]
    assert [failure["file"] for failure in report["failed"]] == ["bad.jpg"]
    assert len(read_manifest(tmp_path / "out")) == 10
