"""The door of a benchmark of several parts."""

import argparse
import json
from collections.abc import Callable, Mapping, Sequence
from typing import Any


def measure_parts(
    parts: Mapping[str, Callable[[], Any]], usual: Sequence[str], description: str | None
) -> int:
    """Measure the parts named on the command line, and print a line of JSON for each.

    Args:
        usual: What is measured where none is named.
    """
    parser = argparse.ArgumentParser(
        description=description, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("parts", nargs="*", default=usual, metavar="PART")
    chosen = parser.parse_args()
    if strange := set(chosen.parts) - set(parts):
        parser.error(f"there is no {', '.join(strange)}; there are {', '.join(parts)}")
    for part in chosen.parts:
        print(json.dumps({part: parts[part]()}), flush=True)  # noqa: T201
    return 0
