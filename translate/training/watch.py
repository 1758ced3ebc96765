"""The health of a run, looked at by process 0 and acted upon by all."""

from collections.abc import Mapping
from typing import Any

from accelerate import Accelerator
from torch import nn

from translate.data import Splits
from translate.images import Pair
from translate.phase import Method
from translate.training.agreement import decide
from translate.training.health import Alarm, Health
from translate.training.probe import Probe
from translate.training.settings import TrainingSettings

# Photos learned from between two looks at held-out ones: a look translates four of them six times
# without learning, which takes about 1/200 of the time that 400 photos take.
PHOTOS_BETWEEN_LOOKS = 400


class Watch:
    """Look at every line of the journal, and now and then at translations of held-out photos.

    Args:
        samples: Held-out photos, a batch of pairs.
    """

    def __init__(
        self,
        method: Method,
        data: Splits,
        samples: Pair,
        settings: TrainingSettings,
        accelerator: Accelerator,
    ) -> None:
        self._probe = Probe(
            samples,
            method.exports,
            data.test_is_paired,
            accelerator.device,
            settings.inference_mode,
        )
        self._health = Health()
        self._is_leader = accelerator.is_main_process
        photos_a_step = settings.batch_size * accelerator.num_processes
        lines = PHOTOS_BETWEEN_LOOKS / (photos_a_step * settings.log_every_steps)
        self._every_steps = max(1, round(lines)) * settings.log_every_steps

    @property
    def is_sick(self) -> bool:
        """Say whether an alarm is near or was raised, as process 0 knows it."""
        return self._health.is_sick

    def probe(self, networks: Mapping[str, nn.Module], step: int) -> dict[str, float]:
        """Look at held-out photos if it is time for it; return what the journal should know."""
        if not self._is_leader or step % self._every_steps:
            return {}
        return self._probe.look(networks)

    def look(self, line: Mapping[str, float]) -> list[Alarm]:
        """Look at a line of the journal; return the alarms that begin now, to all processes."""
        return decide(lambda: self._health.look(line))

    def state_dict(self) -> dict[str, Any]:
        """Return what it has seen so far."""
        return self._health.state_dict()

    def load_state_dict(self, state: dict[str, Any]) -> None:
        """Take up what `state_dict` returned."""
        self._health.load_state_dict(state)
