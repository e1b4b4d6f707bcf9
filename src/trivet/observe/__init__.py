"""What goes on in an application, for those who run it.

``app.use(Observe())`` answers whether it lives and is ready, counts for Prometheus, and tells of
queries that are slow or sent again and again.
"""

from __future__ import annotations

from trivet.observe.health import Health
from trivet.observe.metrics import Metrics
from trivet.observe.part import Observe
from trivet.observe.present import present
from trivet.observe.readers import Readers
from trivet.observe.slow import Queries

__all__ = ["Health", "Metrics", "Observe", "Queries", "Readers", "present"]
