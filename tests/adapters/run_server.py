"""Runs `serve` in a process of its own: `python run_server.py APP '{"workers": 2}'`."""

from __future__ import annotations

import json
import sys

from trivet.adapters.limits import Limits
from trivet.adapters.server import ServerOptions, serve

if __name__ == "__main__":
    values = json.loads(sys.argv[2])
    limits = Limits(**values.pop("limits", {}))
    serve(sys.argv[1], ServerOptions(limits=limits, **values))
