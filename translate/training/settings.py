"""The `training:` block of a recipe."""

from typing import Annotated, Literal

from pydantic import Field, model_validator

from translate.bundle.schema import InferenceMode
from translate.config import Settings
from translate.training.schedule import rate_factor

Beta = Annotated[float, Field(ge=0, lt=1)]
Precision = Literal["auto", "no", "bf16", "fp16"]


class TrainingSettings(Settings):
    """How long and how fast to learn."""

    epochs: int = Field(200, gt=0)  # times through the photos, the decaying epochs included
    decay_epochs: int | None = Field(None, ge=0)  # the last, falling to rate 0; none: half of all
    batch_size: int = Field(1, gt=0)  # photos of each domain per step and process
    learning_rate: float = Field(2e-4, gt=0)  # of Adam, for every network
    betas: tuple[Beta, Beta] = (0.5, 0.999)  # of Adam
    accumulate_steps: int = Field(1, gt=0)  # steps whose gradients are averaged for one update
    clip_norm: float | None = Field(None, gt=0)  # longest gradient of a phase; none: no limit
    average_decay: float | None = Field(None, gt=0, lt=1)  # of averaged weights; none: keep none
    inference_mode: InferenceMode = Field(
        "deterministic",
        description="how bundle and sample grids translate: deterministic (each photo's own "
        "statistics), eval (running statistics of training) or paper (own statistics, dropout on)",
    )
    precision: Precision = "auto"  # auto: bf16 where the hardware has it, else float32 ("no")
    seed: int = Field(0, ge=0, lt=2**63)  # of everything random: weights, order, jitter
    workers: int = Field(2, ge=0)  # processes that read photos; 0: the training process itself
    threads: int | None = Field(None, gt=0)  # CPU threads; none: this machine's, shared fairly
    log_every_steps: int = Field(50, gt=0)  # steps between two lines of the journal
    sample_every_epochs: int = Field(5, gt=0)  # epochs between two sample grids
    sample_photos: int = Field(6, gt=0)  # rows of a sample grid
    save_every_minutes: float | None = Field(10.0, gt=0)  # between two saved states; none: no clock
    save_every_steps: int | None = Field(None, gt=0)  # steps between two saved states; none: any
    validate_every_epochs: int | None = Field(
        None,
        gt=0,
        description="epochs between two measurements on held-out photos, which choose bundle_best; "
        "none: never",
    )
    measure: Literal["auto", "ssim", "l1", "kid"] = (
        "auto"  # auto: ssim with exact answers, else kid
    )
    validate_photos: int = Field(200, gt=1)  # most held-out photos of a domain to measure on
    patience: int | None = Field(
        None,
        gt=0,
        description="measurements without a new best before the run ends early; none: it does not",
    )
    on_alarm: Literal["warn", "stop", "rollback"] = Field(
        "warn",
        description="when the run looks sick: warn and go on, stop, or roll back to the last "
        "healthy state and learn at half the rate from there",
    )
    most_rollbacks: int = Field(3, ge=0)  # then an alarm stops the run
    most_skipped_updates: int = Field(
        20, gt=0, description="updates in a row skipped for NaN or infinity before the run ends"
    )
    look_at_data: bool = True  # before it begins, warn of leaks, copies, shifted pairs: seconds
    trackers: tuple[str, ...] = ()  # any of Accelerate's, beside the journal: tensorboard, wandb

    @model_validator(mode="before")
    @classmethod
    def _read_yaml_no(cls, values: object) -> object:
        """YAML reads a bare `no` as false."""
        if isinstance(values, dict) and values.get("precision") is False:
            return {**values, "precision": "no"}
        return values

    @model_validator(mode="after")
    def _decay_within_epochs(self) -> "TrainingSettings":
        if self.decay_epochs is not None and self.decay_epochs > self.epochs:
            raise ValueError(
                f"decay_epochs ({self.decay_epochs}) must not exceed epochs ({self.epochs}), of "
                "which they are the last. Give less, or none for half of all."
            )
        return self

    @model_validator(mode="after")
    def _patience_needs_measurements(self) -> "TrainingSettings":
        if self.patience is not None and self.validate_every_epochs is None:
            raise ValueError(
                "patience counts measurements, and there are none: set validate_every_epochs too."
            )
        return self

    def rate(self, epoch: int) -> float:
        """Say what an epoch, counted from 0, learns with."""
        decay_epochs = self.epochs // 2 if self.decay_epochs is None else self.decay_epochs
        return self.learning_rate * rate_factor(epoch, self.epochs, decay_epochs)
