"""``python -m paddlex_restful``."""

import sys

from paddlex_restful.cli import main

if __name__ == "__main__":
    sys.exit(main())
