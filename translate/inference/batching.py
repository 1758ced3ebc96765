"""Photos of mixed sizes share calls of the network, and come out in the order they came in."""

import math
from collections import deque
from collections.abc import Iterator, Sequence
from itertools import accumulate, chain
from typing import Any

from translate.inference.engine import Engine
from translate.inference.kinds import Opened
from translate.inference.pictures import Canvas, Picture
from translate.inference.prefetching import until_error

BATCHES_AHEAD = 4  # how far is looked for photos of the same size
AHEAD_PX = {"cpu": 2**21, "cuda": 2**24}  # and how many pixels are held for it at most
BATCH_PX = {"cpu": 2**14, "cuda": 2**20}  # pixels in a call: on a CPU more leave its caches
MOST_IN_CALL = 64  # tiny photos: more make nothing faster


class _Waiting:
    """A photo, or a stack of them, that was taken in."""

    def __init__(self, photo: Opened | Exception, samples: int, engine: Engine) -> None:
        self.photo = photo
        self.results: list[list[Canvas]] = []  # for each sample, a canvas for each picture
        self.error: Exception | None = photo if isinstance(photo, Exception) else None
        self.pictures: Sequence[Picture] = () if isinstance(photo, Exception) else photo.pictures
        self.samples = samples
        self.kind: Any = None
        self.pixels = 0  # that are computed
        if self.pictures:
            first = self.pictures[0]
            self.kind = first.height, first.width, engine.numbers(first)
            self.pixels = len(self.pictures) * math.prod(engine.sides(first))

    @property
    def is_done(self) -> bool:
        return self.error is not None or len(self.results) == self.samples

    def outcome(self, is_list: bool) -> Any:
        if self.error is not None or isinstance(self.photo, Exception):
            return self.error
        restored = [
            self.photo.restore([canvas.content for canvas in canvases]) for canvases in self.results
        ]
        return restored if is_list else restored[0]


def in_batches(
    photos: Iterator[Opened | Exception],
    engine: Engine,
    batch_size: int | None,
    samples: int | None,
    seed: int,
) -> Iterator[Any]:
    """Translate photos; an exception takes the place of what could not be translated.

    The photo whose turn it is is never kept waiting: it goes next, together with those of its size
    that were taken in already.

    Raises:
        Exception: What `photos` raised, after all that came before.
    """
    waiting: deque[_Waiting] = deque()
    errors: list[Exception] = []
    photos = until_error(photos, errors)
    while True:
        _take_in(waiting, photos, engine, batch_size, samples or 1)
        if not waiting:
            break
        if not waiting[0].is_done:
            first = waiting[0]
            most = batch_size or _fitting(first.pixels // len(first.pictures), engine)
            _translate(_alike(waiting, most), engine, seed, most)
        while waiting and waiting[0].is_done:
            yield waiting.popleft().outcome(is_list=samples is not None)
    if errors:
        raise errors[0]


def _take_in(
    waiting: deque[_Waiting],
    photos: Iterator[Opened | Exception],
    engine: Engine,
    batch_size: int | None,
    samples: int,
) -> None:
    """Look ahead, but hold no more than a few pixels; one photo at least."""
    device = engine.device.type
    held = sum(each.pixels for each in waiting)
    most = AHEAD_PX.get(device, 2**21) if engine.takes_batches else 0
    while not waiting or (held < most and not waiting[0].is_done):
        batch = batch_size or _fitting(held // max(1, len(waiting)), engine)
        if len(waiting) >= BATCHES_AHEAD * batch:
            return
        photo = next(photos, None)
        if photo is None:
            return
        waiting.append(_Waiting(photo, samples, engine))
        held += waiting[-1].pixels


def _fitting(pixels: int, engine: Engine) -> int:
    """Say how many photos of so many pixels should share a call."""
    fitting = BATCH_PX.get(engine.device.type, 2**16) // max(1, pixels)
    return max(1, min(fitting, MOST_IN_CALL))


def _alike(waiting: deque[_Waiting], most: int) -> list[_Waiting]:
    """Choose the first, and of those of its kind as many as share a call with all of it."""
    first = waiting[0]
    alike = [each for each in waiting if each.kind == first.kind and not each.is_done]
    counts = accumulate(len(each.pictures) for each in alike)
    counted = zip(alike, counts, strict=True)
    return [each for each, count in counted if each is first or count <= most]


def _translate(together: list[_Waiting], engine: Engine, seed: int, most: int) -> None:
    """Translate photos of one kind; should one of them be at fault, each for itself."""
    pictures = [picture for each in together for picture in each.pictures]
    calls = [pictures[start : start + most] for start in range(0, len(pictures), most)]
    try:
        for sample in range(together[0].samples):
            canvases = chain.from_iterable(engine.run(call, seed, sample) for call in calls)
            for each in together:
                each.results.append([next(canvases) for _ in each.pictures])
    except Exception as error:
        if len(together) == 1:
            together[0].error = error
            return
        for each in together:
            each.results.clear()
            _translate([each], engine, seed, most)
