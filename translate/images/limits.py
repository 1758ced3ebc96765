"""How many pixels an image may have, so that a small file cannot fill the memory."""

from threading import Lock
from types import TracebackType

from PIL import Image

DEFAULT_PIXEL_LIMIT = 250_000_000
"""More than any single camera takes; 750 MB once it is opened."""


class _Limit:
    """The one number, for all threads of the process."""

    pixels: int | None = DEFAULT_PIXEL_LIMIT


def pixel_limit() -> int | None:
    """Tell how many pixels an image may have to be opened; None: any number."""
    return _Limit.pixels


def set_pixel_limit(pixels: int | None) -> None:
    """Choose how many pixels an image may have to be opened, in this process.

    Args:
        pixels: None takes away the protection. It is the number for photos; images of more than 16
            bands may have fewer, for their pixels weigh more.
    """
    if pixels is not None and pixels < 1:
        raise ValueError(f"a limit of {pixels} pixels would refuse every image")
    _Limit.pixels = pixels


class _PillowsCheck:
    """Pillow's own limit, set aside while any thread opens an image here.

    Pillow knows one limit for the whole process, warns at a third of ours and refuses at
    two thirds. It is not ours to change for good: others in the process may rely on it. Nor may
    threads take turns at changing it, or one would put back what the other still needs away: the
    first who enters sets it aside, the last who leaves puts it back. In between it is also
    missing for others; here `expect_few_pixels` stands in for it.
    """

    def __init__(self) -> None:
        self._lock = Lock()
        self._users = 0
        self._limit: int | None = None

    def __enter__(self) -> None:
        with self._lock:
            if not self._users:
                self._limit, Image.MAX_IMAGE_PIXELS = Image.MAX_IMAGE_PIXELS, None
            self._users += 1

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        with self._lock:
            self._users -= 1
            if not self._users:
                Image.MAX_IMAGE_PIXELS = self._limit


WITHOUT_PILLOWS_CHECK = _PillowsCheck()
