"""Runs a generator over pictures: whole where they fit into memory, else strip by strip."""

import copy
import logging
import math
from collections.abc import Callable, Sequence
from threading import Lock
from typing import TypeVar

import torch
from torch import Tensor
from torch.nn import functional as F

from translate.errors import TranslateError
from translate.images import crop_to, pad_to_multiple
from translate.inference.choices import Choices
from translate.inference.modes import apply_mode, drawing
from translate.inference.pictures import Canvas, Picture, TurnedCanvas
from translate.inference.strips import (
    Budget,
    Moments,
    Size,
    UnstreamableError,
    gather_statistics,
    stream,
    turn_sideways,
    values_per_pixel,
)
from translate.machine import give_back_memory, resident_memory
from translate.networks import Generator, is_per_sample

logger = logging.getLogger(__name__)

Result = TypeVar("Result")

LAYERS_AT_ONCE = 6  # as large as the largest one: in, out, padded, reordered; measured 4.5 to 5
STRIP_SHARE, STRIP_BYTES = 16, 64 * 2**20  # of a CPU: larger strips leave its caches
STRIPS_AT_ONCE = 8  # one being computed has several layers; the rest of the room is for what waits
PHOTOS_SHARE = 8  # of a CPU's memory: the part left for photos on their way in and out
FEWEST_ROWS_BYTES = 1900  # for each value of a pixel; measured 1700 at 100 megapixels
GUESSED_VALUES = 64.0  # a pixel's, in the largest layer: the papers' generators have no more
PHOTO_BYTES = 4 * 3  # a pixel: as it came in, as it goes out, and copies to turn and encode it
LEAST_ROOM = 64 * 2**20
THUMBNAIL_PX = 512 * 512
OBLONG = 4  # times wider than high: strips go down its columns


class Engine:
    """One generator, ready on its device with the numbers that were chosen.

    Args:
        generator: Its own from now on.
        mode: See `apply_mode`.

    Attributes:
        device: Where it computes.
        takes_batches: Whether photos may share a call without mixing.
    """

    def __init__(self, generator: Generator, mode: str, choices: Choices) -> None:
        # A batch norm that uses its input's own statistics would mix the photos of a batch, and
        # live dropout would deal the first photo other numbers than the second.
        self.takes_batches = mode == "eval" or (
            mode == "deterministic" and is_per_sample(generator)
        )
        apply_mode(generator, mode)
        self._generator = generator.to(choices.device)
        self._versions: dict[tuple[torch.dtype, bool], Generator] = {}
        self._choices = choices
        self.device = choices.device
        self._turn = Lock()
        self._values = _values_or_guess(generator)
        self._room = choices.max_memory
        self._reserved = self._room // PHOTOS_SHARE
        if choices.device.type == "cpu":
            self._room = max(LEAST_ROOM, self._room - resident_memory() - self._reserved)
        self._usual_room = self._room
        self._said: dict[str, str] = {}

    @property
    def remarks(self) -> list[str]:
        """Tell in words what was changed on the way: memory ran out, or numbers did."""
        return list(self._said.values())

    def sides(self, picture: Picture) -> tuple[int, int]:
        """Tell the height and width that a picture has when it is run."""
        stride, least = self._generator.stride, self._generator.least_side_px
        height, width = (
            -(-max(side, least) // stride) * stride for side in (picture.height, picture.width)
        )
        return height, width

    def numbers(self, picture: Picture) -> torch.dtype:
        """Tell with which numbers a picture is run."""
        return self._choices.fine if picture.is_fine else self._choices.usual

    def run(self, pictures: Sequence[Picture], seed: int, sample: int) -> list[Canvas]:
        """Translate pictures that agree in height, width and numbers.

        When memory runs out, less of it is used from then on, which is said once. Threads take
        turns: what fits into memory fits once, and a device is no faster for two.

        Raises:
            TranslateError: Memory does not even suffice for the smallest strips, or the generator
                cannot be run in strips, or not be compiled.
            DataError: A picture holds what its domain has not got.
        """
        with self._turn:
            while True:
                try:
                    return self._run(pictures, self.numbers(pictures[0]), seed, sample)
                except (RuntimeError, MemoryError) as error:
                    if not _ran_out_of_memory(error):
                        raise
                    self._step_down(pictures[0], error)

    @torch.inference_mode()
    def _run(
        self, pictures: Sequence[Picture], numbers: torch.dtype, seed: int, sample: int
    ) -> list[Canvas]:
        height, width = self.sides(pictures[0])
        whole = LAYERS_AT_ONCE * self._values * numbers.itemsize * height * width
        together = int(self._room // whole) if self.takes_batches else 1
        results: list[Canvas] = []
        for start in range(0, len(pictures), max(1, together)):
            group = pictures[start : start + max(1, together)]
            try:
                with drawing(seed, sample):  # anew, so that it does not matter which photo it is
                    if whole <= self._room:
                        results += self._run_whole(group, numbers)
                    else:
                        results.append(self._run_in_strips(group[0], numbers, seed, sample))
            except OverflowError:
                self._remark("numbers", "fp16 overflowed; such photos were computed in fp32.")
                results += self._run(group, torch.float32, seed, sample)
        return results

    def _run_whole(self, pictures: Sequence[Picture], numbers: torch.dtype) -> list[Canvas]:
        generator = self._version(numbers)
        images = torch.stack([picture.read(0, picture.height) for picture in pictures])
        height, width = images.shape[-2:]
        batch = images.to(self._choices.device, numbers)
        padded = pad_to_multiple(batch, generator.stride, generator.least_side_px)
        if len(pictures) == 1:  # what comes after: see `InstanceNorm`
            padded = padded.contiguous(memory_format=torch.channels_last)
        if self._choices.is_compiled:
            translated = _explaining_compilation(lambda: generator(padded))
        else:
            translated = generator(padded)
        _expect_no_overflow(translated)
        canvases = [picture.canvas() for picture in pictures]
        for canvas, rows in zip(canvases, crop_to(translated, height, width), strict=True):
            canvas.write(0, rows)
        return canvases

    def _run_in_strips(
        self, picture: Picture, numbers: torch.dtype, seed: int, sample: int
    ) -> Canvas:
        is_turned = picture.width > OBLONG * picture.height
        generator = self._version(numbers, is_turned)
        if is_turned:
            picture = picture.turned()
        given = None
        if self._choices.statistics == "thumbnail":
            with drawing(seed, sample):
                given = self._gather_from_thumbnail(generator, picture)
        canvas = picture.canvas()
        size = Size(generator.arguments["in_channels"], picture.height, picture.width)
        for strip in stream(generator, picture.read, size, self._budget(picture), given):
            _expect_no_overflow(strip.rows)
            canvas.write(strip.top, strip.rows)
        give_back_memory()  # before the translation is encoded
        return TurnedCanvas(canvas) if is_turned else canvas

    def _gather_from_thumbnail(self, generator: Generator, picture: Picture) -> list[Moments]:
        thumbnail = _shrink(picture)
        return gather_statistics(
            generator,
            lambda top, bottom: thumbnail[:, top:bottom],
            Size(*thumbnail.shape),
            self._budget(picture),
        )

    def _budget(self, picture: Picture) -> Budget:
        strip = self._room // STRIP_SHARE
        if self._choices.device.type == "cpu":
            strip = min(strip, STRIP_BYTES)
        photo = PHOTO_BYTES * picture.height * picture.width * (2 if picture.is_fine else 1)
        beyond = max(0, photo - self._reserved)
        fewest = FEWEST_ROWS_BYTES * self._values * picture.width  # a wide photo's lowest strip
        computing = int(max(STRIPS_AT_ONCE * strip, fewest))
        return Budget(strip, max(0, self._room - beyond - computing))

    def _version(self, numbers: torch.dtype, is_turned: bool = False) -> Generator:
        """Make a copy with other numbers, or lying on its side, when it is first wanted."""
        if (numbers, is_turned) not in self._versions:
            copied = turn_sideways if is_turned else copy.deepcopy
            version = copied(self._generator).to(numbers)  # norms compute in float32 all the same
            if self._choices.is_compiled and not is_turned:
                version.compile()
            self._versions[numbers, is_turned] = version
        return self._versions[numbers, is_turned]

    def _step_down(self, picture: Picture, error: BaseException) -> None:
        if self._room <= LEAST_ROOM:
            self._room = self._usual_room  # the next photo may be a smaller one
            raise TranslateError(
                f"Memory does not suffice for a photo of {picture.width} x {picture.height} px "
                f"({error}). Close other programs, or choose another device."
            ) from error
        self._room //= 2
        if self._choices.device.type == "cuda":
            torch.cuda.empty_cache()
        self._remark(
            "memory",
            f"Memory ran out at {picture.width} x {picture.height} px; from then on less was used, "
            "in smaller pieces. max_memory sets a limit beforehand.",
        )

    def _remark(self, subject: str, words: str) -> None:
        """Say it once, however often it happens."""
        if subject not in self._said:
            self._said[subject] = words
            logger.warning(words)


def _values_or_guess(generator: Generator) -> float:
    """Guess where nobody said how far a layer sees: such a generator is run whole or not."""
    try:
        return values_per_pixel(generator)
    except UnstreamableError:
        return GUESSED_VALUES


def _shrink(picture: Picture) -> Tensor:
    """Average blocks of pixels until a picture is about as large as a thumbnail.

    Shape:
        (channels, height / factor, width / factor), rounded up.
    """
    factor = math.ceil(math.sqrt(picture.height * picture.width / THUMBNAIL_PX))
    strips = [  # a row at a time: with a channel for each of many classes even that is large
        F.avg_pool2d(picture.read(top, min(top + factor, picture.height)), factor, ceil_mode=True)
        for top in range(0, picture.height, factor)
    ]
    return torch.cat(strips, dim=1)


def _expect_no_overflow(translated: Tensor) -> None:
    if translated.dtype == torch.float16 and not translated.isfinite().all():
        raise OverflowError("fp16 reaches no further than 65504")


def _explaining_compilation(call: Callable[[], Result]) -> Result:
    # Only for who compiles: the import takes a second.
    from torch._dynamo.exc import TorchDynamoException  # noqa: PLC0415
    from torch._inductor.exc import CppCompileError, InvalidCxxCompiler  # noqa: PLC0415

    try:
        return call()
    except (TorchDynamoException, CppCompileError, InvalidCxxCompiler) as error:
        reason = str(error).strip().splitlines()[0]
        raise TranslateError(
            f"The network could not be compiled here ({reason}). Install a C++ compiler, or leave "
            "compilation out."
        ) from error


def _ran_out_of_memory(error: BaseException) -> bool:
    words = str(error)
    return (
        isinstance(error, torch.OutOfMemoryError | MemoryError)
        or "can't allocate memory" in words  # Linux and macOS
        or "not enough memory" in words  # Windows
        or "out of memory" in words  # macOS's GPUs
        or "ALLOC_FAILED" in words  # cuBLAS and cuDNN
    )
