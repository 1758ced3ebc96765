import subprocess
import sys
from importlib import import_module
from pathlib import Path
from types import SimpleNamespace

import pytest
from PIL import Image

from tests.evaluation_toys import bundle_of, drawn
from tests.toys import write_photos
from translate.bundle import save_bundle
from translate.cli import DONE, REFUSED, commands, main, translating
from translate.errors import DataError

HEAVY = ("torch", "accelerate", "albumentations", "kornia", "cv2")


@pytest.mark.parametrize("word", ["evaluate", "report", "compare"])
def test_help_of_a_command_imports_nothing_heavy(word: str) -> None:
    code = (
        "import sys\n"
        "from translate.cli import main\n"
        "try:\n"
        f"    main(['{word}', '--help'])\n"
        "except SystemExit as stop:\n"
        "    assert stop.code == 0\n"
        f"print('heavy:', *set({HEAVY!r}) & set(sys.modules))"
    )

    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)

    assert done.stdout.rpartition("heavy:")[2].split() == []
    assert f"usage: photo-translate {word}" in done.stdout


@pytest.mark.parametrize("word", commands.COMMANDS)
def test_a_command_is_given_the_words_after_it_and_its_code_comes_back(
    word: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    asked: list[str] = []
    command = SimpleNamespace(run=lambda words: asked.extend(words) or 7)
    monkeypatch.setattr(commands, "import_module", lambda name: (asked.append(name), command)[1])

    assert main([word, "--flag", "value"]) == 7
    assert asked == [f"translate.cli.{commands.COMMANDS[word]}", "--flag", "value"]


def test_what_a_command_refuses_is_one_message(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    def refuse(words: object) -> int:
        raise DataError("x: is not there.")

    monkeypatch.setattr(import_module("translate.cli.evaluating"), "run", refuse)

    assert main(["evaluate"]) == REFUSED
    assert capsys.readouterr().err == "error: x: is not there.\n"


def test_a_folder_of_the_name_of_a_command_is_named_with_a_dot(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(tmp_path)
    write_photos(tmp_path / "evaluate", count=2)
    save_bundle(bundle_of(a_to_b=drawn()), tmp_path / "bundle")

    assert main(["./evaluate", "out", "--model", "bundle"]) == DONE

    assert Image.open(tmp_path / "out" / "001.png").size == (24, 24)


def test_a_command_further_back_is_a_folder(monkeypatch: pytest.MonkeyPatch) -> None:
    asked: list[list[str]] = []
    monkeypatch.setattr(translating, "run", lambda words: asked.append(list(words)) or 0)

    main(["in", "evaluate", "--model", "x"])
    main([])

    assert asked == [["in", "evaluate", "--model", "x"], []]
