"""`python -m wardwire`, the same as `wardwire`."""

from __future__ import annotations

import sys

from wardwire.cli.main import main

if __name__ == "__main__":
    sys.exit(main())
