"""The door `photo-translate doctor`."""

import json
import os
import re
import signal
import subprocess
import sys
import time
from pathlib import Path

import pytest

from tests.doctor_toys import every_byte_of, save, texture, write_textures, write_unpaired
from translate.cli import DONE, INTERRUPTED, REFUSED, SOME_FAILED, main

QUICK = ["--no-remember", "--sample", "0", "--crop-px", "32", "--workers", "1"]


@pytest.fixture(autouse=True)
def _elsewhere(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Pages are written where one is, and facts remembered among one's caches."""
    (tmp_path / "here").mkdir()
    monkeypatch.chdir(tmp_path / "here")
    for name in ("XDG_CACHE_HOME", "LOCALAPPDATA", "HOME"):
        monkeypatch.setenv(name, str(tmp_path / "cache"))


def doctor(*words: object) -> int:
    return main(["doctor", *map(str, words), *QUICK])


def test_a_good_data_set_is_told_and_has_a_page(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    write_unpaired(tmp_path / "set")

    assert doctor(tmp_path / "set") == DONE

    told = capsys.readouterr().out
    assert told.startswith("set: train 6 of A and 6 of B, test 6 of A and 6 of B")
    assert told.endswith("page: doctor_set.html\n")
    assert Path("doctor_set.html").read_text().startswith("<!DOCTYPE html>")


def test_something_serious_is_told_by_the_exit_code(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    write_unpaired(tmp_path / "set")
    save(tmp_path / "set" / "testA" / "x.png", texture(1))

    assert doctor(tmp_path / "set") == SOME_FAILED
    assert "serious: 1 photo of test is in train too" in capsys.readouterr().out


def test_page_json_and_copy_go_where_they_are_told(tmp_path: Path) -> None:
    write_unpaired(tmp_path / "set")
    save(tmp_path / "set" / "testA" / "x.png", texture(1))
    before = every_byte_of(tmp_path / "set")

    flags = ["--out", "p.html", "--json", "p.json", "--fix", tmp_path / "copy"]
    assert doctor(tmp_path / "set", *flags) == SOME_FAILED

    assert json.loads(Path("p.json").read_text())["is_serious"] is True
    assert Path("p.html").is_file()
    assert not (tmp_path / "copy" / "trainA" / "0001.png").exists()
    assert every_byte_of(tmp_path / "set") == before
    assert doctor(tmp_path / "copy") == DONE


def test_started_in_the_data_set_the_page_goes_beside_it(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    write_unpaired(tmp_path / "set", 2)
    before = every_byte_of(tmp_path / "set")
    monkeypatch.chdir(tmp_path / "set")

    assert doctor(".") == DONE

    assert (tmp_path / "doctor_set.html").is_file()
    assert every_byte_of(tmp_path / "set") == before


def test_two_folders_are_looked_at_together(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    write_textures(tmp_path / "sunny", range(4))
    write_textures(tmp_path / "snowy", range(10, 13))

    assert doctor("--folder-a", tmp_path / "sunny", "--folder-b", tmp_path / "snowy") == DONE
    assert "sunny and snowy: train 4 of A and 3 of B" in capsys.readouterr().out


@pytest.mark.parametrize(
    ("flags", "told"),
    [
        ([], "name either FOLDER"),
        (["SET", "--folder-a", "SET"], "name either FOLDER"),
        (["SET/none"], "there is no such folder"),
        (["SET", "--out", "SET/page.html"], "--out: .* lies in .*, where nothing is written"),
        (["SET", "--json", "SET/trainA/x.json"], "--json: .* lies in"),
        (["SET", "--fix", "SET/copy"], "--fix: .* lies in"),
        (["SET", "--fix", "NEW", "--out", "NEW/page.html"], "--out: .* lies in"),
        (["SET", "--out", "page.png"], "has the name of a photo"),
        (["SET", "--out", "none/page.html"], "--out: .* cannot be written"),
        (["SET", "--json", "doctor_set.html"], "is the page too"),
        (["SET", "--drop-suspicious"], "name one with --fix"),
        (["SET", "--crop-px", "0"], "--crop-px: must be at least 1, got 0"),
        (["SET", "--workers", "0"], "--workers: must be at least 1"),
        (["SET", "--sample", "-1"], "--sample: must be at least 0"),
        (["SET", "--seed", "-1"], "--seed: must be at least 0"),
        (["SET", "--cache", "c.sqlite", "--no-remember"], "exclude each other"),
    ],
)
def test_what_cannot_be_is_refused_before_anything_is_written(
    tmp_path: Path, capsys: pytest.CaptureFixture[str], flags: list[str], told: str
) -> None:
    write_unpaired(tmp_path / "set", 2)
    before = every_byte_of(tmp_path)
    places = {"SET": str(tmp_path / "set"), "NEW": str(tmp_path / "new")}
    words = [re.sub("SET|NEW", lambda name: places[name[0]], flag) for flag in flags]

    assert main(["doctor", *words]) == REFUSED

    said = capsys.readouterr().err
    assert said.startswith("error: ")
    assert re.search(told, said)
    assert every_byte_of(tmp_path) == before


def test_facts_are_remembered_among_the_caches(tmp_path: Path) -> None:
    write_unpaired(tmp_path / "set", 2)

    assert main(["doctor", str(tmp_path / "set"), "--sample", "0", "--crop-px", "32"]) == DONE

    assert list((tmp_path / "cache").rglob("doctor.sqlite"))


def test_hostile_names_do_no_harm(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    folder = tmp_path / "<b>set\x1b[31m\n"
    write_unpaired(folder, 2)
    save(folder / "trainA" / "x.png", texture(1)).rename(folder / "trainA" / "\udcff;rm -rf\n.png")

    assert doctor(folder, "--out", "p.html", "--json", "p.json") == DONE

    told = capsys.readouterr().out
    assert "\x1b" not in told
    assert "set\\x1b[31m\\n: train 3 of A" in told
    assert json.loads(Path("p.json").read_text())["title"] == folder.name


def test_help_waits_for_no_torch() -> None:
    code = (
        "import sys\nfrom translate.cli import main\n"
        "try:\n    main(['doctor', '--help'])\n"
        "except SystemExit: pass\n"
        "sys.exit(bool({'torch', 'numpy', 'cv2'} & set(sys.modules)))"
    )
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=False)

    assert done.returncode == 0
    assert "--drop-suspicious" in done.stdout


@pytest.mark.slow
def test_ctrl_c_ends_it_in_order(tmp_path: Path) -> None:
    write_textures(tmp_path / "set" / "trainA", range(400), width=300, height=300)
    write_textures(tmp_path / "set" / "trainB", range(400, 410))
    cache = tmp_path / "c.sqlite"
    words = [*("--sample", "0", "--workers", "1"), "--cache", str(cache)]
    process = subprocess.Popen(
        [sys.executable, "-m", "translate", "doctor", str(tmp_path / "set"), *words],
        stderr=subprocess.PIPE,
        text=True,
    )
    until = time.monotonic() + 120
    while not (cache.exists() and cache.stat().st_size > 30_000) and time.monotonic() < until:
        assert process.poll() is None, process.stderr and process.stderr.read()
        time.sleep(0.02)  # until the first facts are kept
    os.kill(process.pid, signal.SIGINT)
    _, said = process.communicate(timeout=60)

    assert process.returncode == INTERRUPTED
    assert said.endswith("Stopped at once; what was saved before stays.\n")
    assert not list(tmp_path.glob("*.html"))
