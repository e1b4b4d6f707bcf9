"""`python -m trivet` is the command line."""

from __future__ import annotations

from trivet.cli import main

if __name__ == "__main__":
    main()
