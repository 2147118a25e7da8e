"""``python -m collide``."""

import sys

from collide.cli import main

if __name__ == "__main__":
    sys.exit(main())
