"""Batches of photos, read by worker processes; what goes wrong there is said in one message."""

import signal
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

import torch
from torch.utils.data import DataLoader, Dataset, default_collate

from translate.errors import TrainingError, TranslateError
from translate.images import Pair
from translate.interrupt import Interrupt
from translate.machine import end_with_parent
from translate.training.order import ShardedBatches
from translate.training.settings import TrainingSettings


class Loader:
    """Load what the order asks for, epoch after epoch.

    Args:
        photos: Indexed by `Draw`.
        device: Where the batches go.
    """

    def __init__(
        self,
        photos: Dataset[Pair],
        order: ShardedBatches,
        settings: TrainingSettings,
        device: torch.device,
    ) -> None:
        self.device = device
        self._batches: DataLoader[Pair] = DataLoader(
            _Excused(photos),
            batch_sampler=order,
            num_workers=settings.workers,
            persistent_workers=settings.workers > 0,
            pin_memory=device.type == "cuda",
            collate_fn=_collate,
            worker_init_fn=_serve_the_trainer,
            # Of its own, for a loader draws from the process's randomness, which dropout needs.
            generator=torch.Generator(),
        )
        self._under_way: Any = None

    def __iter__(self) -> Iterator[Pair]:
        """Load the rest of the epoch that the order is at.

        Raises:
            TranslateError: A photo cannot be read any more; what its reader said of it.
        """
        self._under_way = iter(self._batches)
        for batch in self._under_way:
            if isinstance(batch, TranslateError):
                raise batch
            yield Pair(*(images.to(self.device, non_blocking=True) for images in batch))

    def close(self) -> None:
        """End the readers, whatever still refers to this: Python would wait for them at its end."""
        shut_down = getattr(self._under_way, "_shutdown_workers", None)  # PyTorch has no other way
        if shut_down is not None:
            shut_down()


@contextmanager
def explaining_dead_readers() -> Iterator[None]:
    """Say in one message that a reader has died.

    PyTorch raises that from a signal handler: not only where a batch is waited for, but wherever
    the process happens to be.

    Raises:
        TrainingError: A worker process has died.
    """
    try:
        yield
    except RuntimeError as error:
        if "DataLoader worker (pid" not in str(error):
            raise
        raise TrainingError(_explain_death(error)) from error


class _Excused(Dataset[Any]):
    """Hand on what a reader complains of, instead of a photo.

    Raised in a worker it would arrive as a traceback, with the message somewhere inside.
    """

    def __init__(self, photos: Dataset[Pair]) -> None:
        self.photos = photos

    def __getitem__(self, index: Any) -> Pair | TranslateError:
        try:
            return self.photos[index]
        except TranslateError as error:
            return error


def _collate(items: list[Any]) -> Any:
    excuses = [item for item in items if isinstance(item, TranslateError)]
    return excuses[0] if excuses else default_collate(items)


def _serve_the_trainer(worker: int) -> None:
    """Stop when the trainer does, and not before: it still needs its photos for this step."""
    for number in Interrupt.SIGNALS:
        signal.signal(number, signal.SIG_IGN)
    end_with_parent("SIGKILL")


def _explain_death(error: RuntimeError) -> str:
    return (
        f"A process that reads photos has died ({error}). When memory runs out, the system kills "
        "the largest process: look at its log. Lower training.workers or data.load_px, or close "
        "other programs; then go on with --resume latest. The last saved state is whole."
    )
