"""``python -m onelayer`` is the ``onelayer`` command."""

import sys

from onelayer.cli import main

if __name__ == "__main__":
    sys.exit(main())
