"""`python -m fastapi`."""

from __future__ import annotations

from trivet.dropin.fastapi.cli import main

main()
