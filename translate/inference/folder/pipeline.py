"""The flow of photos: threads open them, the translator translates, threads encode and write."""

import time
from collections import deque
from collections.abc import Callable, Generator, Sequence
from concurrent.futures import Future, ThreadPoolExecutor
from contextlib import closing
from pathlib import PurePosixPath
from typing import NamedTuple

from translate.images import Photo
from translate.images.encoders import encode_photo, what_is_lost
from translate.inference.folder.jobs import Job
from translate.inference.folder.launch import fitting_threads
from translate.inference.folder.reading import Opened, open_ahead
from translate.inference.folder.report import Failure, FolderReport, Note
from translate.inference.folder.stopping import DISK_FULL, Stop
from translate.inference.folder.wishes import Wishes
from translate.inference.folder.writing import Workshop, Writing
from translate.inference.translator import Translator
from translate.machine import step_back

PIXELS_BEHIND = 64 * 10**6  # waiting to be written: 192 MB at 8 bits
PHOTOS_BEHIND = 8  # for each thread


class Progress(NamedTuple):
    """How far a run is.

    Attributes:
        finished: Photos translated or failed.
        photos: All that there were to translate.
        file: The one that was finished last, relative to the source.
        megapixels: Of those finished, added up.
    """

    finished: int
    photos: int
    file: str
    megapixels: float


OnProgress = Callable[[Progress], None]
"""Called after each photo, in the caller's thread."""


Outcome = Photo | list[Photo] | Exception


class Written(NamedTuple):
    """What became of one photo."""

    name: str
    notes: list[str]
    error: str | None


class Pipeline:
    """Translate many photos, each whole or not at all; nothing about one of them stops the rest.

    Args:
        report: What becomes of each is added to it.
        stop: Asked before every photo.
    """

    def __init__(
        self,
        translator: Translator,
        workshop: Workshop,
        wishes: Wishes,
        report: FolderReport,
        stop: Stop,
        on_progress: OnProgress | None,
    ) -> None:
        self._translator, self._shop, self._wishes = translator, workshop, wishes
        self._report, self._stop, self._on_progress = report, stop, on_progress
        self._threads = wishes.threads or fitting_threads(translator.device)
        self._writing: deque[tuple[int, Future[Written]]] = deque()
        self._finished = self._photos = self._pixels_behind = 0

    def run(self, jobs: Sequence[Job]) -> None:
        """Translate the photos of some jobs, and wait until all is written."""
        started, before = time.monotonic(), self._finished
        self._photos += len(jobs)
        writers = ThreadPoolExecutor(self._threads, "writing", step_back)
        try:
            self._translate(jobs, writers)
            while self._writing:
                self._collect()
        finally:
            writers.shutdown(cancel_futures=True)
            self._report.seconds += time.monotonic() - started
            self._report.not_attempted += len(jobs) - (self._finished - before)

    def _translate(self, jobs: Sequence[Job], writers: ThreadPoolExecutor) -> None:
        wishes, pulled = self._wishes, deque[Opened]()
        with closing(self._feed(jobs, pulled)) as feed:
            outcome: Outcome
            for outcome in self._translator.outcomes(
                feed, wishes.samples, wishes.seed, wishes.batch_size
            ):
                pixels = _count_pixels(outcome)
                self._make_room(pixels)
                self._pixels_behind += pixels
                future = writers.submit(self._finish, pulled.popleft(), outcome)
                self._writing.append((pixels, future))
                if self._stop.reason == DISK_FULL:
                    break

    def _feed(
        self, jobs: Sequence[Job], pulled: deque[Opened]
    ) -> Generator[Photo | Exception, None, None]:
        """Hand photos to the translator, and remember the order in which it took them."""
        source, encoding = self._shop.source, self._translator.encodings[0]
        with closing(open_ahead(jobs, source, encoding, self._threads)) as ahead:
            for opened, photo in ahead:
                if self._stop.is_requested:
                    return
                pulled.append(opened)
                yield photo

    def _make_room(self, pixels: int) -> None:
        """Collect what is written, and wait while too much is not."""
        while self._writing and (
            self._writing[0][1].done()
            or len(self._writing) >= self._threads * PHOTOS_BEHIND
            or self._pixels_behind + pixels > PIXELS_BEHIND
        ):
            self._collect()

    def _collect(self) -> None:
        """Add the photo that went first to the report."""
        pixels, future = self._writing.popleft()
        written = future.result()
        self._pixels_behind -= pixels
        self._finished += 1
        if written.error is None:
            self._report.done.append(written.name)
            self._report.megapixels += pixels / 1e6
        else:
            self._report.failed.append(Failure(written.name, written.error))
        self._report.notes += [Note(written.name, note) for note in written.notes]
        if self._on_progress is not None:
            megapixels = self._report.megapixels
            self._on_progress(Progress(self._finished, self._photos, written.name, megapixels))

    def _finish(self, opened: Opened, outcome: Outcome) -> Written:
        """Encode and write what came of one photo, in a thread of its own."""
        job, shop = opened.job, self._shop
        writing = Writing(shop, job, opened.stamp, opened.started, shop.facts)
        try:
            if isinstance(outcome, Exception):
                raise outcome
            photos = outcome if isinstance(outcome, list) else [outcome]
            contents, lost = self._encode(photos, job.outputs)
            writing.write(contents)
        except Exception as error:  # whatever a single photo does, the others go on
            return Written(job.name, [], writing.give_up(error, self._stop))
        first = [f"the first of {opened.frames} frames"] if opened.frames > 1 else []
        return Written(job.name, first + lost, None)

    def _encode(
        self, photos: Sequence[Photo], outputs: Sequence[str]
    ) -> tuple[list[bytes], list[str]]:
        """Encode the translations of one photo, and say what their format had no place for."""
        suffixes = [PurePosixPath(output).suffix for output in outputs]
        contents = [
            encode_photo(photo, suffix, self._wishes.quality)
            for photo, suffix in zip(photos, suffixes, strict=True)
        ]
        lost = what_is_lost(photos[0], suffixes[0])
        return contents, [f"{what}: lost, for a {suffixes[0]} has no place for it" for what in lost]


def _count_pixels(outcome: Outcome) -> int:
    photos = outcome if isinstance(outcome, list) else [outcome]
    sides = [photo.pixels.shape[:2] for photo in photos if isinstance(photo, Photo)]
    return sum(height * width for height, width in sides)
