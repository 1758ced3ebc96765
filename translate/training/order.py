"""Which item is drawn when: a pure function of seed, epoch and number of processes."""

from collections.abc import Iterator

import numpy as np
from torch.utils.data import Sampler

from translate.data import Draw
from translate.errors import DataError


class ShardedBatches(Sampler[list[Draw]]):
    """Deal the shuffled items of an epoch out to processes, batch by batch.

    Two processes with batches of n see together, step by step, what one process sees with batches
    of 2n. What is left at an epoch's end and fills no batch for every process waits for the next
    shuffle. The sampler asks for `Draw(epoch, index)`, so the epoch reaches worker processes.

    Attributes:
        epoch: Set it before iterating.
        start: How many batches of the epoch to leave out: a resumed run has seen them.
    """

    def __init__(
        self, items: int, batch_size: int, seed: int, process: int = 0, processes: int = 1
    ) -> None:
        self.items, self.batch_size, self.seed = items, batch_size, seed
        self.process, self.processes = process, processes
        self.epoch = 0
        self.start = 0

    def __len__(self) -> int:
        """Count the batches of a whole epoch for one process."""
        return self.items // (self.batch_size * self.processes)

    def __iter__(self) -> Iterator[list[Draw]]:
        shuffle = np.random.default_rng(np.random.SeedSequence([self.seed, self.epoch]))
        order = shuffle.permutation(self.items)
        for batch in range(self.start, len(self)):
            first = (batch * self.processes + self.process) * self.batch_size
            yield [Draw(self.epoch, int(i)) for i in order[first : first + self.batch_size]]


def make_order(
    items: int, batch_size: int, seed: int, process: int, processes: int
) -> ShardedBatches:
    """Make the order of a run, whose every epoch has at least one batch.

    Raises:
        DataError: The items do not fill one batch for every process.
    """
    order = ShardedBatches(items, batch_size, seed, process, processes)
    if len(order) == 0:
        raise DataError(
            f"{items} training photos do not fill one batch of {batch_size} for each of "
            f"{processes} processes. Add photos or lower training.batch_size."
        )
    return order
