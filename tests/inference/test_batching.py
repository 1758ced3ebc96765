from collections.abc import Iterator, Sequence
from typing import Any, cast

import pytest
import torch
from hypothesis import given, settings
from hypothesis import strategies as st

from tests.strip_toys import noise
from translate.errors import DataError
from translate.inference.batching import AHEAD_PX, BATCH_PX, BATCHES_AHEAD, MOST_IN_CALL, in_batches
from translate.inference.engine import Engine
from translate.inference.kinds import Opened
from translate.inference.pictures import Canvas, Picture, Values

Call = tuple[int, int, int]  # photos, height, width


class Halving:
    """An engine that halves values, notes its calls, and stumbles over a photo that is all ones."""

    device = torch.device("cpu")

    def __init__(self, takes_batches: bool = True) -> None:
        self.takes_batches = takes_batches
        self.calls: list[Call] = []
        self.samples: list[tuple[int, int]] = []

    def numbers(self, picture: Picture) -> torch.dtype:
        return cast(Values, picture).values.dtype

    def sides(self, picture: Picture) -> tuple[int, int]:
        return max(8, picture.height), max(8, picture.width)

    def run(self, pictures: Sequence[Picture], seed: int, sample: int) -> list[Canvas]:
        self.calls.append((len(pictures), pictures[0].height, pictures[0].width))
        self.samples.append((seed, sample))
        assert len({(p.height, p.width, self.numbers(p)) for p in pictures}) == 1
        canvases = []
        for picture in pictures:
            rows = picture.read(0, picture.height)
            if (rows == 1).all():
                raise DataError("a photo at fault")
            canvas = picture.canvas()
            canvas.write(0, rows / 2 + sample)
            canvases.append(canvas)
        return canvases


def photo(tensor: torch.Tensor) -> Opened:
    return Opened([Values(tensor)], lambda results: results[0])


def stack(tensors: torch.Tensor) -> Opened:
    return Opened([Values(each) for each in tensors], lambda results: torch.stack(list(results)))


def translate(
    photos: Sequence[Opened | Exception],
    engine: Halving,
    batch_size: int | None = None,
    samples: int | None = None,
) -> list[Any]:
    return list(in_batches(iter(photos), cast(Engine, engine), batch_size, samples, seed=5))


@settings(max_examples=40, deadline=None)
@given(
    st.lists(st.sampled_from([(9, 7), (8, 8), (30, 4), (1, 1)]), max_size=25),
    st.one_of(st.none(), st.integers(1, 5)),
    st.booleans(),
)
def test_whatever_sizes_come_the_order_stays_and_each_is_translated_once(
    sizes: list[tuple[int, int]], batch_size: int | None, takes_batches: bool
) -> None:
    tensors = [noise(3, *size, seed=i) for i, size in enumerate(sizes)]
    engine = Halving(takes_batches)

    results = translate([photo(tensor) for tensor in tensors], engine, batch_size)

    assert len(results) == len(tensors)
    assert all(torch.equal(r, t / 2) for r, t in zip(results, tensors, strict=True))
    assert sum(count for count, _, _ in engine.calls) == len(tensors)
    assert all(count <= (batch_size or MOST_IN_CALL) for count, _, _ in engine.calls)


def test_photos_of_one_size_share_a_call_though_others_lie_between() -> None:
    engine = Halving()
    sizes = [(9, 7), (8, 8)] * 4

    translate([photo(noise(3, *size)) for size in sizes], engine, batch_size=4)

    assert engine.calls == [(4, 9, 7), (4, 8, 8)]


def test_a_call_holds_as_many_photos_as_are_fast() -> None:
    side = int((BATCH_PX["cpu"] / 4) ** 0.5)
    engine = Halving()

    translate([photo(noise(3, side, side)) for _ in range(10)], engine)

    assert [count for count, _, _ in engine.calls] == [4, 4, 2]


def test_a_photo_that_is_padded_counts_by_what_is_computed() -> None:
    class Padding(Halving):
        def sides(self, picture: Picture) -> tuple[int, int]:
            return 256, 256

    engine = Padding()

    translate([photo(noise(3, 4, 4)) for _ in range(3)], engine)

    assert [count for count, _, _ in engine.calls] == [max(1, BATCH_PX["cpu"] // 256**2)] * 3


def test_photos_of_one_size_but_other_numbers_do_not_share_a_call() -> None:
    engine = Halving()
    tensors = [noise(3, 8, 8), noise(3, 8, 8).half(), noise(3, 8, 8)]

    results = translate([photo(tensor) for tensor in tensors], engine)

    assert [count for count, _, _ in engine.calls] == [2, 1]
    assert [result.dtype for result in results] == [tensor.dtype for tensor in tensors]


def test_an_engine_that_would_mix_photos_gets_one_at_a_time_without_looking_ahead() -> None:
    engine, source = Halving(takes_batches=False), Source([(8, 8)] * 9)

    results = in_batches(source, cast(Engine, engine), None, None, 0)
    next(results)

    assert source.pulled == 1
    assert engine.calls == [(1, 8, 8)]
    assert len(list(results)) == 8
    assert engine.calls == [(1, 8, 8)] * 9


class Source:
    """Photos of some sizes, and how many of them were taken."""

    def __init__(self, sizes: Sequence[tuple[int, int]]) -> None:
        self.sizes = list(sizes)
        self.pulled = 0

    def __iter__(self) -> Iterator[Opened | Exception]:
        return self

    def __next__(self) -> Opened | Exception:
        if self.pulled == len(self.sizes):
            raise StopIteration
        self.pulled += 1
        return photo(torch.zeros(3, *self.sizes[self.pulled - 1]))


def most_held(source: Source, batch_size: int | None = None) -> int:
    """Tell how many photos were taken in at most that have not come out."""
    results = in_batches(source, cast(Engine, Halving()), batch_size, None, 0)
    return max(source.pulled - given for given, _ in enumerate(results))


@pytest.mark.parametrize(
    ("sizes", "most"),
    [
        ([(1000, 1000)] * 20, BATCHES_AHEAD),
        ([(1000, 1000), (999, 1000)] * 10, -(-AHEAD_PX["cpu"] // 10**6)),
        ([(16, 17 + i) for i in range(2000)], BATCHES_AHEAD * MOST_IN_CALL),
        ([(1, 1)] * 2000, BATCHES_AHEAD * MOST_IN_CALL),
    ],
)
def test_no_more_photos_are_held_than_a_few_batches_or_pixels(
    sizes: list[tuple[int, int]], most: int
) -> None:
    assert most_held(Source(sizes)) <= most


def test_a_size_of_batches_that_is_asked_for_bounds_what_is_held() -> None:
    assert most_held(Source([(8, 8)] * 100), batch_size=2) <= BATCHES_AHEAD * 2


def test_the_photo_whose_turn_it_is_is_not_kept_waiting() -> None:
    source = Source([(30, 30), *((8, 8 + i) for i in range(100))])
    engine = Halving()
    results = in_batches(source, cast(Engine, engine), 1, None, 0)

    next(results)

    assert engine.calls == [(1, 30, 30)]


def test_errors_come_out_in_their_place() -> None:
    errors = [DataError("one"), DataError("two")]
    photos = [errors[0], photo(noise(3, 8, 8)), errors[1], photo(noise(3, 8, 8, seed=1))]

    results = translate(photos, Halving())

    assert [results[0], results[2]] == errors
    assert torch.equal(results[1], noise(3, 8, 8) / 2)
    assert torch.equal(results[3], noise(3, 8, 8, seed=1) / 2)


def test_an_error_at_the_head_comes_out_at_once() -> None:
    pulled: list[int] = []

    def photos() -> Iterator[Exception]:
        for i in range(1000):
            pulled.append(i)
            yield DataError(str(i))

    results = in_batches(photos(), cast(Engine, Halving()), None, None, 0)

    assert [str(next(results)) for _ in range(3)] == ["0", "1", "2"]
    assert len(pulled) == 3


def test_one_photo_at_fault_does_not_harm_the_others_of_its_batch() -> None:
    tensors = [noise(3, 8, 8, seed=i) for i in range(4)]
    tensors[2] = torch.ones(3, 8, 8)
    engine = Halving()

    results = translate([photo(tensor) for tensor in tensors], engine)

    assert [count for count, _, _ in engine.calls] == [4, 1, 1, 1, 1]
    assert isinstance(results[2], DataError)
    for i in (0, 1, 3):
        assert torch.equal(results[i], tensors[i] / 2)


def test_one_photo_at_fault_is_so_in_all_its_samples() -> None:
    tensors = [noise(3, 8, 8), torch.ones(3, 8, 8)]

    good, bad = translate([photo(tensor) for tensor in tensors], Halving(), samples=2)

    assert [torch.equal(good[i], tensors[0] / 2 + i) for i in range(2)] == [True, True]
    assert isinstance(bad, DataError)


def test_what_a_batch_gave_before_it_failed_is_not_given_twice() -> None:
    class Tiring(Halving):
        def run(self, pictures: Sequence[Picture], seed: int, sample: int) -> list[Canvas]:
            if len(pictures) > 1 and sample == 1:
                raise DataError("too many")
            return super().run(pictures, seed, sample)

    tensors = noise(2, 3, 8, 8)

    results = translate([photo(tensor) for tensor in tensors], Tiring(), samples=2)

    for result, tensor in zip(results, tensors, strict=True):
        assert [torch.equal(each, tensor / 2 + i) for i, each in enumerate(result)] == [True] * 2


def test_a_stack_stays_together_and_shares_calls_with_single_photos() -> None:
    engine = Halving()
    three, one = noise(3, 3, 8, 8), noise(3, 8, 8, seed=1)

    stacked, single = translate([stack(three), photo(one)], engine)

    assert torch.equal(stacked, three / 2)
    assert torch.equal(single, one / 2)
    assert engine.calls == [(4, 8, 8)]


@pytest.mark.parametrize("side", [8, int((BATCH_PX["cpu"] / 2) ** 0.5)])
def test_a_stack_is_parted_into_calls_as_single_photos_are(side: int) -> None:
    tensors = noise(5, 3, side, side)
    engine = Halving()

    [result] = translate([stack(tensors)], engine, batch_size=2 if side == 8 else None)

    assert torch.equal(result, tensors / 2)
    assert [count for count, _, _ in engine.calls] == [2, 2, 1]


def test_samples_make_a_list_of_each_photo_and_of_a_stack_a_list_of_stacks() -> None:
    engine = Halving(takes_batches=False)
    tensors = noise(2, 3, 8, 8)

    single, stacked = translate([photo(tensors[0]), stack(tensors)], engine, samples=3)

    assert [torch.equal(each, tensors[0] / 2 + i) for i, each in enumerate(single)] == [True] * 3
    assert [torch.equal(each, tensors / 2 + i) for i, each in enumerate(stacked)] == [True] * 3
    assert engine.samples == [(5, 0), (5, 1), (5, 2)] * 2
    assert len(translate([photo(tensors[0])], engine, samples=1)[0]) == 1


def test_what_is_not_a_photos_fault_is_not_caught() -> None:
    class Interrupted(Halving):
        def run(self, *_: Any) -> list[Canvas]:
            raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt):
        translate([photo(noise(3, 8, 8))], Interrupted())


def test_nothing_comes_of_nothing() -> None:
    assert translate([], Halving()) == []
