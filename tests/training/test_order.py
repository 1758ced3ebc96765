from itertools import chain

from hypothesis import given, settings
from hypothesis import strategies as st

from translate.data import Draw
from translate.training.order import ShardedBatches


def test_batches_carry_the_epoch_to_the_data_set() -> None:
    order = ShardedBatches(items=4, batch_size=2, seed=0)
    order.epoch = 7

    assert {draw.epoch for batch in order for draw in batch} == {7}


@settings(deadline=None, max_examples=50)
@given(st.integers(1, 60), st.integers(1, 4), st.integers(1, 4), st.integers(0, 5))
def test_many_processes_see_together_what_one_sees(
    items: int, batch_size: int, processes: int, epoch: int
) -> None:
    alone = ShardedBatches(items, batch_size * processes, seed=3)
    shards = [ShardedBatches(items, batch_size, 3, p, processes) for p in range(processes)]
    for order in (alone, *shards):
        order.epoch = epoch

    together = [list(chain(*parts)) for parts in zip(*shards, strict=True)]

    assert together == list(alone)
    drawn = [draw for batch in together for draw in batch]
    assert len(set(drawn)) == len(drawn)


def test_every_item_is_drawn_once_when_batches_fit() -> None:
    order = ShardedBatches(items=12, batch_size=3, seed=0)

    drawn = sorted(draw.index for batch in order for draw in batch)

    assert drawn == list(range(12))
    assert len(order) == 4


def test_every_epoch_has_an_order_of_its_own_that_never_changes() -> None:
    def draws(epoch: int) -> list[int]:
        order = ShardedBatches(items=50, batch_size=5, seed=1)
        order.epoch = epoch
        return [draw.index for batch in order for draw in batch]

    assert draws(0) == draws(0)
    assert draws(0) != draws(1)


def test_a_resumed_epoch_goes_on_where_it_stopped() -> None:
    order = ShardedBatches(items=20, batch_size=2, seed=0)
    whole = list(order)
    order.start = 4

    assert list(order) == whole[4:]
    assert whole[0][0] == Draw(0, whole[0][0].index)
