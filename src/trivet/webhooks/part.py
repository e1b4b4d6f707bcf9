"""Webhooks as a part: ``webhooks = app.use(Webhooks(jobs))``."""

from __future__ import annotations

import ssl
from collections.abc import Awaitable, Callable, Sequence
from importlib import import_module
from typing import Any, Self

from pydantic import SecretStr
from starlette.requests import Request
from starlette.responses import Response

from trivet.app.application import App
from trivet.app.part import Part
from trivet.checks import Finding, Level
from trivet.events import Events
from trivet.jobs import Jobs
from trivet.jobs.job import job_of
from trivet.openapi.error_shape import FASTAPI, ErrorShape
from trivet.routing.router import Router
from trivet.webhooks.deliveries import Deliveries
from trivet.webhooks.delivering import Delivering, Disabled, Persistence
from trivet.webhooks.destinations import DestinationRefused, Destinations
from trivet.webhooks.endpoints import Endpoints, check_event
from trivet.webhooks.incoming import Incoming
from trivet.webhooks.posting import Poster
from trivet.webhooks.schemes import Scheme
from trivet.webhooks.sealed import SealedSecrets
from trivet.webhooks.sending import Sender
from trivet.webhooks.tables import tables_in

__all__ = ["Webhooks"]

_COMMANDS = "trivet.webhooks.commands"  # by name: only the command line wants it
_MEBIBYTE = 1_048_576
_HOUR = 3600.0  # seconds


class Webhooks(Part):
    """Webhooks that are sent to endpoints of others, and those that others send.

    They are kept in the database of `jobs`, and delivered by its workers. `destinations` says where
    they may go, `persistence` how long is tried. An attempt takes at most `timeout` seconds, and of
    an answer `most_answer` bytes are kept; a message has at most `most_body` bytes. Certificates
    are checked by `tls`, or as the system's and Mozilla's lists say. `events` are told of endpoints
    that are given up: of `Disabled`.
    """

    name = "webhooks"

    def __init__(
        self,
        jobs: Jobs,
        *,
        events: Events | None = None,
        destinations: Destinations | None = None,
        persistence: Persistence | None = None,
        timeout: float = 20.0,
        most_answer: int = 2048,
        most_body: int = 262_144,
        tls: ssl.SSLContext | None = None,
    ) -> None:
        self.jobs = jobs
        self.requires = (jobs,) if events is None else (jobs, events)
        self.database = jobs.database
        self.tables = tables_in(self.database.metadata)
        destinations = destinations or Destinations()
        persistence = persistence or Persistence()
        self._destinations = destinations
        self._events = events
        self._router = Router()
        poster = Poster(destinations, timeout=timeout, most_answer=most_answer, tls=tls)
        self._sealed = SealedSecrets()
        delivering = Delivering(
            self.database, self.tables, poster, persistence, self._disabled, self._sealed
        )
        self._job = job_of(
            delivering.deliver,
            {
                "name": "trivet.webhooks.deliver",
                "queue": "webhooks",
                "max_attempts": persistence.attempts,
                "timeout": timeout + 60.0,
                "keep": 3600.0,
                "limit_by": _of_endpoint,
            },
        )
        forgetting = job_of(delivering.forget, {"name": "trivet.webhooks.forget", "keep": 0.0})
        jobs.add(self._job, forgetting)
        jobs.every(_HOUR, forgetting)
        enqueue = self._job.enqueue_many
        self.endpoints = Endpoints(self.database, self.tables, destinations, self._sealed)
        """Where webhooks go: `add`, `get`, `of`, `all`, `change`, `rotate_secret`, `remove`."""
        self.deliveries = Deliveries(self.database, self.tables, enqueue)
        """What became of what was sent: `of`, `attempts`, `replay`, `replay_since`."""
        self._sender = Sender(self.database, self.tables, enqueue, most_body=most_body)

    def seal_with(self, *secrets: str | SecretStr) -> Self:
        """Seal the secrets of endpoints where they are stored, and give the part itself.

        By JWE with AES-256-GCM. The first of the secrets seals, all open; what is stored as it is
        stays readable, and `endpoints.seal()` seals it. Raises `SetupError` for fewer than 32
        characters.
        """
        self._sealed.seal_with(secrets)
        return self

    # -- outgoing --------------------------------------------------------------------------------

    async def send(self, event: str, data: Any, *, owner: str | None = None) -> str | None:
        """Tell all endpoints that listen to an event, in the present transaction.

        `data` is whatever has a form in JSON. With an `owner`, the endpoints of this owner are told
        and no others. Gives the message's id, None where nobody listens; raises `OutsideUnitError`.
        """
        return await self._sender.send(event, data, owner)

    async def send_test(self, endpoint_id: int, data: Any = None) -> str:
        """Tell one endpoint of the event ``webhook.test``; raises `NotFound`."""
        await self.endpoints.get(endpoint_id)
        return await self._sender.send_to(endpoint_id, "webhook.test", data)

    def sender(
        self, event: str, *, owner: Callable[[Any], str | None] | None = None
    ) -> Callable[[Any], Awaitable[None]]:
        """Give a subscriber that sends what it hears: ``events.on(OrderPlaced)(…)``.

        `owner` gives the owner of what has happened.
        """
        check_event(event)

        async def send(happened: Any) -> None:
            await self.send(event, happened, owner=None if owner is None else owner(happened))

        return send

    async def _disabled(self, event: Disabled) -> None:
        if self._events is not None:
            await self._events.publish(event)

    # -- incoming --------------------------------------------------------------------------------

    def incoming(
        self, path: str, scheme: Scheme, *, name: str | None = None, max_body_size: int = _MEBIBYTE
    ) -> Incoming:
        """Receive somebody else's webhooks at a path; larger ones than `max_body_size` bytes: 413.

        `name` is what the source is called where messages are kept, by default its path.
        """
        made = Incoming(path, scheme, self.jobs, self.tables, name=name)
        made.route(self._router, path, max_body_size)
        return made

    # -- as a part -------------------------------------------------------------------------------

    def router(self) -> Router:
        """Give the paths at which webhooks are received."""
        return self._router

    def exception_handlers(self) -> dict[Any, Callable[..., Any]]:
        """Answer a URL that is refused with 422 and the reason."""
        return {DestinationRefused: _refused}

    def checks(self, app: App) -> Sequence[Finding]:
        """Tell what is let through that only development needs."""
        if app.debug or not self._destinations.allow_http:
            return ()
        return [
            Finding(
                Level.WARNING,
                "webhooks.http",
                "webhooks may go to plain http, where everybody on the way reads and changes them",
                "Destinations() without allow_http, outside development",
            )
        ]

    def deploy_checks(self, app: App) -> Sequence[Finding]:
        """Tell where secrets are stored as they are."""
        if self._sealed.is_on:
            return ()
        return [
            Finding(
                Level.WARNING,
                "webhooks.unsealed",
                "secrets of endpoints are stored as they are: who reads the database, or a backup"
                " of it, can sign in this application's name",
                "app.use(Webhooks(jobs).seal_with(settings.secret))",
            )
        ]

    def commands(self) -> Sequence[Any]:
        """Give the commands of webhooks."""
        return list(import_module(_COMMANDS).commands_of(self))


def _of_endpoint(message_id: str, endpoint_id: int, round: int) -> int:
    """Give what deliveries share the limits of their queue by."""
    return endpoint_id


async def _refused(request: Request, error: DestinationRefused) -> Response:
    shape = getattr(request.scope.get("app"), "error_shape", FASTAPI)
    shape = shape if isinstance(shape, ErrorShape) else FASTAPI
    return Response(shape.to_json(422, str(error)), 422, media_type=shape.media_type)
