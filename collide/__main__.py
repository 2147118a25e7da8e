"""``python -m collide`` and the command ``collide``."""

import os
import sys

from collide.cli.main import main


def run() -> None:
    """Run the command line and leave at once.

    A check leaves some hundred thousand small objects behind; to free them one
    by one at exit takes longer than to bind them.
    """
    status = main()
    for stream in (sys.stdout, sys.stderr):
        if stream is not None:
            stream.flush()
    os._exit(status)


if __name__ == "__main__":
    run()
