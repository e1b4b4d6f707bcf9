"""Webhooks of others: verified as they came, kept once, answered at once, and worked by jobs.

What is kept and the jobs that work it are rows of one transaction, which is committed before the
sender is told that we have it. The same message again changes nothing, and is answered as well.
"""

from __future__ import annotations

import inspect
import json
import logging
import time
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from fnmatch import fnmatchcase
from hashlib import sha256
from typing import Any, TypeVar

from pydantic import PydanticSchemaGenerationError, TypeAdapter, ValidationError
from sqlalchemy import select
from starlette.requests import Request
from starlette.responses import Response
from typing_extensions import Unpack

from trivet.binding.outside import is_dependency
from trivet.binding.plan import Kind
from trivet.binding.signature import kind_of, typed_signature
from trivet.concurrency import run_in_thread
from trivet.db import Database
from trivet.errors import HTTPException, SetupError
from trivet.jobs import Job, Jobs, Stop
from trivet.jobs.enqueueing import inserting_once
from trivet.jobs.job import job_of, place
from trivet.jobs.moments import as_datetime
from trivet.jobs.options import JobArgs
from trivet.routing.router import Router
from trivet.schema.foreign import adapted
from trivet.webhooks.schemes import BadMessage, BadSignature, Scheme, Verified
from trivet.webhooks.tables import LONGEST_EVENT, LONGEST_ID, Tables, moment_now

__all__ = ["Incoming", "Received"]

_log = logging.getLogger("trivet.webhooks")

Handler = TypeVar("Handler", bound=Callable[..., Any])


@dataclass(frozen=True)
class Received:
    """A message of somebody else's: what a handler may ask for; `received` is in UTC."""

    source: str
    id: str
    event: str
    body: bytes
    received: datetime

    def json(self) -> Any:  # Any: whatever was sent
        """Give the body, read as JSON; raises `ValueError`."""
        return json.loads(self.body)


class Incoming:
    """One path to which somebody else sends webhooks; `webhooks.incoming(...)` makes it."""

    def __init__(
        self, path: str, scheme: Scheme, jobs: Jobs, tables: Tables, *, name: str | None = None
    ) -> None:
        self.source = name or path
        self._scheme = scheme
        self._jobs = jobs
        self._tables = tables
        self._handlers: list[tuple[tuple[str, ...], Job[..., Any]]] = []

    def route(self, router: Router, path: str, max_body_size: int) -> None:
        """Add the path to a router."""

        async def receive(request: Request) -> Response:
            return await self._receive(request)

        router.add_api_route(
            path, receive, methods=["POST"], include_in_schema=False, max_body_size=max_body_size
        )

    def handler(self, *events: str, **options: Unpack[JobArgs]) -> Callable[[Handler], Handler]:
        """Work messages of these events by a job: ``invoice.paid``, ``invoice.*``, ``*``.

        A decorator, above a function whose first parameter is a `Received`, or of a type that the
        body is read as; its others are dependencies. `options` are those of a job. Each handler is
        a job of its own: one that fails is tried again alone.
        """

        def take(function: Handler) -> Handler:
            wanted = events or ("*",)
            job = job_of(self._worked_by(function), _named(function, options))
            self._jobs.add(job)
            self._handlers.append((wanted, job))
            return function

        return take

    # -- receiving -------------------------------------------------------------------------------

    async def _receive(self, request: Request) -> Response:
        body = await request.body()
        try:
            message = self._scheme.verify(request.headers, body, time.time())
        except BadSignature as error:
            _log.info("a webhook for %s is refused: %s", self.source, error)
            raise HTTPException(401, f"The signature is not good: {error}.") from error
        except BadMessage as error:
            raise HTTPException(400, f"The message cannot be read: {error}.") from error
        if not (_is_kept(message.id, LONGEST_ID) and _is_kept(message.event, LONGEST_EVENT)):
            raise HTTPException(400, "The message's id or event is too long, or no plain text.")
        is_new = await self._keep(message, body)
        return Response(status_code=202 if is_new else 200)

    async def _keep(self, message: Verified, body: bytes) -> bool:
        """Keep a message, and put in the jobs that work it; False where it is there already."""
        unit = self._jobs.database.unit
        key = sha256(f"{self.source}\0{message.id}".encode()).hexdigest()
        received = self._tables.received
        kept = await unit.execute(
            inserting_once(unit, received, "key").values(
                key=key,
                source=self.source,
                message_id=message.id,
                event=message.event,
                body=body,
                created=moment_now(),
            )
        )
        if kept.rowcount != 1:
            return False
        for wanted, job in self._handlers:
            if any(fnmatchcase(message.event, one) for one in wanted):
                await job.enqueue(key)
        return True

    # -- working ---------------------------------------------------------------------------------

    def _worked_by(self, function: Callable[..., Any]) -> Callable[..., Any]:
        """Give the job's function: it reads the message that was kept, and calls `function`."""
        first, dependencies = _parameters(function)
        is_async = kind_of(function) is Kind.ASYNC
        adapter = _reading(first, function)

        async def work(received: str, **values: Any) -> None:
            message = await _read(self._jobs.database, self._tables, received)
            if message is None:
                raise Stop("the message is not kept any more")
            given: Any = message
            if adapter is not None:
                try:
                    given = adapter.validate_json(message.body)
                except ValidationError as error:
                    raise Stop(
                        f"{message.event} {message.id} is not as expected: {error}"
                    ) from error
            if is_async:
                await function(given, **values)
            else:
                await run_in_thread(function, given, **values)

        work.__module__, work.__qualname__ = function.__module__, function.__qualname__
        work.__name__ = getattr(function, "__name__", "work")
        work.__doc__ = function.__doc__
        key = inspect.Parameter("received", inspect.Parameter.POSITIONAL_OR_KEYWORD, annotation=str)
        work.__signature__ = inspect.Signature(  # type: ignore[attr-defined]
            [key, *(one.replace(kind=inspect.Parameter.KEYWORD_ONLY) for one in dependencies)]
        )
        return work


def _is_kept(text: str, longest: int) -> bool:
    """Tell whether every database can keep a text: no NUL, no half of a surrogate pair."""
    return len(text) <= longest and text.isprintable()


def _named(function: Callable[..., Any], options: JobArgs) -> JobArgs:
    named: JobArgs = {"name": f"{function.__module__}.{function.__qualname__}", **options}
    return named


def _parameters(function: Callable[..., Any]) -> tuple[Any, Sequence[inspect.Parameter]]:
    """Give the type of the first parameter, and the others; raises `SetupError`."""
    parameters = list(typed_signature(function).parameters.values())
    if not parameters:
        raise _wrong(
            function,
            "has no parameter to take it",
            f"async def {function.__name__}(message: Received)",
        )
    for one in parameters[1:]:
        if not is_dependency(one):
            raise _wrong(
                function,
                f"has {one.name!r} behind the message, which is no dependency",
                f"{one.name}: Annotated[..., Depends(a_function)]",
            )
    wanted = parameters[0].annotation
    return (Received if wanted is inspect.Parameter.empty else wanted), parameters[1:]


def _reading(kind: Any, function: Callable[..., Any]) -> TypeAdapter[Any] | None:
    """Give what reads a body as a type; None where the message is wanted as it is."""
    if kind is Received:
        return None
    try:
        return TypeAdapter(adapted(kind))
    except PydanticSchemaGenerationError as error:
        raise _wrong(
            function, f"wants a {kind!r}, which cannot be read from JSON", "message: Received"
        ) from error


def _wrong(function: Callable[..., Any], what: str, mend: str) -> SetupError:
    return SetupError(
        f"{function.__name__!r} is to work webhooks, and {what}",
        code="webhooks.handler",
        where=place(function),
        mend=mend,
    )


async def _read(database: Database, tables: Tables, key: str) -> Received | None:
    received = tables.received
    async with database.engine.connect() as connection:
        row = (
            await connection.execute(select(received).where(received.c.key == key))
        ).one_or_none()
    if row is None:
        return None
    moment = as_datetime(row.created) or datetime.now(UTC)
    return Received(row.source, row.message_id, row.event, row.body, moment)
