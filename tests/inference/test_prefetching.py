import threading
import time
from collections.abc import Iterator

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from translate.inference.prefetching import HEAVIEST, MOST_AHEAD, ahead


def opening() -> set[str]:
    return {thread.name for thread in threading.enumerate() if thread.name.startswith("open")}


@settings(max_examples=20, deadline=None)
@given(st.lists(st.integers(0, 3), max_size=20))
def test_results_come_in_the_order_of_items_whichever_is_ready_first(delays: list[int]) -> None:
    def work(item: tuple[int, int]) -> int:
        time.sleep(item[1] / 2000)
        return item[0]

    assert list(ahead(list(enumerate(delays)), work)) == list(range(len(delays)))


def test_nothing_comes_of_nothing() -> None:
    assert list(ahead([], str)) == []


def test_only_a_few_items_are_taken_before_results_are_wanted() -> None:
    pulled: list[int] = []

    def items() -> Iterator[int]:
        for i in range(1000):
            pulled.append(i)
            yield i

    results = ahead(items(), str)
    assert pulled == []
    for i in range(20):
        assert next(results) == str(i)
        assert len(pulled) <= i + MOST_AHEAD + 1
    results.close()  # type: ignore[attr-defined]


def test_work_goes_on_while_results_are_used() -> None:
    done = threading.Event()

    def work(item: int) -> int:
        if item == 1:
            done.set()
        return item

    results = ahead(range(10), work)
    next(results)

    assert done.wait(10)
    assert list(results) == list(range(1, 10))


def test_work_is_done_in_threads_of_its_own() -> None:
    names = set(ahead(range(20), lambda _: threading.current_thread().name))

    assert all(name.startswith("open") for name in names)
    assert opening() == set()


def test_an_error_of_the_work_comes_when_its_turn_has_come() -> None:
    results = ahead(range(10), lambda item: 1 // (3 - item))

    assert [next(results) for _ in range(3)] == [0, 0, 1]
    with pytest.raises(ZeroDivisionError):
        next(results)
    assert opening() == set()


def test_who_leaves_early_leaves_no_thread_behind() -> None:
    results = ahead(range(1000), str)
    next(results)
    assert opening()

    results.close()  # type: ignore[attr-defined]

    assert opening() == set()


def test_an_error_among_the_items_comes_after_the_results_of_those_before() -> None:
    def items() -> Iterator[int]:
        yield from range(3)
        raise ValueError("no more")

    results = ahead(items(), str)

    assert [next(results) for _ in range(3)] == ["0", "1", "2"]
    with pytest.raises(ValueError, match="no more"):
        next(results)


def test_heavy_results_are_not_piled_up() -> None:
    pulled: list[int] = []

    def items() -> Iterator[int]:
        for i in range(10):
            pulled.append(i)
            yield i
            time.sleep(0.02)  # the one before is ready by now

    results = ahead(items(), str, weigh=lambda _: HEAVIEST)

    next(results)
    assert len(pulled) <= 3
