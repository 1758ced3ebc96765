"""What all doors share: exit codes, and one message instead of a traceback."""

import os
import sys
from collections.abc import Callable

from translate.errors import ConfigError, SharedError, TranslateError

DONE, SOME_FAILED, REFUSED, INTERRUPTED = 0, 1, 2, 130


def guard(door: Callable[[], int]) -> int:
    """Turn what a user can put right into one message and exit code 2."""
    try:
        return door()
    except TranslateError as error:
        # Of many processes one speaks for all, unless the trouble may be that process's alone.
        if rank() == 0:
            print(f"error: {error}", file=sys.stderr)  # noqa: T201
        elif not isinstance(error, ConfigError | SharedError):
            print(f"error in process {rank()}: {error}", file=sys.stderr)  # noqa: T201
        return REFUSED
    except KeyboardInterrupt:
        print("Stopped at once; what was saved before stays.", file=sys.stderr)  # noqa: T201
        return INTERRUPTED


def rank() -> int:
    """Tell the number of this process among those that were started together."""
    return int(os.environ.get("RANK", "0"))


def size() -> int:
    """Tell how many processes were started together."""
    return int(os.environ.get("WORLD_SIZE", "1"))
