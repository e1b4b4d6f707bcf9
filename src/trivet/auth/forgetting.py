"""Links that have ended are forgotten while the application serves, once an hour."""

from __future__ import annotations

import logging
from contextlib import AbstractAsyncContextManager
from functools import partial

from trivet.auth.links import Links
from trivet.concurrency import repeating
from trivet.db import Database

__all__ = ["forgetting_links"]

_HOUR = 3600.0  # seconds
_log = logging.getLogger("trivet.auth")


def forgetting_links(
    database: Database, links: Links, every: float = _HOUR
) -> AbstractAsyncContextManager[None]:
    """Delete links that have ended, each `every` seconds or so, until the block is left."""

    async def forget() -> None:
        async with database.own_transaction():
            await links.forget_expired()

    failed = partial(_log.warning, "links that have ended were not deleted: %s")
    return repeating(forget, every, name="forgetting links", failed=failed)
