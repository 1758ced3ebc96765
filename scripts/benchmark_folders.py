"""How fast and frugal is the translation of folders here? scripts/benchmark_folders.py [PART ...].

Prints one line of JSON for each part:

- rates: 200 photos of 256 px: the folder command against the network alone and a plain script;
- exact: strips against the whole photo, on a size where both fit;
- large: one photo of 24 megapixels, its time and the peak memory of the process;
- huge: one of 100 megapixels (half an hour on two cores);
- many: 100,000 tiny files: when the first is done, and whether memory stays flat;
- killed: 600 photos, the command killed at 20 random moments: what is missing, or was done twice.
"""

import argparse
import json
import sys

from translate.benchmark.folders import (
    compare_rates,
    measure_exactness,
    measure_large,
    measure_many,
)
from translate.benchmark.killing import measure_killed

PARTS = {
    "rates": lambda: [compare_rates(200, turns=2, suffix=s) for s in (".jpg", ".png")],
    "exact": lambda: measure_exactness(1200, 1000),
    "large": lambda: [
        measure_large(4000, 6000, ["--precision", "fp32", "--max-memory", "4GiB"]),
        measure_large(4000, 6000, ["--max-memory", "4GiB"]),
        measure_large(4000, 6000, ["--max-memory", "4GiB", "--statistics", "thumbnail"]),
    ],
    "huge": lambda: measure_large(10_000, 10_000, ["--max-memory", "6GiB"]),
    "many": lambda: measure_many(100_000, 16, lambda line: print(line, file=sys.stderr)),
    "killed": lambda: measure_killed(photos=600, kills=20),
}


def main() -> int:
    """Measure what was asked for."""
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("parts", nargs="*", default=["rates", "exact"], metavar="PART")
    chosen = parser.parse_args()
    if strange := set(chosen.parts) - set(PARTS):
        parser.error(f"there is no {', '.join(strange)}; there are {', '.join(PARTS)}")
    for part in chosen.parts:
        print(json.dumps({part: PARTS[part]()}), flush=True)
    return 0


if __name__ == "__main__":
    sys.exit(main())
