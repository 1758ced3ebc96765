"""The health of a run: what a sick GAN shows in its journal long before anyone looks at photos."""

import math
from collections.abc import Iterator, Mapping
from copy import deepcopy
from statistics import median
from typing import Any, NamedTuple

from translate.training.symptoms import (
    LIMITS,
    Limits,
    Symptom,
    judge_symptoms,
    photo_symptoms,
    skip_symptoms,
)

# Losses that say how far images are apart fall as a run learns. The others are left out: an
# adversarial loss rises whenever the opponent learns and says nothing by itself, which is why the
# discriminators' accuracies are looked at instead; and the rest are measures, not losses.
NO_DISTANCES = ("adversarial", "discriminator", "penalty", "accuracy", "gradient_norm", "skipped")


class Alarm(NamedTuple):
    """A symptom that has lasted.

    Attributes:
        name: What, and where: `collapse/a_to_b`.
        message: What was seen, what it means and what to try.
    """

    name: str
    message: str


class Health:
    """Look at the journal line by line, and say when a symptom has lasted.

    A symptom adds up while it is seen and wears off as slowly, so that a single good line among bad
    ones does not hide it. It is told once; again only after it has worn off.

    Args:
        limits: Where health ends.
    """

    def __init__(self, limits: Limits = LIMITS) -> None:
        self.limits = limits
        self._last_step = 0
        self._spells: dict[str, dict[str, int]] = {}  # symptom -> how long it has been seen
        self._norms: dict[str, list[float]] = {}  # phase -> recent gradient norms
        self._losses: dict[str, dict[str, float]] = {}  # loss -> the smoothed one and its best

    @property
    def is_sick(self) -> bool:
        """Say whether a symptom has been seen and has not worn off, be it an alarm yet or not."""
        return bool(self._spells)

    def look(self, line: Mapping[str, float]) -> list[Alarm]:
        """Look at the next line of the journal; return the alarms that begin with it.

        What is not finite tells nothing: updates skipped because of it are counted instead.
        """
        step = int(line["step"])
        known = {key: value for key, value in line.items() if math.isfinite(value)}
        symptoms: list[Symptom] = []
        if step > self.limits.grace_steps:
            symptoms += judge_symptoms(known, self.limits)
            symptoms += photo_symptoms(known, self.limits.photos)
            symptoms += skip_symptoms(known, self.limits)
            symptoms += self._gradient_symptoms(known)
            symptoms += self._loss_symptoms(known, step - self._last_step)
        self._last_step = step
        return [Alarm(s.name, s.message) for s in symptoms if self._begins(s, step)]

    def _begins(self, symptom: Symptom, step: int) -> bool:
        """Count a symptom; say whether it has just lasted long enough."""
        if not symptom.is_seen and symptom.name not in self._spells:
            return False
        spell = self._spells.setdefault(symptom.name, {"count": 0, "since": step, "is_told": 0})
        change = 1 if symptom.is_seen else -1
        spell["count"] = min(spell["count"] + change, symptom.lasting)
        if spell["count"] == 0:
            del self._spells[symptom.name]
        lasts = spell["count"] == symptom.lasting
        is_alarm = lasts and step - spell["since"] >= self.limits.least_steps
        begins = is_alarm and not spell["is_told"]
        spell["is_told"] |= begins
        return begins

    def _gradient_symptoms(self, line: Mapping[str, float]) -> Iterator[Symptom]:
        """Judge the gradient norms of updates that were made."""
        for key, mean in line.items():
            phase, _, measure = key.rpartition("/")
            learned = 1 - line.get(f"{phase}/skipped", 0.0)
            if measure == "gradient_norm" and learned >= 0.5:  # else too few updates to tell
                yield from self._compare_norm(phase, mean / learned)  # a skipped one is a 0 in it

    def _compare_norm(self, phase: str, norm: float) -> Iterator[Symptom]:
        """Compare a gradient norm with the median of recent healthy lines."""
        limits, recent = self.limits, self._norms.setdefault(phase, [])
        usual = median(recent) if 2 * len(recent) >= limits.recent_lines else norm
        is_high = norm > limits.most_gradient * usual
        is_low = norm < limits.least_gradient * usual
        if not (is_high or is_low):  # else the sick would soon pass for usual
            self._norms[phase] = [*recent, norm][-limits.recent_lines :]
        seen = f"{phase}/gradient_norm {norm:.3g}, after a median of {usual:.3g} in recent lines"
        yield Symptom(
            f"gradient_explodes/{phase}",
            is_high,
            limits.gradient_lines,
            f"{seen}: updates throw away what was learned. Go back to an earlier state; lower "
            "training.learning_rate, or set training.clip_norm to some times the median.",
        )
        yield Symptom(
            f"gradient_vanishes/{phase}",
            is_low,
            limits.gradient_lines,
            f"{seen}: these networks have all but stopped learning. Go back to an earlier state, "
            "and look whether their losses stand still or their opponent has become too strong.",
        )

    def _loss_symptoms(self, line: Mapping[str, float], steps: int) -> Iterator[Symptom]:
        """Compare losses that are distances, smoothed, with the best that they have been."""
        limits = self.limits
        share = steps / (steps + limits.growth_steps)
        for key, loss in line.items():
            phase, _, name = key.rpartition("/")
            if phase in ("", "health") or name.startswith(NO_DISTANCES):
                continue
            past = self._losses.setdefault(key, {"first": loss, "recent": loss, "best": loss})
            past["recent"] += share * (loss - past["recent"])
            past["best"] = min(past["best"], past["recent"])
            good = max(past["best"], limits.least_share_of_first * past["first"])
            yield Symptom(
                f"loss_grows/{key}",
                0 < good * limits.most_growth < past["recent"],
                limits.growth_lines,
                f"{key} has grown to {past['recent']:.3g} from {past['best']:.3g} at its best: the "
                "generators unlearn what they could. Go back to an earlier state and lower "
                "training.learning_rate, or give this loss more weight.",
            )

    def state_dict(self) -> dict[str, Any]:
        """Return what it has seen so far, in plain types."""
        return deepcopy(
            {
                "last_step": self._last_step,
                "spells": self._spells,
                "norms": self._norms,
                "losses": self._losses,
            }
        )

    def load_state_dict(self, state: Mapping[str, Any]) -> None:
        """Take up what `state_dict` returned."""
        state = deepcopy(dict(state))
        self._last_step, self._spells = state["last_step"], state["spells"]
        self._norms, self._losses = state["norms"], state["losses"]
