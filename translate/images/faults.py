"""What a photo's file can do wrong, in plain words."""

import struct
import zlib

import cv2
from PIL import Image, UnidentifiedImageError

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


def explain(error: Exception) -> str:
    """Say in a few words what an error of `DECODER_ERRORS` means for the file."""
    for kind, words in PLAIN_WORDS:
        if isinstance(error, kind):
            return words
    if isinstance(error, Image.DecompressionBombError | Image.DecompressionBombWarning):
        return too_many_pixels()
    message = str(error).strip() or type(error).__name__
    if isinstance(error, UnfitError):
        return message
    if isinstance(error, NotWholeError) or "truncated" in message.lower():
        return f"is cut short ({message})"
    return f"is damaged ({message})"


def too_many_pixels() -> str:
    """Name the limit that keeps small files from filling the memory."""
    limit = Image.MAX_IMAGE_PIXELS or 0
    return (
        f"has more than {limit:,} pixels, the limit that keeps a small file from filling the "
        "memory (in Python: PIL.Image.MAX_IMAGE_PIXELS)"
    )
