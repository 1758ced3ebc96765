"""The loop: the same for every method, on one process or many."""

import time
from collections.abc import Callable
from contextlib import closing
from dataclasses import replace
from enum import Enum, auto
from pathlib import Path

import torch
from accelerate import Accelerator

from translate.data import Splits
from translate.errors import DataError, SharedError, TranslateError
from translate.images import Pair
from translate.interrupt import Interrupt
from translate.phase import Method
from translate.training.agreement import Agreement
from translate.training.best import make_best
from translate.training.health import Alarm
from translate.training.journal import Journal
from translate.training.keeper import Keeper, Part
from translate.training.loading import Loader, explaining_dead_readers
from translate.training.order import make_order
from translate.training.pace import SavingPace
from translate.training.progress import ProgressDisplay
from translate.training.run_folder import writing
from translate.training.samples import draw_samples
from translate.training.settings import TrainingSettings
from translate.training.state import Facts, Position
from translate.training.stepper import Stepper
from translate.training.watch import Watch


class Turn(Enum):
    """How the training of an epoch ended."""

    ON = auto()  # it is trained
    STOP = auto()  # somebody asked to stop within it
    BACK = auto()  # an alarm sent the run back to an earlier state


class Trainer:
    """Train a method on a set of pairs, leaving journal, sample grids and state in a folder.

    Args:
        data: The photos to learn from, and what people call them.
        samples: Held-out photos for the sample grid, a batch of pairs.
        folder: The run's folder; it must exist.
        publish: Called by process 0 with the trainer when its networks are the best so far.

    Raises:
        DataError: The training set does not fill one batch for every process.
        ConfigError: The measure asked for cannot be taken.
    """

    def __init__(
        self,
        method: Method,
        data: Splits,
        samples: Pair,
        settings: TrainingSettings,
        accelerator: Accelerator,
        folder: Path,
        publish: Callable[["Trainer"], None] = lambda _: None,
    ) -> None:
        self.method, self.settings, self.folder = method, settings, folder
        self.data, self.samples, self.publish = data, samples, publish
        self.accelerator = accelerator
        accelerator.project_configuration.set_directories(str(folder))
        accelerator.project_configuration.logging_dir = str(folder)  # where trackers write
        self.device: torch.device = accelerator.device
        # Alike on all processes: what is drawn is drawn for the batch of all of them.
        torch.manual_seed(settings.seed)
        self.at = Position()
        self.journal = Journal(folder / "journal.jsonl", accelerator)
        self.order = make_order(
            len(data.train),  # type: ignore[arg-type]
            settings.batch_size,
            settings.seed,
            accelerator.process_index,
            accelerator.num_processes,
        )
        self.loader = Loader(data.train, self.order, settings, self.device)
        self.stepper = Stepper(method, settings, accelerator)
        self.watch = Watch(method, data, samples, settings, accelerator)
        self.best = make_best(settings, data, self.device, method.exports)
        self.keeper = Keeper(folder / "state", self._parts(), self._facts())
        self.agreement = Agreement()
        self.pace = SavingPace(settings.save_every_minutes, settings.save_every_steps)

    def _parts(self) -> dict[str, Part]:
        parts: dict[str, Part] = {"stepper": self.stepper, "journal": self.journal}
        return parts | {"watch": self.watch, "best": self.best}

    def _facts(self) -> Facts:
        """What a resumed run must share with the one that saved its state."""
        photos = self.settings.batch_size * self.accelerator.num_processes
        facts: Facts = {"photos per step": photos, "training photos": self.data.fingerprint}
        return facts | {"precision": str(self.accelerator.mixed_precision)}

    def resume(self, states: list[Path]) -> None:
        """Go on from a saved state instead of the beginning.

        Args:
            states: The best choice last, before it those to fall back to.

        Raises:
            TrainingError: All are damaged, or of another kind of run.
        """
        self.at = self.keeper.resume(states)

    def save(self) -> None:
        """Save all that the run needs to go on."""
        self.journal.bring_to_disk()
        self.keeper.save(self.at, self.watch.is_sick)
        self._must_save = False

    def train(self) -> bool:
        """Train to the last epoch, or until nothing better comes.

        Returns:
            False when somebody asked to stop before that; the state is saved either way.
        """
        self.journal.begin()
        self.accelerator.init_trackers("photo_translate")
        steps, silent = self.settings.epochs * len(self.order), not self.accelerator.is_main_process
        self.progress = ProgressDisplay(steps, self.settings.epochs, self.at.step, silent)
        self._must_stop = self._must_save = False
        self._alarms: list[Alarm] = []  # not yet obeyed
        with (
            explaining_dead_readers(),
            Interrupt() as interrupt,
            self.progress,
            closing(self.agreement),
            closing(self.loader),
        ):
            return self._train_epochs(interrupt)

    def _train_epochs(self, interrupt: Interrupt) -> bool:
        settings = self.settings
        if self.at.step == 0:
            self.draw_samples()
            self.save()  # so that a run can go on whenever it is killed
        while self.at.epoch < settings.epochs and not self.best.is_over(settings.patience):
            turn = self._train_epoch(interrupt)
            if turn is Turn.STOP:
                self.save()
                return False
            if turn is Turn.ON:
                self._end_epoch()
        self.save()
        return True

    def _train_epoch(self, interrupt: Interrupt) -> Turn:
        """Train the rest of the current epoch."""
        # A run that was sent back learns more slowly, or it would run into the same trouble.
        rate = self.settings.rate(self.at.epoch) / 2**self.at.rollbacks
        self.stepper.set_learning_rate(rate)
        self.order.epoch, self.order.start = self.at.epoch, self.at.batch
        self._clock = (time.perf_counter(), self.at.step)
        try:
            for pair in self.loader:
                ends_epoch = self.at.batch + 1 == len(self.order)
                self.journal.note(self.stepper.step(pair, ends_epoch))
                self.at = replace(self.at, batch=self.at.batch + 1, step=self.at.step + 1)
                self.progress.advance(self.at.step, self.at.epoch)
                turn = self._look_up(rate, interrupt)
                if turn is not Turn.ON:
                    return turn
        except DataError as error:
            raise self._saved_before(error) from error
        return Turn.ON

    def _look_up(self, rate: float, interrupt: Interrupt) -> Turn:
        """Between two steps: write the journal, mind the run's health, heed wishes."""
        is_last = self.at.step == self.settings.epochs * len(self.order)
        if is_last or self.at.step % self.settings.log_every_steps == 0:
            self._alarms += self._log(rate)
        is_due = self.accelerator.is_main_process and self.pace.is_due(self.at.step)
        stop, save = self.agreement.settle(interrupt.is_requested, is_due)
        self._must_stop |= stop
        self._must_save |= save
        if not self.accelerator.sync_gradients:
            return Turn.ON  # gradients that have not been learned from are in no state
        alarms, self._alarms = self._alarms, []
        if alarms and self.settings.on_alarm != "warn":
            return self._obey(alarms)
        if self._must_stop:
            return Turn.STOP
        if self._must_save and self.at.batch < len(self.order):  # else after the epoch's end
            self._save_if_learning()
        return Turn.ON

    def _log(self, learning_rate: float) -> list[Alarm]:
        """Write a line of the journal; return the alarms that begin with it."""
        started, step = self._clock
        seconds = (time.perf_counter() - started) / (self.at.step - step)
        photos = self.settings.batch_size * self.accelerator.num_processes
        line = self.journal.write(
            self.at.step,
            self.at.epoch,
            learning_rate=learning_rate,
            images_per_second=photos / seconds,
            **self.watch.probe(self.stepper.trained, self.at.step),
        )
        self.progress.show(line, seconds)
        self.stepper.check(self.at.step)
        alarms = self.watch.look(line)
        for alarm in alarms:
            self._remark(alarm)
            self.progress.say(f"alarm: {alarm.name}: {alarm.message}")
        self._clock = (time.perf_counter(), self.at.step)
        return alarms

    def _remark(self, alarm: Alarm, **more: int) -> None:
        told = {"alarm": alarm.name, "says": alarm.message, **more}
        self.journal.remark(self.at.step, self.at.epoch, **told)

    def _obey(self, alarms: list[Alarm]) -> Turn:
        """Go back to the last healthy state if that is wanted and can be; else stop."""
        settings, names = self.settings, ", ".join(alarm.name for alarm in alarms)
        is_wanted = settings.on_alarm == "rollback" and self.at.rollbacks < settings.most_rollbacks
        if is_wanted and self._go_back(alarms):
            return Turn.BACK
        self.save()
        raise SharedError(
            f"The run was stopped at step {self.at.step} by an alarm: {names}. Its sentence stands "
            "above and in journal.jsonl; everything is saved. To go on all the same: "
            "--training.on-alarm warn --resume latest."
        )

    def _go_back(self, alarms: list[Alarm]) -> bool:
        """Return to the last healthy state, if there is one, to learn at half the rate from it.

        What was the best so far stays so, for its bundle is still there.
        """
        state = self.keeper.go_back(but={"best"})
        if state is None:
            return False
        came_from, rollbacks = self.at.step, max(self.at.rollbacks, state.rollbacks) + 1
        self.at = replace(state, rollbacks=rollbacks)
        self.journal.begin()
        for alarm in alarms:
            self._remark(alarm, rolled_back_from_step=came_from)
        self.progress.say(f"going back from step {came_from} to {self.at.step}, at half the rate")
        self.save()
        return True

    def _save_if_learning(self) -> None:
        """Save, unless updates are being skipped right now: a good state would make room for it."""
        if not any(self.stepper.skipped_in_a_row().values()):
            self.save()

    def _end_epoch(self) -> None:
        """Show and measure what an epoch has brought."""
        settings = self.settings
        self.at = replace(self.at, epoch=self.at.epoch + 1, batch=0)
        is_last = self.at.epoch == settings.epochs
        if is_last or self.at.epoch % settings.sample_every_epochs == 0:
            self.draw_samples()
        every = settings.validate_every_epochs
        if every is not None and (is_last or self.at.epoch % every == 0):
            self._validate()
        if self._must_save:
            self._save_if_learning()

    def _validate(self) -> None:
        """Measure the averaged networks on held-out photos; publish them if they are the best."""
        averaged = self.stepper.averages.networks
        generators = {way: averaged[name] for way, name in self.method.exports.items()}
        told = self.best.measure(generators, self.at.epoch)
        self.journal.remark(self.at.step, self.at.epoch, **told)
        best = "the best so far" if told["is_best"] else f"best: epoch {self.best.epoch or '-'}"
        self.progress.say(
            f"epoch {self.at.epoch}: {told['validation']} {told['value']:.4f}, {best}"
        )
        if told["is_best"] and self.accelerator.is_main_process:
            self.publish(self)

    def draw_samples(self) -> None:
        """Draw the sample grid with the averaged weights, on process 0."""
        if self.accelerator.is_main_process:
            file = self.folder / "samples" / f"epoch_{self.at.epoch:04d}.png"
            mode = self.settings.inference_mode
            with self.stepper.averages.applied(self.method.networks), writing(file):
                draw_samples(self.method, self.samples, self.data, file, self.device, mode)

    def _saved_before(self, error: TranslateError) -> TranslateError:
        """Save what was learned before a photo could not be read, where no process waits."""
        if self.accelerator.num_processes > 1 or not self.accelerator.sync_gradients:
            return error
        self.save()
        return DataError(
            f"{error}\nThe run has stopped after step {self.at.step}, which is saved: put the "
            "photo right, then go on with --resume latest."
        )
