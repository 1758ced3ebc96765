"""Which epoch was the best so far, by the measure of the run."""

import logging
from collections.abc import Mapping
from typing import Any

import torch
from torch import nn

from translate.data import Splits
from translate.training.agreement import decide
from translate.training.settings import TrainingSettings
from translate.training.validating import Validator

logger = logging.getLogger(__name__)


class Best:
    """Measure an epoch now and then, and remember the best and how long ago it was.

    Process 0 measures; all learn of it.

    Args:
        validator: None: nothing is ever measured.
    """

    def __init__(self, validator: Validator | None) -> None:
        self.validator = validator
        self.value: float | None = None
        self.epoch: int | None = None  # how many had been trained then
        self.waited = 0  # measurements since

    def measure(self, generators: Mapping[str, nn.Module], epoch: int) -> dict[str, Any]:
        """Measure generators, by direction; return what the journal should know."""
        assert self.validator is not None  # noqa: S101 - the trainer asks for nothing else
        validator = self.validator
        value: float = decide(lambda: validator(generators))
        is_best = validator.is_better(value, self.value)
        if is_best:
            self.value, self.epoch, self.waited = value, epoch, 0
        else:
            self.waited += 1
        return {"validation": validator.measure.name, "value": value, "is_best": is_best}

    def is_over(self, patience: int | None) -> bool:
        """Say whether nothing better has come for as long as anyone wants to wait."""
        return patience is not None and self.waited >= patience

    def state_dict(self) -> dict[str, Any]:
        """Return the best and how long ago it was."""
        best = {"value": self.value, "epoch": self.epoch, "waited": self.waited}
        return best | {"measured_by": self._measured_by()}

    def load_state_dict(self, state: dict[str, Any]) -> None:
        """Take up what `state_dict` returned, unless it was measured otherwise than it is now."""
        before, now = state["measured_by"], self._measured_by()
        if state["value"] is not None and before != now:
            logger.warning("The best so far was measured by %s; now begins anew: %s", before, now)
            return
        self.value, self.epoch, self.waited = state["value"], state["epoch"], state["waited"]

    def _measured_by(self) -> str:
        """Say all that two numbers must share to be compared."""
        return "nothing" if self.validator is None else self.validator.protocol


def make_best(
    settings: TrainingSettings, data: Splits, device: torch.device, exports: Mapping[str, str]
) -> Best:
    """Prepare what a run asks for.

    Raises:
        ConfigError: The measure asked for cannot be taken.
    """
    if settings.validate_every_epochs is None:
        return Best(None)
    most, mode = settings.validate_photos, settings.inference_mode
    return Best(Validator(settings.measure, data, most, device, mode, exports))
