"""Files appear whole or not at all."""

import uuid
from collections.abc import Callable
from pathlib import Path

import cv2

from translate.errors import DataError
from translate.images.tensors import Pixels


def write_image(pixels: Pixels, file: Path, encode: Callable[[], bytes]) -> None:
    """Encode an image and write it beside its place, then rename. Missing folders are made.

    Args:
        pixels: What is encoded, to tell its size in the message.

    Raises:
        DataError: It cannot be encoded, or the disk refuses.
    """
    try:
        _write_whole(encode(), file)
    except (OSError, ValueError, cv2.error) as error:
        height, width = pixels.shape[:2]
        raise DataError(
            f"{file}: {width} x {height} px could not be written: {error}. Look at the folder's "
            "permissions and free space, and at the largest size the format can hold."
        ) from error


def _write_whole(content: bytes, file: Path) -> None:
    """Nobody ever sees half a file under its name."""
    file.parent.mkdir(parents=True, exist_ok=True)
    unfinished = file.with_name(f".{uuid.uuid4().hex}.part")
    try:
        unfinished.write_bytes(content)
        unfinished.replace(file)
    finally:
        unfinished.unlink(missing_ok=True)
