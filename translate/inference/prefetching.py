"""Opening what comes next while the network is busy with what came before."""

from collections import deque
from collections.abc import Callable, Iterable, Iterator
from concurrent.futures import Future, ThreadPoolExecutor
from typing import TypeVar

from translate.machine import step_back

Item = TypeVar("Item")
Opened = TypeVar("Opened")

THREADS = 2
MOST_AHEAD = 4  # a few photos: enough to be never behind, few enough to be held
HEAVIEST = 48 * 10**6  # pixels that may wait: two photos of a good camera


def ahead(
    items: Iterable[Item],
    work: Callable[[Item], Opened],
    weigh: Callable[[Opened], int] = lambda _: 0,
) -> Iterator[Opened]:
    """Do some work on items in threads of its own, a few items ahead, and give it back in order.

    Args:
        weigh: How many pixels a result holds: while many wait, no more items are taken.

    Raises:
        Exception: What `items` raised, after the results of the items before.
    """
    waiting: deque[Future[Opened]] = deque()
    errors: list[Exception] = []
    with ThreadPoolExecutor(THREADS, "open", step_back) as threads:
        for item in until_error(items, errors):
            waiting.append(threads.submit(work, item))
            while len(waiting) > MOST_AHEAD or _weight(waiting, weigh) > HEAVIEST:
                yield waiting.popleft().result()
        while waiting:
            yield waiting.popleft().result()
    if errors:
        raise errors[0]


def until_error(items: Iterable[Item], errors: list[Exception]) -> Iterator[Item]:
    """Give items until there are no more, or an error comes instead, which is put aside."""
    try:
        yield from items
    except Exception as error:
        errors.append(error)


def _weight(waiting: Iterable[Future[Opened]], weigh: Callable[[Opened], int]) -> int:
    """Add up what is held; what is not ready yet counts when it is."""
    return sum(weigh(each.result()) for each in waiting if each.done() and not each.exception())
