"""How good is a model? scripts/evaluate.py --model BUNDLE --data FOLDER; --help lists the rest."""

import sys

from translate.cli import main

if __name__ == "__main__":
    sys.exit(main(["evaluate", *sys.argv[1:]]))
