"""Killed at any moment and run again, it finishes: nothing is lost and nothing done twice."""

import json
import multiprocessing
import os
import random
import time
from pathlib import Path

import pytest

from tests.folder_toys import every_file_in, files_in
from tests.toys import write_photos
from translate.bundle import Bundle, save_bundle
from translate.inference.folder.manifest import NAME

PHOTOS, KILLS, PATIENCE_SECONDS = 100, 20, 60.0
HEAVY = ["translate.cli", "translate.inference.folder", "translate.inference.translator"]


def open_the_door(words: list[str], out: str) -> None:
    """Run the console command in a child process."""
    import torch

    from translate.cli import main

    torch.set_num_threads(1)
    descriptor = os.open(out, os.O_WRONLY | os.O_CREAT | os.O_APPEND)
    os.dup2(descriptor, 1)
    os.dup2(descriptor, 2)
    os._exit(main(words))


def count_lines(target: Path) -> int:
    file = target / NAME
    return file.read_bytes().count(b"\n") if file.exists() else 0


@pytest.mark.slow
@pytest.mark.parametrize("seed", [0, 1])
def test_killed_twenty_times_it_still_does_everything_once(
    tmp_path: Path, bundle: Bundle, seed: int
) -> None:
    save_bundle(bundle, tmp_path / "bundle")
    write_photos(tmp_path / "in", count=PHOTOS, side_px=32)
    (tmp_path / "in" / "labels.txt").write_text("0 1 2")
    children = multiprocessing.get_context("forkserver")
    children.set_forkserver_preload(HEAVY)  # PyTorch is loaded once and not twenty times

    def start(target: Path) -> multiprocessing.process.BaseProcess:
        # Batches of one: elsewhere a run that was stopped may share calls in another way and round
        # otherwise.
        words = [str(tmp_path / "in"), str(target), "--model", str(tmp_path / "bundle")]
        words += ["--device", "cpu", "--batch-size", "1", "--copy-sidecars", "*.txt"]
        child = children.Process(target=open_the_door, args=(words, str(tmp_path / "said")))
        child.start()
        return child

    chance = random.Random(seed)  # noqa: S311 - no secret
    target, kills = tmp_path / "out", 0
    while kills < KILLS:
        child, before = start(target), count_lines(target)
        wanted, deadline = before + chance.randrange(3), time.monotonic() + PATIENCE_SECONDS
        while count_lines(target) < wanted and child.is_alive() and time.monotonic() < deadline:
            time.sleep(0.0005)
        time.sleep(chance.random() * 0.01)
        kills += child.is_alive()
        child.kill()
        child.join()
        assert kills >= KILLS or count_lines(target) <= PHOTOS, (tmp_path / "said").read_text()
    for folder in (target, tmp_path / "undisturbed"):
        last = start(folder)
        last.join(PATIENCE_SECONDS)
        assert last.exitcode == 0, (tmp_path / "said").read_text()

    names = files_in(tmp_path / "undisturbed")
    assert len(names) == PHOTOS + 1
    assert files_in(target) == names
    for name in names:
        assert (target / name).read_bytes() == (tmp_path / "undisturbed" / name).read_bytes()
    assert not [name for name in every_file_in(target) if name.endswith(".part")]
    lines = [json.loads(line) for line in (target / NAME).read_text().splitlines()[1:]]
    assert sorted(line["input"] for line in lines if line["error"] is None) == names
