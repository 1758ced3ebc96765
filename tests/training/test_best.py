import math
from collections.abc import Mapping, Sequence

import pytest
import torch
from torch import nn

from tests.toys import noise_splits, tiny_training
from tests.trainer_toys import splits
from translate.errors import ConfigError
from translate.training.best import Best, make_best
from translate.training.measures import MEASURES
from translate.training.validating import Validator

CPU = torch.device("cpu")
EXPORTS = {"a_to_b": "generator_ab"}
SAME = {"a_to_b": nn.Identity()}


class Told(Validator):
    """Measures what it was told to."""

    def __init__(self, values: Sequence[float], measure: str = "l1") -> None:
        self.values, self.measure = list(values), MEASURES[measure]
        self.seen: list[Mapping[str, nn.Module]] = []
        self.by = "l1 on 4 photos"

    @property
    def protocol(self) -> str:
        return self.by

    def __call__(self, generators: Mapping[str, nn.Module]) -> float:
        self.seen.append(generators)
        return self.values.pop(0)


def measured(values: Sequence[float], measure: str = "l1") -> tuple[Best, list[bool]]:
    """Measure one epoch after the other, counted from 1; tell which were the best so far."""
    best = Best(Told(values, measure))
    told = [best.measure(SAME, epoch + 1) for epoch in range(len(values))]
    return best, [line["is_best"] for line in told]


def test_what_was_measured_is_told_for_the_journal() -> None:
    validator = Told([0.5])

    told = Best(validator).measure(SAME, 3)

    assert told == {"validation": "l1", "value": 0.5, "is_best": True}
    assert validator.seen == [SAME]


@pytest.mark.parametrize(
    ("measure", "expected", "epoch"),
    [("l1", [True, False, True, False], 3), ("ssim", [True, True, False, True], 4)],
)
def test_the_best_is_what_the_measure_calls_better_and_a_draw_is_not(
    measure: str, expected: list[bool], epoch: int
) -> None:
    best, found = measured([0.4, 0.5, 0.3, 0.6], measure)

    assert found == expected
    assert (best.value, best.epoch) == ({"l1": 0.3, "ssim": 0.6}[measure], epoch)
    assert measured([0.4, 0.4])[1] == [True, False]


def test_what_is_no_number_is_never_the_best() -> None:
    best, found = measured([math.nan, 0.5, math.nan])

    assert found == [False, True, False]
    assert (best.value, best.epoch, best.waited) == (0.5, 2, 1)


def test_patience_counts_the_measurements_since_the_best() -> None:
    best, _ = measured([0.4, 0.5, 0.6])

    assert best.waited == 2
    assert [best.is_over(patience) for patience in (1, 2, 3, None)] == [True, True, False, False]
    assert measured([0.4, 0.5, 0.3])[0].waited == 0


def test_a_run_that_measures_nothing_is_never_over() -> None:
    best = make_best(tiny_training(), noise_splits(), CPU, EXPORTS)

    assert best.validator is None
    assert not best.is_over(None)


def test_a_restored_best_goes_on_exactly() -> None:
    before, _ = measured([0.4, 0.5])
    after = Best(Told([0.45, 0.39]))

    after.load_state_dict(before.state_dict())

    assert [after.measure(SAME, epoch)["is_best"] for epoch in (3, 4)] == [False, True]
    assert (after.value, after.epoch, after.waited) == (0.39, 4, 0)


def test_what_cannot_be_measured_is_told_before_training() -> None:
    chosen = tiny_training(validate_every_epochs=1)

    assert make_best(chosen, splits(is_measured=True), CPU, EXPORTS).validator is not None
    with pytest.raises(ConfigError, match=r"^training\.measure: .*there are none"):
        make_best(chosen, noise_splits(), CPU, EXPORTS)


def test_a_best_that_was_measured_otherwise_is_forgotten_and_said(
    caplog: pytest.LogCaptureFixture,
) -> None:
    before, _ = measured([0.4, 0.5])
    other = Told([0.9])
    other.by = "l1 on 8 photos"
    after = Best(other)

    after.load_state_dict(before.state_dict())

    assert (after.value, after.waited) == (None, 0)
    assert "measured by l1 on 4 photos; now begins anew: l1 on 8 photos" in caplog.text
