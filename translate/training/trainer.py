"""The loop: the same for every method, on one process or many."""

import signal
import time
from dataclasses import replace
from pathlib import Path

import torch
from accelerate import Accelerator
from torch.utils.data import DataLoader, Dataset

from translate.data import Splits
from translate.errors import DataError, TrainingError
from translate.images import Pair
from translate.interrupt import Interrupt
from translate.phase import Method
from translate.training.journal import Journal
from translate.training.order import ShardedBatches
from translate.training.progress import ProgressDisplay
from translate.training.samples import draw_samples
from translate.training.settings import TrainingSettings
from translate.training.state import Facts, Position, load_state, save_state
from translate.training.stepper import Stepper


class Trainer:
    """Train a method on a set of pairs, leaving journal, sample grids and state in a folder.

    Args:
        data: The photos to learn from, and what people call them.
        samples: Held-out photos for the sample grid, a batch of pairs.
        folder: The run's folder; it must exist.

    Raises:
        DataError: The training set does not fill one batch for every process.
    """

    def __init__(
        self,
        method: Method,
        data: Splits,
        samples: Pair,
        settings: TrainingSettings,
        accelerator: Accelerator,
        folder: Path,
    ) -> None:
        self.method, self.settings, self.folder = method, settings, folder
        self.data, self.samples = data, samples
        self.accelerator = accelerator
        accelerator.project_configuration.set_directories(str(folder))
        accelerator.project_configuration.logging_dir = str(folder)  # where trackers write
        self.device: torch.device = accelerator.device
        process, processes = self.accelerator.process_index, self.accelerator.num_processes
        torch.manual_seed(settings.seed + process)  # dropout draws from it
        self.at = Position()
        self.journal = Journal(folder / "journal.jsonl", accelerator)
        self.order = ShardedBatches(
            len(data.train),  # type: ignore[arg-type]
            settings.batch_size,
            settings.seed,
            process,
            processes,
        )
        if len(self.order) == 0:
            raise DataError(
                f"{self.order.items} training photos do not fill one batch of "
                f"{settings.batch_size} for each of {processes} processes. "
                "Add photos or lower training.batch_size."
            )
        self.loader = self._make_loader(data.train)
        self.stepper = Stepper(method, settings, self.accelerator)

    def _make_loader(self, train_set: Dataset[Pair]) -> DataLoader[Pair]:
        workers = self.settings.workers
        return DataLoader(
            train_set,
            batch_sampler=self.order,
            num_workers=workers,
            persistent_workers=workers > 0,
            pin_memory=self.device.type == "cuda",
            worker_init_fn=_leave_signals_to_the_trainer,
            # Of its own, for a loader draws from the process's randomness, which dropout needs.
            generator=torch.Generator(),
        )

    def train(self) -> bool:
        """Train to the last epoch.

        Returns:
            False when somebody asked to stop before that; the state is saved either way.
        """
        self.journal.go_on_from(self.at.step)
        self.accelerator.init_trackers("photo_translate")
        steps = self.settings.epochs * len(self.order)
        silent = not self.accelerator.is_main_process
        self.progress = ProgressDisplay(steps, self.settings.epochs, self.at.step, silent)
        with Interrupt() as interrupt, self.progress:
            return self._train_epochs(interrupt)

    def _train_epochs(self, interrupt: Interrupt) -> bool:
        settings = self.settings
        if self.at.step == 0:
            self.draw_samples()
        while self.at.epoch < settings.epochs:
            if not self._train_epoch(interrupt):
                self.save()
                return False
            self.at = Position(self.at.epoch + 1, 0, self.at.step)
            is_last = self.at.epoch == settings.epochs
            if is_last or self.at.epoch % settings.sample_every_epochs == 0:
                self.draw_samples()
            if is_last or self.at.epoch % settings.save_every_epochs == 0:
                self.save()
        return True

    def _train_epoch(self, interrupt: Interrupt) -> bool:
        """Train the rest of the current epoch; return False when asked to stop within it."""
        settings = self.settings
        rate = settings.rate(self.at.epoch)
        self.stepper.set_learning_rate(rate)
        self.order.epoch, self.order.start = self.at.epoch, self.at.batch
        self._clock = (time.monotonic(), self.at.step)
        for batch in self.loader:
            pair = Pair(*(images.to(self.device, non_blocking=True) for images in batch))
            ends_epoch = self.at.batch + 1 == len(self.order)
            self.journal.note(self.stepper.step(pair, ends_epoch))
            self.at = replace(self.at, batch=self.at.batch + 1, step=self.at.step + 1)
            self.progress.advance(self.at.step, self.at.epoch)
            is_last = self.at.step == settings.epochs * len(self.order)
            if is_last or self.at.step % settings.log_every_steps == 0:
                self._log(rate)
            if self._is_asked_to_stop(interrupt):
                return False
        return True

    def _log(self, learning_rate: float) -> None:
        started, step = self._clock
        seconds = (time.monotonic() - started) / (self.at.step - step)
        self._clock = (time.monotonic(), self.at.step)
        photos = self.settings.batch_size * self.accelerator.num_processes
        line = self.journal.write(
            self.at.step,
            self.at.epoch,
            learning_rate=learning_rate,
            images_per_second=photos / seconds,
        )
        self.progress.show(line, seconds)

    def _is_asked_to_stop(self, interrupt: Interrupt) -> bool:
        """Stop between updates; many processes agree on it whenever they log."""
        if not self.accelerator.sync_gradients:
            return False
        if self.accelerator.num_processes == 1:
            return interrupt.is_requested
        if self.at.step % self.settings.log_every_steps:
            return False
        asked = torch.tensor(float(interrupt.is_requested), device=self.device)
        return bool(self.accelerator.reduce(asked).item() > 0)

    def draw_samples(self) -> None:
        """Draw the sample grid with the averaged weights, on the main process."""
        if self.accelerator.is_main_process:
            file = self.folder / "samples" / f"epoch_{self.at.epoch:04d}.png"
            with self.stepper.averages.applied(self.method.networks):
                mode = self.settings.inference_mode
                draw_samples(self.method, self.samples, self.data, file, self.device, mode)
        self.accelerator.wait_for_everyone()

    def save(self) -> Path:
        """Save everything the run needs to go on; return the state's folder."""
        return save_state(
            self.folder / "state",
            self.at,
            self._facts(),
            self.stepper.state_dict(),
            self.stepper.own_state_dict() | {"journal": self.journal.state_dict()},
            self.accelerator.process_index,
            self.accelerator.wait_for_everyone,
        )

    def resume(self, state: Path) -> None:
        """Go on from a saved state instead of the beginning.

        Raises:
            TrainingError: The state is damaged, or of another kind of run.
        """
        process = self.accelerator.process_index
        self.at, shared, own = load_state(state, self._facts(), process)
        try:
            self.stepper.load_state_dict(shared)
            self.stepper.load_own_state_dict(own)
            self.journal.load_state_dict(own["journal"])
        except (KeyError, RuntimeError, ValueError) as error:
            raise TrainingError(
                f"{state}: does not fit this run ({error}). Resume with the version and the kind "
                "of device that saved it."
            ) from error

    def _facts(self) -> Facts:
        """What a resumed run must share with the one that saved its state."""
        processes = self.accelerator.num_processes
        return {"processes": processes, "training photos": self.data.fingerprint}


def _leave_signals_to_the_trainer(worker: int) -> None:
    """Ignore in a worker what stops the run: the trainer still needs its photos for this step."""
    for number in Interrupt.SIGNALS:
        signal.signal(number, signal.SIG_IGN)
