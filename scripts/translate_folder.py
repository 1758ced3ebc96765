"""Translate a folder of photos: scripts/translate_folder.py INPUT OUTPUT --model BUNDLE.

With several processes: accelerate launch scripts/translate_folder.py INPUT OUTPUT --model BUNDLE.
"""

import sys

from translate.cli import main

if __name__ == "__main__":
    sys.exit(main())
