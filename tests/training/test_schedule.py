import pytest
from hypothesis import given
from hypothesis import strategies as st

from translate.training.schedule import rate_factor


def test_the_papers_rate_is_constant_for_half_and_falls_by_equal_steps() -> None:
    factors = [rate_factor(epoch, 200, 100) for epoch in range(200)]

    assert factors[:100] == [1.0] * 100
    assert factors[100] == pytest.approx(100 / 101)
    assert factors[199] == pytest.approx(1 / 101)


@given(st.integers(1, 300), st.data())
def test_every_epoch_learns_and_the_rate_never_rises(epochs: int, data: st.DataObject) -> None:
    decay_epochs = data.draw(st.integers(0, epochs))
    factors = [rate_factor(epoch, epochs, decay_epochs) for epoch in range(epochs)]

    assert min(factors) > 0
    assert factors == sorted(factors, reverse=True)
    assert rate_factor(epochs, epochs, decay_epochs) == pytest.approx(0)
