"""What happened to rows: written in the transaction of the change, read by row and as a whole.

All that writes calls `recorded`; pages read through `reading`. Values are kept as JSON that people
can read: relations by key and name, long texts cut, and nothing of what is private.
"""

from __future__ import annotations

from trivet.admin.history.keeping import History
from trivet.admin.history.recording import changes_of, new_batch, recorded, snapshot_of
from trivet.admin.history.tables import changes_in

__all__ = ["History", "changes_in", "changes_of", "new_batch", "recorded", "snapshot_of"]
