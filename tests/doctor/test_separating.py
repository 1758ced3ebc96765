import numpy as np
import numpy.typing as npt
import pytest
from hypothesis import given
from hypothesis import strategies as st

from translate.doctor.domains import separate
from translate.doctor.facts import FACTS
from translate.doctor.looking import Looks
from translate.doctor.separating import cross_validate, measure_accuracy, wilson

Numbers = npt.NDArray[np.float64]


def clusters(
    count: int, apart: float, features: int = 30, seed: int = 0
) -> tuple[Numbers, Numbers]:
    random = np.random.default_rng(seed)
    values = random.normal(size=(2 * count, features))
    values[count:, 0] += apart
    return values, np.arange(2 * count) >= count


def looks_of(features: Numbers, is_b: Numbers, brightness: Numbers) -> Looks:
    facts = np.zeros(len(is_b), FACTS)
    facts["brightness"] = brightness
    looks = Looks(facts=facts, sides=is_b.astype(np.int64), owners=np.arange(len(is_b)))
    looks.features = {i: row.astype(np.float32) for i, row in enumerate(features)}
    return looks


def test_wilsons_interval_is_that_of_the_books() -> None:
    # Newcombe 1998, table I: 81 of 263, and 0 of 20.
    assert wilson(81, 263) == (81 / 263, approx(0.2553), approx(0.3662))
    assert wilson(0, 20) == (0, 0, approx(0.1611))


def approx(value: float) -> object:
    return pytest.approx(value, abs=1e-3)


@given(right=st.integers(0, 50), more=st.integers(0, 50))
def test_an_interval_holds_its_share(right: int, more: int) -> None:
    share, low, high = wilson(right, right + more + 1)

    assert 0 <= low <= share <= high <= 1


def test_domains_far_apart_are_told_apart() -> None:
    values, is_b = clusters(60, apart=12)

    accuracy = measure_accuracy(cross_validate(values, is_b, seed=0), is_b)

    assert accuracy.value == 1
    assert 0.9 < accuracy.low < accuracy.high <= 1


def test_domains_that_do_not_differ_are_told_apart_by_chance() -> None:
    values, is_b = clusters(150, apart=0)

    accuracy = measure_accuracy(cross_validate(values, is_b, seed=0), is_b)

    assert accuracy.low < 0.5 < accuracy.high


def test_it_is_the_same_for_one_seed_and_any_scale() -> None:
    values, is_b = clusters(50, apart=2)

    found = cross_validate(values, is_b, seed=3)

    assert (found == cross_validate(values, is_b, seed=3)).all()
    assert np.allclose(found, cross_validate(1000 * values + 7, is_b, seed=3))


def test_both_domains_count_alike_however_many_there_are() -> None:
    is_b = np.arange(110) >= 100
    all_a = np.zeros(110)

    assert measure_accuracy(all_a, is_b).value == 0.5


def test_features_that_never_change_tell_nothing() -> None:
    is_b = np.arange(40) >= 20

    accuracy = measure_accuracy(cross_validate(np.ones((40, 5)), is_b, seed=0), is_b)

    assert accuracy.low < 0.5 < accuracy.high or accuracy.value == 0.5


def test_photos_in_the_wrong_domain_are_suspicious_the_clearest_first() -> None:
    values, is_b = clusters(80, apart=10)
    values[:2, 0] += [10, 14]  # look like b, and lie in a
    found = separate(looks_of(values, is_b, np.zeros(160)), seed=0)

    assert found is not None
    assert found.suspicious.tolist() == [1, 0]
    assert (found.doubts >= 0.9).all()
    assert found.counts == (80, 80)
    assert found.by_features.value > 0.95
    assert found.by_brightness.low < 0.5


def test_brightness_alone_is_measured_beside_the_features() -> None:
    values, is_b = clusters(50, apart=0)

    found = separate(looks_of(values, is_b, is_b * 0.8), seed=0)

    assert found is not None
    assert found.by_brightness.value == 1


def test_nobody_is_suspected_where_domains_cannot_be_told_apart() -> None:
    values, is_b = clusters(100, apart=0)

    found = separate(looks_of(values, is_b, np.zeros(200)), seed=0)

    assert found is not None
    assert not len(found.suspicious)


def test_of_too_few_photos_nothing_is_said() -> None:
    values, is_b = clusters(10, apart=9)

    assert separate(looks_of(values, is_b, np.zeros(20)), seed=0) is None
    assert separate(Looks(), seed=0) is None
