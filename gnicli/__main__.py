"""`python -m gnicli`."""

import sys

from gnicli.cli import main

if __name__ == "__main__":
    sys.exit(main())
