"""Connections of SQLAlchemy's pool, lent for one piece of work without a greenlet between.

A connection that came back is kept here, checked out of the pool, until the next who asks: taking
it and giving it back costs 1 to 3 µs, where the pool's own records and events cost 18 (measured
around a read of PostgreSQL's that costs 16). Sessions find it nevertheless: the pool asks for it
before it opens another or makes anyone wait, and while a session waits nothing is kept. Of those
that come free, most go to whoever waits here, and some to the sessions. What is a driver's own,
whether a connection is still alive and how it is closed, is told by functions.
"""

from __future__ import annotations

import asyncio
import weakref
from collections import deque
from collections.abc import Callable, Coroutine, Sequence
from typing import Any

from sqlalchemy import event
from sqlalchemy.exc import DisconnectionError
from sqlalchemy.ext.asyncio import AsyncEngine
from sqlalchemy.pool import AsyncAdaptedQueuePool, PoolProxiedConnection
from sqlalchemy.util import greenlet_spawn

from trivet.db.errors import DatabaseBusy
from trivet.watching import Happening, Watcher, told

__all__ = ["Lender", "LendingPool", "Loan"]

_TURNS = 8  # of so many connections that come free, one goes to the sessions


class Loan:
    """A connection of the pool's, and the driver's own within it."""

    __slots__ = ("connection", "held")

    def __init__(self, held: PoolProxiedConnection) -> None:
        self.held = held
        self.connection: Any = held.driver_connection


class LendingPool(AsyncAdaptedQueuePool):
    """The pool, which takes back what is kept for the next reader when a session wants it."""

    lender: weakref.ref[Lender] | None = None
    asking = 0
    """How many are asking for a connection just now, most of them sessions that wait."""

    def connect(self) -> PoolProxiedConnection:
        """Give a connection; waits for one, in the greenlet of whoever asks."""
        lender = self.lender() if self.lender is not None else None
        if lender is not None and not self.checkedin():
            lender.bring_back()
        self.asking += 1
        try:
            return super().connect()
        finally:
            self.asking -= 1
            if lender is not None and not self.asking:
                lender.wake(self.checkedin())

    def recreate(self) -> LendingPool:
        """Give the pool that an engine goes on with when this one was closed."""
        made: Any = super().recreate()
        made.lender = self.lender
        pool: LendingPool = made
        return pool


class Lender:
    """Lends connections of an engine's pool; sessions go on to use it beside."""

    def __init__(self, is_lost: Callable[[Any], bool]) -> None:
        self._is_lost = is_lost
        self._engine: Any = None
        self._timeout = 0.0
        self._keeps = True
        self._idle: list[Loan] = []
        # Who drops a database without closing it leaves the connections to the pool, as ever.
        weakref.finalize(self, _bring_all_back, self._idle).atexit = False
        self._waiting: deque[asyncio.Future[Loan | None]] = deque()
        self._deadlines = _Deadlines()
        self._handed = 0
        self._ending: set[asyncio.Task[None]] = set()
        # The listeners below change these:
        self.takes_directly = False
        self.alive = 0  # connections of the pool
        self.suspects = 0  # how many of them may have to be made anew
        self._watchers: Sequence[Watcher] = ()
        self._pool_name = ""

    def watch(self, watchers: Sequence[Watcher], pool: str) -> None:
        """Tell `watchers` when somebody has to wait; `pool` is what they call the connections."""
        self._watchers, self._pool_name = watchers, pool

    @property
    def idle(self) -> int:
        """How many connections are kept here for the next who asks."""
        return len(self._idle)

    @property
    def waiting(self) -> int:
        """How many wait for a connection, in the pool or here."""
        asking = self._pool.asking if isinstance(self._pool, LendingPool) else 0
        return asking + sum(not one.done() for one in self._waiting)

    def attach(self, engine: AsyncEngine, timeout: float) -> None:
        """Lend from the pool of `engine`; who waits longer than `timeout` seconds is told so."""
        self._engine = engine.sync_engine
        self._timeout = timeout
        pool: Any = self._pool
        # Who wants connections to be asked or renewed by the pool wants it each time.
        self._keeps = isinstance(pool, LendingPool) and not pool._pre_ping and pool._recycle < 0
        if isinstance(pool, LendingPool):
            pool.lender = weakref.ref(self)
        _listen(self._engine, weakref.ref(self), self._is_lost)

    @property
    def _pool(self) -> Any:
        return self._engine.pool  # another one after the engine was disposed of

    # -- borrowing -------------------------------------------------------------------------------

    def take(self) -> Loan | None:
        """Give a connection that is there and alive; None where that takes waiting."""
        while self._idle:
            loan = self._idle.pop()
            if not self._is_lost(loan.connection):
                return loan
            self.discard(loan)
        pool = self._pool
        if not (self._keeps and pool.checkedin() and self._is_whole(pool)) or self.suspects:
            return None
        if pool.asking:  # it is another one's, who has not come to look yet
            return None
        self.takes_directly = True
        try:
            loan = Loan(pool.connect())
        finally:
            self.takes_directly = False
        if self._is_lost(loan.connection):
            self.discard(loan)
            return None
        return loan

    def _is_whole(self, pool: Any) -> bool:
        """Tell whether each place in the pool has its connection; to make one takes waiting."""
        return bool(self.alive == pool.size() + pool.overflow())

    async def wait(self) -> Loan:
        """Open a connection where there is room for one, or wait for one that comes back.

        Raises `DatabaseBusy` after the time-out.
        """
        if not self._watchers:
            return await self._waited()
        facts = {"db.client.connection.pool.name": self._pool_name}
        with told(self._watchers, Happening("connection", "wait", facts)):
            return await self._waited()

    async def _waited(self) -> Loan:
        until = asyncio.get_running_loop().time() + self._timeout
        pool = self._pool
        again = False
        while pool.overflow() >= 0 and (self.is_asked(pool) or not pool.checkedin()):
            found = await self._turn(until, again=again) or self.take()
            if found is not None:
                return found
            again = True
        try:
            async with asyncio.timeout_at(until):
                return Loan(await self._opened(pool))
        except TimeoutError:
            raise DatabaseBusy(self._timeout) from None

    def is_asked(self, pool: Any) -> bool:
        """Tell whether somebody asks the pool for a connection, and may be waiting."""
        return self._keeps and bool(pool.asking)

    async def _turn(self, until: float, *, again: bool) -> Loan | None:
        """Wait for what comes back: the connection itself, or None for one that is in the pool.

        Who waits `again`, because another one was faster, is the first in the row.
        """
        loop = asyncio.get_running_loop()
        waiter: asyncio.Future[Loan | None] = loop.create_future()
        (self._waiting.appendleft if again else self._waiting.append)(waiter)
        self._deadlines.add(until, waiter, loop)
        try:
            return await waiter
        except asyncio.CancelledError:
            if waiter.done() and not waiter.cancelled() and waiter.exception() is None:
                self._pass_on(waiter.result())
            raise
        except TimeoutError:
            raise DatabaseBusy(self._timeout) from None

    def _pass_on(self, loan: Loan | None) -> None:
        if loan is None:
            self.wake(1)
        else:
            self.give_back(loan)

    async def _opened(self, pool: Any) -> PoolProxiedConnection:
        """Let the pool give a connection, also where that takes waiting."""
        self.suspects = max(self.suspects - 1, 0)
        opening = asyncio.get_running_loop().create_task(greenlet_spawn(pool.connect))
        try:
            held: PoolProxiedConnection = await asyncio.shield(opening)
        except asyncio.CancelledError:
            # Whoever asked has gone; what is being opened is for the next one.
            opening.add_done_callback(self._opened_late)
            raise
        return held

    def _opened_late(self, opening: asyncio.Task[PoolProxiedConnection]) -> None:
        if not opening.cancelled() and opening.exception() is None:
            self.give_back(Loan(opening.result()))

    # -- giving back -----------------------------------------------------------------------------

    def give_back(self, loan: Loan) -> None:
        """Take a connection back, in the state in which it was lent."""
        if self._waiting or not self._keeps or self._pool.asking:
            self._hand_on(loan)
        else:
            self._idle.append(loan)

    def _hand_on(self, loan: Loan) -> None:
        """Give a connection to the next who waits here, or to the pool."""
        self._handed += 1
        # Sessions wait inside the pool; now and then it is their turn.
        if self._handed % _TURNS or not self.is_asked(self._pool):
            waiter = self._next()
            if waiter is not None:
                waiter.set_result(loan)
                return
        loan.held.close()

    def _next(self) -> asyncio.Future[Loan | None] | None:
        while self._waiting:
            waiter = self._waiting.popleft()
            if not waiter.done():
                return waiter
        return None

    def wake(self, count: int) -> None:
        """Let the next who wait here look into the pool."""
        for _ in range(count):
            waiter = self._next()
            if waiter is None:
                break
            waiter.set_result(None)

    def bring_back(self) -> None:
        """Give the pool one of the connections that are kept, if there is any."""
        if self._idle:
            self._idle.pop(0).held.close()

    def discard(self, loan: Loan) -> None:
        """Take a connection back that cannot be used any more; the pool makes another."""
        loan.held.invalidate()
        loan.held.close()

    def abandon(self, loan: Loan, ending: Coroutine[Any, Any, None]) -> None:
        """Take back a connection whose work was cancelled, and which `ending` closes.

        Nobody knows what the next answer on it would be; nobody waits for its end, either.
        """
        loan.held.detach()
        task = asyncio.get_running_loop().create_task(ending)
        self._ending.add(task)
        task.add_done_callback(self._ending.discard)
        self.wake(1)

    async def close(self) -> None:
        """Give back what is kept, and wait for what ends."""
        _bring_all_back(self._idle)
        await asyncio.gather(*self._ending)


def _listen(engine: Any, seen: weakref.ref[Lender], is_lost: Callable[[Any], bool]) -> None:
    """Keep a lender up to date; the pool outlives it, and does not hold it."""

    @event.listens_for(engine.pool, "connect")
    def made(*_: Any) -> None:
        if lender := seen():
            lender.alive += 1

    @event.listens_for(engine.pool, "close")
    @event.listens_for(engine.pool, "detach")
    def gone(*_: Any) -> None:
        if lender := seen():
            lender.alive -= 1

    @event.listens_for(engine, "handle_error")
    def failed(context: Any) -> None:
        if context.is_disconnect and (lender := seen()):
            lender.suspects = lender.alive  # the pool will renew all that are older than this

    @event.listens_for(engine.pool, "checkout")
    def look(connection: Any, *_: Any) -> None:
        # The server has ended it meanwhile: the pool makes another in its place, for which it
        # must be able to wait.
        lender = seen()
        is_direct = lender is not None and lender.takes_directly
        if not is_direct and is_lost(connection.driver_connection):
            raise DisconnectionError("the server closed the connection")

    @event.listens_for(engine.pool, "checkin")
    def came_back(*_: Any) -> None:
        lender = seen()
        # While a session asks it is the session's; who waits here looks when that has got it.
        if lender is not None and not lender.is_asked(engine.pool):
            lender.wake(1)


def _bring_all_back(idle: list[Loan]) -> None:
    while idle:
        idle.pop().held.close()


class _Deadlines:
    """Until when each waits. One timer serves all of them: each of its own would cost 2 µs."""

    def __init__(self) -> None:
        self._row: deque[tuple[float, asyncio.Future[Loan | None]]] = deque()  # soonest first
        self._timer: asyncio.TimerHandle | None = None
        self._loop: asyncio.AbstractEventLoop | None = None

    def add(
        self,
        until: float,
        waiter: asyncio.Future[Loan | None],
        loop: asyncio.AbstractEventLoop,
    ) -> None:
        """Raise `TimeoutError` to who waits for `waiter`, if it is not done by then."""
        row = self._row
        while row and row[0][1].done():
            row.popleft()
        is_soonest = not row or until < row[0][0]
        (row.appendleft if is_soonest else row.append)((until, waiter))
        if loop is not self._loop:
            self._loop, self._timer = loop, None
        if self._timer is None or (is_soonest and until < self._timer.when()):
            if self._timer is not None:
                self._timer.cancel()
            self._timer = loop.call_at(until, self._expire)

    def _expire(self) -> None:
        assert self._loop is not None, "the timer is the loop's"
        now, row = self._loop.time(), self._row
        while row and (row[0][1].done() or row[0][0] <= now):
            _, waiter = row.popleft()
            if not waiter.done():
                waiter.set_exception(TimeoutError())
        self._timer = self._loop.call_at(row[0][0], self._expire) if row else None
