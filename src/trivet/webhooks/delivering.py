"""The job that delivers one message to one endpoint, and what is learnt of the endpoint by it.

An attempt is written down in a transaction of its own, with what it means for the delivery and the
endpoint; then the job ends, or asks to be tried again. Where the process dies in between, the next
attempt sees that the endpoint has the message, and ends. Where it dies before the attempt is
written down, the endpoint gets the message twice, with the same id.
"""

from __future__ import annotations

import logging
import random
import time
from collections.abc import Awaitable, Callable, Sequence
from dataclasses import dataclass
from typing import Any

from sqlalchemy import and_, insert, select, update

from trivet.db import Database
from trivet.jobs import Retry, Run
from trivet.webhooks.deliveries import State, forget
from trivet.webhooks.posting import Poster, Reply
from trivet.webhooks.sealed import SealedSecrets
from trivet.webhooks.signing import signed_headers
from trivet.webhooks.tables import Tables, moment_now

__all__ = ["Delivering", "Disabled", "Persistence"]

_log = logging.getLogger("trivet.webhooks")
_SPREAD = 0.1  # of a pause, so that what failed together is not tried again together
_LONGEST_PAUSE = 86_400.0  # seconds that a receiver may ask for
_FORGET_ROUNDS = 100  # of some hundred messages each
_GONE = 410


@dataclass(frozen=True)
class Persistence:
    """How long is tried; everything is in seconds.

    `pauses` are those between attempts, as Standard Webhooks advises: more than three days in all.
    An endpoint that has done nothing but fail for `disable_after` is given up, None for never.
    What was sent, received and answered is known for `keep`.
    """

    pauses: Sequence[float] = (
        5.0, 300.0, 1800.0, 7200.0, 18_000.0, 36_000.0, 50_400.0, 72_000.0, 86_400.0,
    )  # fmt: skip
    disable_after: float | None = 5 * 86_400.0
    keep: float = 30 * 86_400.0

    @property
    def attempts(self) -> int:
        """How often a delivery is tried."""
        return len(self.pauses) + 1

    def pause(self, attempt: int, asked: float | None) -> float:
        """Give the seconds behind an attempt that failed; `asked` is what the receiver wants."""
        pause = self.pauses[min(attempt, len(self.pauses)) - 1]
        return max(pause, min(asked or 0.0, _LONGEST_PAUSE)) * (1 + _SPREAD * random.random())


@dataclass(frozen=True)
class Disabled:
    """An endpoint was given up: an event, to tell its owner."""

    endpoint_id: int
    url: str
    owner: str | None
    reason: str


class Delivering:
    """Delivers the webhooks of one database; `tell` is told of endpoints that are given up."""

    def __init__(
        self,
        database: Database,
        tables: Tables,
        poster: Poster,
        persistence: Persistence,
        tell: Callable[[Disabled], Awaitable[None]],
        sealed: SealedSecrets,
    ) -> None:
        self._sealed = sealed
        self._database = database
        self._tables = tables
        self._poster = poster
        self._persistence = persistence
        self._tell = tell

    async def deliver(self, run: Run, message_id: str, endpoint_id: int, round: int) -> None:
        """Deliver one message; raises `Retry` where it is to be tried again."""
        found = await self._found(message_id, endpoint_id, round)
        if found is None:
            return
        if not found.is_active or found.disabled is not None:
            await self._give_up(found, "the endpoint is not active")
            return
        seconds = int(time.time())
        secrets = self._sealed.good(found.secrets, found.owner, moment_now())
        headers = signed_headers(secrets, message_id, seconds, found.body)
        reply = await self._poster.post(found.url, found.body, headers)
        is_last = run.attempt >= run.max_attempts
        is_over = await self._written_down(found, reply, is_last=is_last)
        if not is_over:
            after = self._persistence.pause(run.attempt, reply.retry_after)
            # Not its URL, which may hold a secret, and would be in the log.
            raise Retry(f"endpoint {endpoint_id} answered {_outcome(reply)}", after=after)

    async def _found(self, message_id: str, endpoint_id: int, round: int) -> Any:
        """Give what is to be sent, and where; None where there is nothing to do any more."""
        tables = self._tables
        deliveries, messages, endpoints = tables.deliveries, tables.messages, tables.endpoints
        wanted = (
            select(
                deliveries.c.message_id, deliveries.c.endpoint_id, deliveries.c.round,
                messages.c.event, messages.c.body, endpoints.c.url, endpoints.c.owner,
                endpoints.c.secrets, endpoints.c.is_active, endpoints.c.disabled,
                endpoints.c.failing_since,
            )
            .join(messages, messages.c.id == deliveries.c.message_id)
            .join(endpoints, endpoints.c.id == deliveries.c.endpoint_id)
            .where(
                deliveries.c.message_id == message_id,
                deliveries.c.endpoint_id == endpoint_id,
                deliveries.c.round == round,
                deliveries.c.state == State.PENDING,
            )
        )  # fmt: skip
        async with self._database.engine.connect() as connection:
            return (await connection.execute(wanted)).one_or_none()

    async def _written_down(self, found: Any, reply: Reply, *, is_last: bool) -> bool:
        """Write down an attempt; True where the delivery is over."""
        is_gone = reply.status == _GONE
        is_over = reply.is_good or is_last or is_gone
        state = State.DELIVERED if reply.is_good else State.FAILED if is_over else State.PENDING
        async with self._database.own_transaction() as unit:
            await unit.execute(
                insert(self._tables.attempts).values(
                    message_id=found.message_id,
                    endpoint_id=found.endpoint_id,
                    moment=moment_now(),
                    status=reply.status,
                    milliseconds=round(reply.seconds * 1000),
                    answer=reply.answer,
                    error=reply.error and reply.error[:200],
                )
            )
            deliveries = self._tables.deliveries
            await unit.execute(
                update(deliveries)
                .where(self._same(found))
                .values(state=state, attempts=deliveries.c.attempts + 1, changed=moment_now())
            )
            disabled = await self._judged(unit, found, reply)
            if disabled is not None:
                await self._tell(disabled)
        if state is State.FAILED:
            _log.warning(
                "%s of %r to endpoint %s is given up: %s",
                found.message_id, found.event, found.endpoint_id, _outcome(reply),
            )  # fmt: skip
        return is_over

    async def _judged(self, unit: Any, found: Any, reply: Reply) -> Disabled | None:
        """Write down what an attempt says of its endpoint; gives one that is given up by it."""
        endpoints = self._tables.endpoints
        this = update(endpoints).where(endpoints.c.id == found.endpoint_id)
        if reply.is_good:
            if found.failing_since is not None:  # most are well, and their row is left alone
                await unit.execute(this.values(failing_since=None))
            return None
        now = moment_now()
        well = endpoints.c.failing_since.is_(None)
        await unit.execute(this.where(well).values(failing_since=now))
        limit = self._persistence.disable_after
        still = this.where(endpoints.c.disabled.is_(None))
        if reply.status == _GONE:
            reason = "it answered 410: it is gone, and wants no more"
        elif limit is not None:
            reason = f"it did nothing but fail for {limit / 86_400:g} days"
            still = still.where(endpoints.c.failing_since <= now - round(limit * 1000))
        else:
            return None
        if (await unit.execute(still.values(disabled=now, reason=reason))).rowcount != 1:
            return None
        _log.warning("no more webhooks go to endpoint %s: %s", found.endpoint_id, reason)
        return Disabled(found.endpoint_id, found.url, found.owner or None, reason)

    async def _give_up(self, found: Any, error: str) -> None:
        async with self._database.own_transaction() as unit:
            await unit.execute(
                update(self._tables.deliveries)
                .where(self._same(found))
                .values(state=State.FAILED, changed=moment_now())
            )
        _log.info("%s is not sent to endpoint %s: %s", found.message_id, found.endpoint_id, error)

    def _same(self, found: Any) -> Any:
        """Give what tells this delivery, in this round, from all others."""
        deliveries = self._tables.deliveries
        return and_(
            deliveries.c.message_id == found.message_id,
            deliveries.c.endpoint_id == found.endpoint_id,
            deliveries.c.round == found.round,
        )

    async def forget(self) -> None:
        """Delete what is kept for long enough: a job of its own, now and then."""
        for _ in range(_FORGET_ROUNDS):
            if not await forget(self._database, self._tables, self._persistence.keep):
                return


def _outcome(reply: Reply) -> str:
    return reply.error or str(reply.status)
