import gc
import weakref
from collections.abc import Iterator

import pytest
import torch
from hypothesis import given, settings
from hypothesis import strategies as st
from torch import Tensor

from tests.strip_toys import noise
from translate.inference.strips.features import LEAST_ROWS, Features, Size
from translate.inference.strips.kept import Kept
from translate.inference.strips.scratch import Scratch

HEIGHT = 100
PHOTO = noise(2, HEIGHT, 5)
ROOM = 2**20


class Counting:
    """Features that count how often each row was computed."""

    def __init__(self) -> None:
        self.size = Size(2, HEIGHT, 5)
        self.row_bytes = 40.0
        self.recomputed = 3
        self.counts = [0] * HEIGHT
        self.largest = 0

    def rows(self, top: int, bottom: int, for_good: bool) -> Tensor:
        for row in range(top, bottom):
            self.counts[row] += 1
        self.largest = max(self.largest, bottom - top)
        return PHOTO[None, :, top:bottom].clone()

    def reader(self) -> Features:
        return self


@pytest.fixture
def scratch() -> Iterator[Scratch]:
    with Scratch(ROOM) as scratch:
        yield scratch


@pytest.fixture
def below() -> Counting:
    return Counting()


def test_what_is_read_is_what_lies_below_in_the_same_size(
    scratch: Scratch, below: Counting
) -> None:
    kept = Kept(below, scratch, 1)
    reader = kept.reader()

    rows = reader.rows(10, 30, for_good=False)

    assert kept.size == reader.size == Size(2, HEIGHT, 5)
    assert torch.equal(rows, PHOTO[None, :, 10:30])
    assert reader.recomputed == 0  # reading them again costs nothing that lies below


@settings(max_examples=40, deadline=None)
@given(
    st.integers(0, 3000),
    st.integers(1, 5000),
    st.lists(st.tuples(st.integers(0, 99), st.integers(1, 100)), min_size=1, max_size=8),
)
def test_every_row_is_computed_once_whoever_asks_and_wherever_it_waits(
    room: int, strip_bytes: int, asked: list[tuple[int, int]]
) -> None:
    below = Counting()
    with Scratch(room) as scratch:
        kept = Kept(below, scratch, strip_bytes)
        readers = [kept.reader() for _ in range(3)]
        for i, (top, count) in enumerate(asked):
            bottom = min(HEIGHT, top + count)
            rows = readers[i % 3].rows(top, bottom, for_good=False)
            assert torch.equal(rows, PHOTO[None, :, top:bottom])

    assert set(below.counts) <= {0, 1}


def test_no_more_rows_are_computed_than_were_asked_for(scratch: Scratch, below: Counting) -> None:
    Kept(below, scratch, 1).reader().rows(10, 30, for_good=False)

    assert below.counts == [1] * 30 + [0] * 70


def test_no_strip_takes_more_memory_than_allowed_but_for_the_fewest_rows(scratch: Scratch) -> None:
    for strip_bytes, most in ((20 * 40, 20), (1, LEAST_ROWS), (2**20, HEIGHT)):
        below = Counting()
        Kept(below, scratch, strip_bytes).reader().rows(0, HEIGHT, for_good=True)
        assert below.largest <= most


def test_a_row_is_forgotten_when_the_last_of_its_readers_has_passed(
    scratch: Scratch, below: Counting
) -> None:
    kept = Kept(below, scratch, 20 * 40)  # five strips of 20 rows, of 40 bytes each
    slow, fast = kept.reader(), kept.reader()

    fast.rows(0, HEIGHT, for_good=True)
    fast.rows(90, HEIGHT, for_good=True)
    assert ROOM - scratch.free_bytes == 100 * 40  # slow has read nothing yet
    slow.rows(0, 50, for_good=True)
    assert ROOM - scratch.free_bytes == 100 * 40  # who reads from 0 has passed nothing
    slow.rows(45, 60, for_good=True)
    assert ROOM - scratch.free_bytes == 60 * 40
    slow.rows(90, HEIGHT, for_good=True)
    assert ROOM - scratch.free_bytes == 20 * 40


def test_reading_for_now_forgets_nothing(scratch: Scratch, below: Counting) -> None:
    reader = Kept(below, scratch, 1).reader()

    reader.rows(50, HEIGHT, for_good=False)

    assert torch.equal(reader.rows(0, 10, for_good=False), PHOTO[None, :, :10])


def test_a_row_that_was_passed_cannot_be_had_again(scratch: Scratch, below: Counting) -> None:
    reader = Kept(below, scratch, 1).reader()
    reader.rows(0, 50, for_good=True)
    reader.rows(40, 60, for_good=True)

    with pytest.raises(RuntimeError, match="row 3 was passed for good, and is asked for again"):
        reader.rows(3, 60, for_good=True)


def test_a_reader_that_is_gone_holds_nothing_up(scratch: Scratch, below: Counting) -> None:
    kept = Kept(below, scratch, 20 * 40)
    idle, reader = kept.reader(), kept.reader()
    reader.rows(0, HEIGHT, for_good=True)

    del idle
    reader.rows(90, HEIGHT, for_good=True)

    assert ROOM - scratch.free_bytes == 20 * 40


def test_what_lies_below_is_gone_when_the_last_row_is_there(scratch: Scratch) -> None:
    below = Counting()
    gone = weakref.ref(below)
    kept = Kept(below, scratch, 1)
    reader = kept.reader()
    del below

    reader.rows(0, HEIGHT - 1, for_good=False)
    assert gone() is not None
    reader.rows(0, HEIGHT, for_good=False)
    assert gone() is None


def test_all_is_gone_with_the_last_reader_without_the_garbage_collector(
    scratch: Scratch, below: Counting
) -> None:
    gc.disable()
    try:
        kept = Kept(below, scratch, 1)
        gone = weakref.ref(kept)
        readers = [kept.reader(), kept.reader().reader()]
        readers[0].rows(0, HEIGHT, for_good=False)
        del kept
        readers.pop()
        assert gone() is not None
        readers.clear()
        assert gone() is None
        assert scratch.free_bytes == ROOM
    finally:
        gc.enable()


def test_the_caller_may_change_what_it_was_given(scratch: Scratch, below: Counting) -> None:
    reader = Kept(below, scratch, 1).reader()

    reader.rows(0, 40, for_good=False).zero_()

    assert torch.equal(reader.rows(0, 40, for_good=False), PHOTO[None, :, :40])


def test_no_strip_stays_in_memory_once_it_went_to_the_file(below: Counting) -> None:
    with Scratch(0) as scratch:
        kept = Kept(below, scratch, 2**20)
        kept.reader().rows(0, HEIGHT, for_good=False)

        assert kept._like.untyped_storage().nbytes() == 0
