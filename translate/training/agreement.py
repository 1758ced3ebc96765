"""What one process wishes, all do, at the same step."""

from collections.abc import Callable
from typing import Any, TypeVar

import torch
import torch.distributed as dist
from torch import Tensor

from translate.errors import SharedError, TranslateError
from translate.processes import count_processes, is_first
from translate.training.devices import PATIENCE

T = TypeVar("T")


class Agreement:
    """Let all processes of a run learn of each other's wishes without waiting for each other.

    Wishes told at one step are added up while the next is computed, and known there to all of them
    alike. The sum travels over the CPU's network (gloo), whatever gradients use, so that asking
    never waits for a GPU.
    """

    def __init__(self) -> None:
        self._group: Any = None
        if count_processes() > 1:
            self._group = dist.new_group(backend="gloo", timeout=PATIENCE)
        self._under_way: tuple[Tensor, Any] | None = None

    def settle(self, *wishes: bool) -> list[bool]:
        """Tell this process's wishes; learn which of those of the step before anyone had.

        A process that is alone need not wait for a step. All must ask at every step, in one order.
        """
        if self._group is None:
            return list(wishes)
        settled = self._finish(len(wishes))
        counts = torch.tensor([float(wish) for wish in wishes])
        self._under_way = counts, dist.all_reduce(counts, group=self._group, async_op=True)
        return settled

    def close(self) -> None:
        """Finish what is under way: the others may still need it."""
        self._finish(0)

    def _finish(self, wishes: int) -> list[bool]:
        if self._under_way is None:
            return [False] * wishes
        counts, work = self._under_way
        self._under_way = None
        work.wait()
        return [count > 0 for count in counts.tolist()]


def decide(choose: Callable[[], T]) -> T:
    """Let process 0 choose for all; what it cannot do, none does.

    Raises:
        TranslateError: What process 0 could not do; the others raise a `SharedError`, for it has
            said so.
    """
    if count_processes() == 1:
        return choose()
    answer: list[Any] = [None, None]
    if is_first():
        try:
            answer[0] = choose()
        except TranslateError as error:
            answer[1] = str(error)
            dist.broadcast_object_list(answer)
            raise
    dist.broadcast_object_list(answer)
    if answer[1] is not None:
        raise SharedError(answer[1])
    chosen: T = answer[0]
    return chosen
