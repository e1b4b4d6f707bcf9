"""The commands of webhooks, as plain functions; the command line makes commands of them."""

from __future__ import annotations

import sys
from collections.abc import Callable, Sequence
from datetime import datetime
from typing import TYPE_CHECKING, Any

from trivet.errors import SetupError
from trivet.webhooks.endpoints import Endpoint

if TYPE_CHECKING:
    from trivet.webhooks.part import Webhooks

__all__ = ["commands_of"]


def commands_of(webhooks: Webhooks) -> Sequence[Callable[..., Any]]:
    """Give the functions, in the order in which one needs them."""
    commands = _Commands(webhooks)
    return (
        commands.webhooks, commands.webhook_deliveries, commands.webhook_replay,
        commands.webhook_test,
    )  # fmt: skip


class _Commands:
    def __init__(self, webhooks: Webhooks) -> None:
        self._webhooks = webhooks
        self._database = webhooks.database

    async def webhooks(self, *, owner: str = "") -> None:
        """List the endpoints that webhooks go to, all of them or those of one owner."""
        async with self._database.own_transaction():
            endpoints = self._webhooks.endpoints
            for one in await (endpoints.of(owner) if owner else endpoints.all()):
                _say(one.id, _state(one), one.owner or "-", ",".join(one.events), one.url)
        await self._database.close()

    async def webhook_deliveries(self, endpoint: int, /, *, limit: int = 20) -> None:
        """List the latest deliveries to an ENDPOINT, with what was answered last."""
        deliveries = self._webhooks.deliveries
        async with self._database.own_transaction():
            for one in await deliveries.of(endpoint, limit=limit):
                tried = await deliveries.attempts(one.message_id, endpoint)
                last = (tried[-1].error or tried[-1].status) if tried else "-"
                _say(one.message_id, one.event, one.state, one.attempts, last)
        await self._database.close()

    async def webhook_replay(
        self, endpoint: int, message: str = "", /, *, since: str = "", delivered: bool = False
    ) -> None:
        """Send an ENDPOINT a MESSAGE again, or all that it lacks since a moment.

        --since is a moment such as 2026-11-25T12:00:00Z; --delivered sends what it has as well.
        """
        deliveries = self._webhooks.deliveries
        async with self._database.own_transaction():
            if message:
                await deliveries.replay(message, endpoint)
                count = 1
            else:
                moment = _moment(since)
                count = await deliveries.replay_since(endpoint, moment, delivered_too=delivered)
        await self._database.close()
        _say(f"{count} to be sent again")

    async def webhook_test(self, endpoint: int, /) -> None:
        """Send an ENDPOINT the event webhook.test."""
        async with self._database.own_transaction():
            id = await self._webhooks.send_test(endpoint)
        await self._database.close()
        _say(f"{id} is to be sent")


def _moment(text: str) -> datetime:
    try:
        moment = datetime.fromisoformat(text)
    except ValueError:
        moment = None
    if moment is None or moment.tzinfo is None:
        raise SetupError(
            f"{text!r} is no moment with a time zone",
            code="webhooks.moment",
            mend="--since 2026-11-25T12:00:00Z, or the id of one message",
        )
    return moment


def _state(endpoint: Endpoint) -> str:
    if endpoint.disabled is not None:
        return "disabled"
    if not endpoint.is_active:
        return "inactive"
    return "failing" if endpoint.failing_since is not None else "active"


def _say(*words: object) -> None:
    sys.stdout.write("  ".join(str(word) for word in words) + "\n")
