"""`python -m benchmarks` is the same as `python benchmarks/run.py`."""

from __future__ import annotations

import sys

from benchmarks.suite import main

sys.exit(main())
