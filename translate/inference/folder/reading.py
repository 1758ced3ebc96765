"""Photos opened by threads, a few ahead of the network, in order."""

import time
from collections import deque
from collections.abc import Generator, Iterable
from concurrent.futures import Future, ThreadPoolExecutor
from pathlib import Path
from typing import NamedTuple

from translate.errors import DataError
from translate.images import Encoding, Photo, size_of
from translate.inference.folder.entries import Stamp
from translate.inference.folder.gate import Gate
from translate.inference.folder.jobs import Job
from translate.inference.kinds import open_source
from translate.machine import step_back

PIXELS_AHEAD = 64 * 10**6  # 192 MB at 8 bits
PHOTOS_AHEAD = 8  # for each thread
UNKNOWN = Stamp(-1, -1)


class Opened(NamedTuple):
    """What is known of a photo whose pixels have gone on to the network.

    Attributes:
        stamp: Of the file as it was read.
        started: `time.monotonic()` when it was begun.
        frames: How many images the file holds; the photo is the first.
    """

    job: Job
    stamp: Stamp
    started: float
    frames: int = 1


Answer = tuple[Opened, Photo | Exception]


def open_ahead(
    jobs: Iterable[Job], source: Path, encoding: Encoding, threads: int
) -> Generator[Answer, None, None]:
    """Open photos in threads of their own, and hand them out in their order.

    However large they are, not many more than `PIXELS_AHEAD` wait to be taken. A photo that cannot
    be opened is the exception that says why.
    """
    gate = Gate(PIXELS_AHEAD)
    waiting: deque[tuple[int, Future[tuple[Answer, int]]]] = deque()

    def open_one(number: int, job: Job) -> tuple[Answer, int]:
        pixels = _count_pixels(source / job.name, encoding)
        gate.enter(number, pixels)
        return _open(job, source / job.name, encoding), pixels

    def take() -> Answer:
        number, future = waiting.popleft()
        answer, pixels = future.result()
        gate.leave(number, pixels)
        return answer

    pool = ThreadPoolExecutor(threads, "opening", step_back)
    try:
        for number, job in enumerate(jobs):
            waiting.append((number, pool.submit(open_one, number, job)))
            if len(waiting) >= threads * PHOTOS_AHEAD:
                yield take()
        while waiting:
            yield take()
    finally:
        gate.open()
        pool.shutdown(cancel_futures=True)


def _open(job: Job, file: Path, encoding: Encoding) -> Answer:
    """Open a photo; once more if somebody was still writing it."""
    started = time.monotonic()
    for _ in range(2):
        stamp = _stamp_of(file)
        photo = _open_or_explain(file, encoding)
        if _stamp_of(file) == stamp:
            facts = photo.facts if isinstance(photo, Photo) else None
            return Opened(job, stamp, started, facts.frames if facts else 1), photo
    changed = DataError("changed while it was read. Run again when it is complete.")
    return Opened(job, UNKNOWN, started), changed


def _open_or_explain(file: Path, encoding: Encoding) -> Photo | Exception:
    try:
        return open_source(file, encoding)
    except Exception as error:  # whatever a single photo does, the others go on
        return error


def _stamp_of(file: Path) -> Stamp:
    try:
        return Stamp.of(file)
    except OSError:
        return UNKNOWN  # opening it tells why


def _count_pixels(file: Path, encoding: Encoding) -> int:
    try:
        width, height = size_of(file, encoding.kind)
    except Exception:  # opening it tells why
        return 0
    return width * height
