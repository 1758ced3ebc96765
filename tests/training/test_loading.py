import multiprocessing
import os
import signal
import time
from collections.abc import Iterator
from pathlib import Path

import psutil
import pytest
import torch
from torch.utils.data import Dataset

from tests.toys import NoisePairs, tiny_training
from tests.trainer_toys import during, make_trainer
from translate.data import Draw
from translate.errors import DataError, TrainingError
from translate.images import Pair
from translate.training.loading import Loader, explaining_dead_readers
from translate.training.order import ShardedBatches

CPU = torch.device("cpu")
DEAD = r"^A process that reads photos has died \(DataLoader worker .*Lower training\.workers"


def order() -> ShardedBatches:
    return ShardedBatches(8, batch_size=2, seed=0)


BAD = list(order())[2][1].index  # an item of the third batch


class OneBad(Dataset[Pair]):
    """Noise, and one photo that cannot be read."""

    def __len__(self) -> int:
        return 8

    def __getitem__(self, draw: Draw) -> Pair:
        if draw.index == BAD:
            raise DataError("b/7.png: cannot be read.\nPut it right.")
        return NoisePairs()[draw]


class Buggy(NoisePairs):
    def __getitem__(self, draw: Draw) -> Pair:
        raise RuntimeError("our bug")


class Slow(NoisePairs):
    def __getitem__(self, draw: Draw) -> Pair:
        time.sleep(0.05)
        return super().__getitem__(draw)


@pytest.fixture
def loaders() -> Iterator[list[Loader]]:
    """What a test opened, to be closed."""
    made: list[Loader] = []
    yield made
    for loader in made:
        loader.close()


def load(loaders: list[Loader], photos: Dataset[Pair], workers: int) -> Loader:
    loaders.append(Loader(photos, order(), tiny_training(workers=workers), CPU))
    return loaders[-1]


def readers() -> list[psutil.Process]:
    return [psutil.Process(child.pid) for child in multiprocessing.active_children()]


def kill_readers() -> None:
    for child in multiprocessing.active_children():
        os.kill(child.pid or 0, signal.SIGKILL)


@pytest.mark.parametrize("workers", [0, 1])
def test_batches_come_in_the_order_asked_for(loaders: list[Loader], workers: int) -> None:
    loader = load(loaders, NoisePairs(), workers)
    wanted = [[NoisePairs()[draw] for draw in batch] for batch in order()]

    for _ in range(2):  # an epoch, and again: readers stay
        found = list(loader)

        assert len(found) == 4
        for batch, pairs in zip(found, wanted, strict=True):
            assert torch.equal(batch.a, torch.stack([pair.a for pair in pairs]))
            assert torch.equal(batch.b, torch.stack([pair.b for pair in pairs]))


@pytest.mark.parametrize("workers", [0, 1])
def test_what_a_reader_complains_of_arrives_clean_after_the_batches_before_it(
    loaders: list[Loader], workers: int
) -> None:
    loader = load(loaders, OneBad(), workers)
    batches = iter(loader)
    next(batches)
    next(batches)

    with pytest.raises(DataError) as told:
        next(batches)

    assert str(told.value) == "b/7.png: cannot be read.\nPut it right."


def test_a_reader_that_is_killed_is_told_with_advice(loaders: list[Loader]) -> None:
    batches = iter(load(loaders, Slow(), 1))
    next(batches)

    kill_readers()

    with pytest.raises(TrainingError, match=DEAD) as told, explaining_dead_readers():
        list(batches)
    assert str(told.value).endswith("--resume latest. The last saved state is whole.")


@pytest.mark.parametrize("workers", [0, 1])
def test_a_bug_in_a_reader_keeps_its_traceback(loaders: list[Loader], workers: int) -> None:
    loader = load(loaders, Buggy(), workers)

    with pytest.raises(RuntimeError, match="our bug"), explaining_dead_readers():
        next(iter(loader))


@pytest.mark.parametrize("is_busy", [True, False])
def test_a_reader_that_is_killed_between_two_epochs_is_told_too(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, is_busy: bool
) -> None:
    """Measuring can take minutes; what dies then is noticed then, or when the next epoch begins."""
    run = make_trainer(tmp_path, workers=1, sample_every_epochs=1)

    def draw_samples() -> None:
        if run.at.epoch == 1:
            kill_readers()
            time.sleep(0.5 * is_busy)

    monkeypatch.setattr(run, "draw_samples", draw_samples)
    with pytest.raises(TrainingError, match=DEAD):
        run.train()


def test_a_reader_that_is_killed_during_a_step_is_told_too(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """PyTorch says so wherever the training process happens to be."""

    def kill_and_compute() -> None:
        kill_readers()
        end = time.monotonic() + 1
        while time.monotonic() < end:
            torch.ones(10).sum()

    during(monkeypatch, 2, kill_and_compute)

    with pytest.raises(TrainingError, match=DEAD):
        make_trainer(tmp_path, workers=1).train()


def test_a_closed_loader_leaves_no_process(loaders: list[Loader]) -> None:
    loader = load(loaders, NoisePairs(), 2)
    batches = iter(loader)
    next(batches)
    before = readers()
    assert len(before) == 2

    loader.close()

    assert not psutil.wait_procs(before, timeout=5)[1]
    loader.close()  # and again


def test_a_loader_that_was_never_asked_can_be_closed(loaders: list[Loader]) -> None:
    load(loaders, NoisePairs(), 1).close()


@pytest.mark.parametrize("number", [signal.SIGTERM, signal.SIGINT])
def test_readers_finish_the_step_when_the_whole_group_is_told_to_stop(
    loaders: list[Loader], number: signal.Signals
) -> None:
    loader = load(loaders, Slow(), 1)
    batches = iter(loader)
    next(batches)

    for child in multiprocessing.active_children():
        os.kill(child.pid or 0, number)

    assert len(list(batches)) == 3
    assert len(list(loader)) == 4  # nor are they gone in the next epoch


def test_the_runs_own_randomness_is_not_asked(loaders: list[Loader]) -> None:
    before = torch.get_rng_state()

    for workers in (0, 1):
        list(load(loaders, NoisePairs(), workers))

    assert torch.equal(torch.get_rng_state(), before)
