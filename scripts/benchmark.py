"""How much faster does a recipe train here than a plain loop? scripts/benchmark.py [--config FILE].

Prints one line of JSON per recipe: images per second of both, their ratio and its spread.
"""

import argparse
import json
import sys
from pathlib import Path

from translate.benchmark.training import compare
from translate.errors import TranslateError
from translate.recipe import load_recipe

CONFIGS = Path(__file__).parents[1] / "configs"
CPU_RECIPES = (
    *("cyclegan_sample", "cyclegan_day2night_cpu", "cyclegan_summer2winter_cpu"),
    *("pix2pix_sample", "pix2pix_cpu"),
)


def main() -> int:
    """Compare each recipe in turn."""
    parser = argparse.ArgumentParser(description=__doc__.partition("\n")[0])
    parser.add_argument("--config", type=Path, nargs="+", help="recipes; default: the CPU recipes")
    parser.add_argument("--turns", type=int, default=5, help="turns of each way, after warming up")
    parser.add_argument("--seconds", type=float, default=6.0, help="length of one turn")
    chosen = parser.parse_args()
    try:
        for file in chosen.config or [CONFIGS / f"{name}.yaml" for name in CPU_RECIPES]:
            recipe = load_recipe(file, {}, needs_photos=False)
            print(json.dumps(compare(recipe, chosen.turns, chosen.seconds)), flush=True)
    except TranslateError as error:
        print(f"error: {error}", file=sys.stderr)
        return 2
    return 0


if __name__ == "__main__":
    sys.exit(main())
