"""Opening what comes next while the network is busy with what came before."""

from collections import deque
from collections.abc import Callable, Iterable, Iterator
from concurrent.futures import Future, ThreadPoolExecutor
from typing import TypeVar

Item = TypeVar("Item")
Opened = TypeVar("Opened")

THREADS = 2
MOST_AHEAD = 4  # a few photos: enough to be never behind, few enough to be held


def ahead(items: Iterable[Item], work: Callable[[Item], Opened]) -> Iterator[Opened]:
    """Do some work on items in threads of its own, a few items ahead, and give it back in order."""
    waiting: deque[Future[Opened]] = deque()
    with ThreadPoolExecutor(THREADS, thread_name_prefix="open") as threads:
        for item in items:
            waiting.append(threads.submit(work, item))
            if len(waiting) > MOST_AHEAD:
                yield waiting.popleft().result()
        while waiting:
            yield waiting.popleft().result()
