"""Train CycleGAN: accelerate launch scripts/train_cyclegan.py [--config FILE] [FLAGS].

Without --config it trains the sample recipe on scenes that it draws itself. --help lists all.
"""

import sys
from pathlib import Path

from translate.cli import train

if __name__ == "__main__":
    sample = Path(__file__).parents[1] / "configs" / "cyclegan_sample.yaml"
    sys.exit(train("cyclegan", default=sample))
