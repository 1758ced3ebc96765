"""What do resume, health and processes cost here? scripts/benchmark_running.py [PART ...].

Prints one line of JSON for each part:

- processes: two processes of one thread against one, images/s of the CPU recipe's networks;
- saving: seconds to save a state, as a share of the ten minutes between two of them;
- watching: the sample recipes trained whole: shares of health and of saving;
- killed: the sample recipe killed at 20 random moments and resumed: what differs at the end.
"""

import sys
from pathlib import Path

from translate.benchmark.parts import measure_parts
from translate.benchmark.running import (
    measure_killed,
    measure_processes,
    measure_saving,
    measure_watching,
)
from translate.recipe import load_recipe

ROOT = Path(__file__).parents[1]
SCENES = ROOT / "datasets" / "scenes_day2night"
SHORT = ("--training.epochs", 1, "--training.save-every-steps", 5, "--training.threads", 2)
FILES = {file.stem: file for file in (ROOT / "configs").glob("*.yaml")}

PARTS = {
    "processes": lambda: [
        measure_processes(FILES["cyclegan_day2night_cpu"], ["--data.folder", SCENES], 3, steps=40)
    ],
    "saving": lambda: [
        measure_saving(load_recipe(FILES[name], {}, needs_photos=False), saves=5)
        for name in ("cyclegan_horse2zebra", "pix2pix_facades", "cyclegan_sample")
    ],
    "watching": lambda: [
        measure_watching(load_recipe(FILES[name], {}))
        for name in ("pix2pix_sample", "cyclegan_sample")
    ],
    "killed": lambda: measure_killed(FILES["cyclegan_sample"], SHORT, kills=20),
}


if __name__ == "__main__":
    sys.exit(measure_parts(PARTS, ["processes", "saving"], __doc__))
