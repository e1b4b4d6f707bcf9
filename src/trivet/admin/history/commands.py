"""`trivet admin-history purge`: old changes are forgotten."""

from __future__ import annotations

import sys
from collections.abc import Sequence
from datetime import UTC, datetime

from trivet.admin.history.keeping import History
from trivet.app.part import CommandGroup
from trivet.errors import SetupError

__all__ = ["commands_of"]


def commands_of(history: History) -> Sequence[CommandGroup]:
    """Give the commands of a history."""

    async def purge(before: str, /) -> None:
        """Delete what happened before the day BEFORE, such as 2026-01-31, in UTC."""
        try:
            moment = datetime.fromisoformat(before)
        except ValueError as error:
            raise SetupError(
                f"{before!r} is no day",
                code="admin.purge-before",
                mend="trivet admin-history purge 2026-01-31",
            ) from error
        count = await history.purge(moment if moment.tzinfo else moment.replace(tzinfo=UTC))
        sys.stdout.write(f"{count} deleted\n")
        await history.database.close()

    about = "Forget what was done in the admin long ago"
    return [CommandGroup("admin-history", about, {"purge": purge})]
