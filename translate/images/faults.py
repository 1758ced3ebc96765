"""What a photo's file can do wrong, in plain words."""

import errno
import struct
import zlib

import cv2
from PIL import Image, UnidentifiedImageError

from translate.images.limits import pixel_limit

DECODER_ERRORS = (
    OSError,
    SyntaxError,
    ValueError,
    EOFError,
    MemoryError,
    struct.error,
    zlib.error,
    cv2.error,
    Image.DecompressionBombError,
    Image.DecompressionBombWarning,  # an error for whoever runs Python with -W error
)
"""What decoders are known to raise at files that are foreign, cut short or scrambled."""

FOREIGN_ERRORS = (
    RuntimeError,
    LookupError,
    TypeError,
    ArithmeticError,
    AttributeError,
    AssertionError,
)
"""What readers of TIFF tags, and EXIF is made of those, raise besides at scrambled ones."""


class NotWholeError(OSError):
    """A file ends before its image does."""


class UnfitError(ValueError):
    """A sound image that is of no use here; the message says why, reading on after its name."""


PLAIN_WORDS = (
    (FileNotFoundError, "there is no such file"),
    (IsADirectoryError, "is a folder, not a photo"),
    (PermissionError, "may not be read (permission denied)"),
    (UnidentifiedImageError, "is not an image, or its head is damaged"),
)
UNPACKS_TOO_MUCH = ("Decompressed data too large", "Too much memory used in text chunks")
"""What Pillow says of texts and profiles in a PNG that are made to fill the memory."""


def explain(error: Exception) -> str:
    """Say in a few words what an error of `DECODER_ERRORS` means for the file."""
    for kind, words in PLAIN_WORDS:
        if isinstance(error, kind):
            return words
    # The disk's own words; but it is no fault of the disk if a file leads its decoder astray.
    if isinstance(error, OSError) and error.strerror and error.errno != errno.EINVAL:
        return f"cannot be read ({error.strerror})"
    message = str(error).strip() or type(error).__name__
    if isinstance(error, UnfitError):
        return message
    if message.startswith(UNPACKS_TOO_MUCH):
        return "holds a text or a profile that would unpack to fill the memory"
    if isinstance(error, NotWholeError) or "truncated" in message.lower():
        return f"is cut short ({message})"
    return f"is damaged ({message})"


def expect_few_pixels(width: int, height: int, weight: float = 1) -> None:
    """Refuse an image before memory is taken for it.

    Args:
        weight: How much heavier its pixels are than a photo's.

    Raises:
        UnfitError: It has more pixels than `pixel_limit` allows.
    """
    limit = pixel_limit()
    if limit is not None and width * height * weight > limit:
        raise UnfitError(
            f"has more than {limit:,} pixels, the limit that keeps a small file from filling the "
            "memory (raise it with --max-megapixels, or in Python with "
            "translate.images.set_pixel_limit)"
        )
