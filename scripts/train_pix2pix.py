"""Train Pix2Pix: accelerate launch scripts/train_pix2pix.py [--config FILE] [FLAGS].

Without --config it trains the sample recipe on scenes that it draws itself. --help lists all.
"""

import sys
from pathlib import Path

from translate.cli import train

if __name__ == "__main__":
    sample = Path(__file__).parents[1] / "configs" / "pix2pix_sample.yaml"
    sys.exit(train("pix2pix", default=sample))
