"""Files appear whole or not at all."""

import errno
import os
import uuid
from collections.abc import Callable
from pathlib import Path

from translate.errors import DataError

UNFINISHED_SUFFIX = ".photo-translate.part"
"""How the names of unfinished files end, so that those of a run that was killed can be told."""

LOOK = "Look at the folder's permissions and at the free space"
IN_THE_WAY = "Move away what lies there under the name of the file, or of one of its folders"
ADVICE = {
    errno.ENAMETOOLONG: "Choose shorter names",
    **dict.fromkeys((errno.EISDIR, errno.EEXIST, errno.ENOTDIR), IN_THE_WAY),
}


def write_whole(
    content: bytes, file: Path, before_rename: Callable[[Path], None] | None = None
) -> None:
    """Write a file beside its place, then rename: nobody ever sees half of it under its name.

    Missing folders are made; a file that is there is replaced.

    Args:
        before_rename: Called with the unfinished file when all of it is safely on the disk. If it
            raises, there will be no file.

    Raises:
        DataError: The disk refuses; its cause is the `OSError`.
    """
    # Short, because the file's own name may already be as long as names may be.
    unfinished = file.with_name(f".{uuid.uuid4().hex[:12]}{UNFINISHED_SUFFIX}")
    try:
        file.parent.mkdir(parents=True, exist_ok=True)
        try:
            _write(content, unfinished, is_safe=before_rename is not None)
            if before_rename is not None:
                before_rename(unfinished)
            unfinished.replace(file)
        finally:
            unfinished.unlink(missing_ok=True)
    except OSError as error:
        advice = ADVICE.get(error.errno or 0, LOOK)
        raise DataError(
            f"{file}: could not be written ({error.strerror or error}). {advice}."
        ) from error


def _write(content: bytes, file: Path, is_safe: bool) -> None:
    with file.open("xb") as stream:
        stream.write(content)
        if is_safe:
            stream.flush()
            os.fsync(stream.fileno())
