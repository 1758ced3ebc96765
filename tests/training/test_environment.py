import getpass
import json
import platform
from pathlib import Path
from typing import Any

import pytest
import torch
from accelerate import Accelerator

from translate.errors import TrainingError
from translate.training.environment import (
    ENVIRONMENT,
    describe_environment,
    note_environment,
    read_environment,
)
from translate.version import __version__

PHOTOS: dict[str, Any] = {"training": 4, "held out": 2, "in words": "four"}


@pytest.fixture
def accelerator() -> Accelerator:
    return Accelerator(cpu=True)


def test_versions_and_machine_are_described(accelerator: Accelerator) -> None:
    told = describe_environment(accelerator)

    assert told["python"] == platform.python_version()
    assert told["torch"] == torch.__version__.partition("+")[0]
    assert told["photo-translate"] == __version__
    assert (told["device"], told["processes"], told["precision"]) == ("cpu", 1, "no")
    assert told["cpu"]
    assert told["threads"] == torch.get_num_threads()
    assert json.dumps(told)


def test_nothing_tells_who_trained_or_where(
    tmp_path: Path, accelerator: Accelerator, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("HF_TOKEN", "a-secret")

    note_environment(tmp_path, accelerator, 0, PHOTOS)

    told = (tmp_path / ENVIRONMENT).read_text()
    private = [str(Path.home()), str(tmp_path), platform.node(), "a-secret"]
    private += [name for name in [getpass.getuser()] if len(name) > 4]
    assert not [word for word in private if word and word in told]


def test_each_start_is_added_to_those_before(tmp_path: Path, accelerator: Accelerator) -> None:
    for step in (0, 40):
        note_environment(tmp_path, accelerator, step, PHOTOS)

    noted = read_environment(tmp_path / ENVIRONMENT)
    assert [start["after_step"] for start in noted["starts"]] == [0, 40]
    assert noted["photos"] == PHOTOS
    assert [file.name for file in tmp_path.iterdir()] == [ENVIRONMENT]


@pytest.mark.parametrize("content", ["", "{", "[]", '{"starts": 3}', "[" * 100_000, "\xff"])
def test_a_file_that_is_none_of_ours_says_nothing_and_disturbs_no_run(
    tmp_path: Path, accelerator: Accelerator, content: str
) -> None:
    file = tmp_path / ENVIRONMENT
    file.write_text(content, encoding="latin-1")

    assert read_environment(file) == {}
    note_environment(tmp_path, accelerator, 0, PHOTOS)
    assert len(read_environment(file)["starts"]) == 1


def test_a_folder_that_is_gone_is_told(tmp_path: Path, accelerator: Accelerator) -> None:
    with pytest.raises(TrainingError, match=r"environment\.json: cannot be written"):
        note_environment(tmp_path / "gone", accelerator, 0, PHOTOS)
