"""`python -m translate` is `photo-translate`, where its folder of commands is not on the path."""

import sys

from translate.cli import main

if __name__ == "__main__":
    sys.exit(main())
