"""What is imported when: each claim is held in a fresh interpreter."""

import subprocess
import sys

import pytest

HEAVY = ("torch", "accelerate", "albumentations", "kornia", "cv2")


def modules_after(code: str) -> set[str]:
    done = subprocess.run(
        [sys.executable, "-c", f"{code}\nimport sys; print('modules:', *sys.modules)"],
        capture_output=True,
        text=True,
        check=True,
    )
    return set(done.stdout.rpartition("modules:")[2].split())


def test_importing_the_package_imports_nothing_heavy() -> None:
    assert not modules_after("import translate").intersection(HEAVY)


def test_help_of_the_console_command_imports_nothing_heavy() -> None:
    code = """
from translate.cli import main
try:
    main(['--help'])
except SystemExit as stop:
    assert stop.code == 0
"""
    assert not modules_after(code).intersection(HEAVY)


def test_inference_imports_neither_accelerate_nor_the_training_room() -> None:
    modules = modules_after("from translate import Translator, translate_folder")

    assert "torch" in modules
    assert not {"accelerate", "albumentations", "translate.training"} & modules


def test_albumentations_is_told_not_to_call_out() -> None:
    code = "import os, translate; assert os.environ['NO_ALBUMENTATIONS_UPDATE'] == '1'"

    subprocess.run([sys.executable, "-c", code], check=True)


def test_the_public_names_are_these_and_arrive_when_used() -> None:
    import translate

    assert dir(translate) == ["TranslateError", "Translator", "__version__", "translate_folder"]
    assert translate.Translator.__name__ == "Translator"
    with pytest.raises(AttributeError, match="no attribute 'Trainer'"):
        translate.Trainer  # noqa: B018
