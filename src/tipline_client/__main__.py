"""`python -m tipline_client`: the command line under the interpreter's own name."""

import sys

from tipline_client.cli import main

__all__: list[str] = []

if __name__ == "__main__":
    sys.exit(main())
