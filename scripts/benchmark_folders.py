"""How fast and frugal is the translation of folders here? scripts/benchmark_folders.py [PART ...].

Prints one line of JSON for each part:

- rates: 200 photos of 256 px: the folder command against the network alone and a plain script;
- exact: strips against the whole photo, on a size where both fit;
- large: one photo of 24 megapixels, its time and the peak memory of the process;
- huge: one of 100 megapixels (half an hour on two cores);
- many: 100,000 tiny files: when the first is done, and whether memory stays flat;
- killed: 600 photos, the command killed at 20 random moments: what is missing, or was done twice.
"""

import sys

from translate.benchmark.folders import (
    compare_rates,
    measure_exactness,
    measure_large,
    measure_many,
)
from translate.benchmark.killing import measure_killed
from translate.benchmark.parts import measure_parts

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


if __name__ == "__main__":
    sys.exit(measure_parts(PARTS, ["rates", "exact"], __doc__))
