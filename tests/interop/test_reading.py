import io
import os
import pickle
import random
import zipfile
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
import torch
from torch import nn

from translate.errors import BundleError
from translate.interop import reading
from translate.interop.reading import read_pickle

WEIGHTS = {"a": torch.arange(6.0).view(2, 3), "b": torch.zeros(2, dtype=torch.int64)}


class Trap:
    """Unpickling this would make a folder."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder

    def __reduce__(self) -> tuple[Callable[..., Any], tuple[Any, ...]]:
        return os.mkdir, (str(self.folder),)


def saved(content: object, **options: Any) -> bytes:
    stream = io.BytesIO()
    torch.save(content, stream, **options)
    return stream.getvalue()


def refusal(content: bytes, folder: Path) -> str:
    file = folder / "net.pth"
    file.write_bytes(content)
    with pytest.raises(BundleError) as caught:
        read_pickle(file)
    message = str(caught.value)
    assert message.startswith(f"{file}: ")
    return message.removeprefix(f"{file}: ")


@pytest.mark.parametrize("zipped", [True, False])
def test_tensors_come_back_from_both_formats(zipped: bool, tmp_path: Path) -> None:
    file = tmp_path / "net.pth"
    torch.save(WEIGHTS, file, _use_new_zipfile_serialization=zipped)

    content = read_pickle(file)

    assert isinstance(content, dict)
    assert all(torch.equal(content[name], tensor) for name, tensor in WEIGHTS.items())


@pytest.mark.parametrize("zipped", [True, False])
@pytest.mark.parametrize("wrap", [lambda trap: trap, lambda trap: WEIGHTS | {"c": trap}])
def test_a_file_that_would_run_code_is_refused_and_nothing_runs(
    zipped: bool, wrap: Callable[[Trap], object], tmp_path: Path
) -> None:
    trap = Trap(tmp_path / "sprung")
    content = saved(wrap(trap), _use_new_zipfile_serialization=zipped)

    message = refusal(content, tmp_path)

    assert not trap.folder.exists()
    assert f"opening it fully would run {os.mkdir.__module__}.mkdir" in message
    assert "Nothing was run. Save only the weights" in message


def test_a_bare_pickle_with_code_is_refused_and_nothing_runs(tmp_path: Path) -> None:
    trap = Trap(tmp_path / "sprung")

    refusal(pickle.dumps(trap), tmp_path)
    refusal(pickle.dumps(trap, protocol=2), tmp_path)

    assert not trap.folder.exists()
    pickle.loads(pickle.dumps(trap))  # noqa: S301 - the trap is a real one
    assert trap.folder.exists()


def test_a_whole_network_is_refused_by_the_name_of_its_class(tmp_path: Path) -> None:
    message = refusal(saved(nn.Conv2d(1, 1, 1)), tmp_path)

    assert "would run torch.nn.modules.conv.Conv2d" in message
    assert "torch.save(network.state_dict(), FILE)" in message


def zipped(files: dict[str, bytes]) -> bytes:
    stream = io.BytesIO()
    with zipfile.ZipFile(stream, "w", zipfile.ZIP_DEFLATED) as archive:
        for name, content in files.items():
            archive.writestr(name, content)
    return stream.getvalue()


@pytest.mark.parametrize(
    ("content", "told"),
    [
        (b"", "is empty. Copy or download it again."),
        (b"\n<!DOCTYPE html><title>Not found</title>", "is a web page, not weights"),
        (b"<?xml version='1.0'?><Error/>", "is a web page, not weights"),
        (b"version https://git-lfs.github.com/spec/v1\n", "is no file of PyTorch weights, or a"),
        (b"PK\x03\x04 and then nothing", "is cut short or damaged"),
        (zipped({"notes.txt": b"hello"}), "is no file of PyTorch weights, or a damaged one"),
        (
            zipped({"a/version": b"3", "a/constants.pkl": b"", "a/data.pkl": b""}),
            "is a TorchScript",
        ),
        (saved(WEIGHTS)[:400], "is cut short or damaged"),
        (saved(WEIGHTS, _use_new_zipfile_serialization=False)[:-9], "or a damaged one"),
        (bytes(range(256)), "is no file of PyTorch weights, or a damaged one"),
    ],
)
def test_what_is_no_file_of_weights_is_refused_by_what_it_is(
    content: bytes, told: str, tmp_path: Path
) -> None:
    assert told in refusal(content, tmp_path)


@pytest.mark.parametrize("is_zipped", [True, False])
def test_damage_anywhere_is_either_harmless_or_refused(is_zipped: bool, tmp_path: Path) -> None:
    whole = saved(WEIGHTS, _use_new_zipfile_serialization=is_zipped)
    chance = random.Random(0)  # noqa: S311
    file = tmp_path / "net.pth"
    for _ in range(150):
        content = bytearray(whole[: chance.randrange(1, 2 * len(whole))])
        for _ in range(chance.randrange(3)):
            content[chance.randrange(len(content))] = chance.randrange(256)
        file.write_bytes(content)
        try:
            read_pickle(file)
        except BundleError as error:
            assert str(file) in str(error)  # noqa: PT017 - that it is raised at all is chance


def test_files_and_archives_too_large_are_refused_before_they_are_opened(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(reading, "LARGEST_FILE", 5000)

    assert "holds 6000 bytes, more than the 5000" in refusal(b"\x80" * 6000, tmp_path)
    assert "holds 9000 bytes, more than the 5000" in refusal(zipped({"a/b": bytes(9000)}), tmp_path)


def test_a_file_that_cannot_be_read_is_told_with_the_reason(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    def fail(*_: Any, **__: Any) -> None:
        raise PermissionError(13, "Permission denied")

    monkeypatch.setattr(torch, "load", fail)

    assert refusal(saved(WEIGHTS), tmp_path) == "cannot be read (Permission denied)."


def test_a_missing_file_suggests_those_nearby(tmp_path: Path) -> None:
    there = tmp_path / "latest_net_G.pth"
    there.write_bytes(b"x")

    for wrong, found in ((tmp_path / "G.pth", "no such file"), (tmp_path, "is a folder")):
        with pytest.raises(BundleError, match=found) as caught:
            read_pickle(wrong)
        assert str(caught.value).endswith(f"Did you mean {there}?")
