"""Reports of errors that nobody has handled, by Sentry's own SDK to whatever speaks its protocol.

Requests that ended in an exception and jobs that are dead, with the route, the request's id, the
account's id and the trace. Nothing else of who has asked: no body, header, cookie, address, path or
local variable. Nothing of the process is patched, and its own use of the SDK is left alone.
"""

from __future__ import annotations

import logging
from collections.abc import AsyncIterator, Sequence
from contextlib import AbstractAsyncContextManager, asynccontextmanager
from typing import Any

from starlette.requests import ClientDisconnect

from trivet.adapters.replies import ClientGone
from trivet.app.application import App
from trivet.app.part import Part
from trivet.checks import Finding, Level
from trivet.concurrency import run_in_thread
from trivet.errors import MissingExtraError, SetupError
from trivet.observe.present import TRACE, request_id_of, user_id_of, watch_present
from trivet.observe.rate import Rate
from trivet.observe.redaction import without_secrets
from trivet.settings import Settings, SettingsConfigDict
from trivet.watching import Happening

try:
    import sentry_sdk
    from sentry_sdk.utils import BadDsn, event_from_exception
except ImportError as error:
    raise MissingExtraError("sentry-sdk", "sentry", what="trivet.observe.reports") from error

__all__ = ["Reports"]

_log = logging.getLogger("trivet.observe")
_WORK = frozenset({"request", "websocket", "job"})
_DEAD = "dead"
_LEFT = (ClientGone, ClientDisconnect)  # a client that leaves is no error of anybody's


class _Told(Settings):
    """What Sentry's own variables say."""

    model_config = SettingsConfigDict(
        env_prefix="SENTRY_", env_file=None, toml_file=None, env_ignore_empty=True
    )

    dsn: str | None = None
    release: str | None = None
    environment: str | None = None


class Reports(Part):
    """Sends what nobody has handled to `dsn`, or to `$SENTRY_DSN`; without one it does nothing.

    `release` is `$SENTRY_RELEASE` by default, or the application's title and version, and
    `environment` `$SENTRY_ENVIRONMENT`. `rate` is how many reports a second a process sends at
    most; the rest is counted in its log. `attempts` reports each attempt of a job that fails, and
    not only the last. With `variables`, reports have the values of local variables, which hold
    whatever a user has sent. `client` is a client of the SDK's with options of your own in place
    of all these.
    Raises `SetupError`.
    """

    name = "reports"

    def __init__(
        self,
        dsn: str | None = None,
        *,
        release: str | None = None,
        environment: str | None = None,
        rate: float = 10.0,
        attempts: bool = False,
        variables: bool = False,
        client: sentry_sdk.Client | None = None,
    ) -> None:
        told = _Told()
        self._dsn = dsn or told.dsn
        self._release = release or told.release
        self._environment = environment or told.environment
        self._limit = Rate(rate)
        self._attempts = attempts
        self._variables = variables
        self._owns_client = client is None
        self._client = client
        self._dropped = 0

    @property
    def is_sending(self) -> bool:
        """True where there is somebody to send to."""
        return self._client is not None or bool(self._dsn)

    def install(self, app: App) -> None:
        """Watch the application, if there is somebody to send to."""
        if not self.is_sending:
            return
        if self._client is None:
            self._client = self._made(app)
        watch_present(app)
        app.watch(self)

    def _made(self, app: App) -> sentry_sdk.Client:
        try:
            return sentry_sdk.Client(
                dsn=self._dsn,
                release=self._release or f"{app.title}@{app.version}",
                environment=self._environment,
                include_local_variables=self._variables,
                default_integrations=False,
                auto_enabling_integrations=False,
                auto_session_tracking=False,
                max_request_body_size="never",
            )
        except BadDsn as error:
            raise SetupError(
                f"nobody can be reported to by this DSN: {error}",
                code="observe.dsn",
                mend='Reports("https://<key>@<host>/<project>"), or $SENTRY_DSN',
            ) from error

    # -- a watcher -------------------------------------------------------------------------------

    def begins(self, happening: Happening) -> None:
        """Nothing: what has failed is known at the end."""

    def ends(self, happening: Happening) -> None:
        """Put a report of what has failed into the SDK's queue, whose thread sends it."""
        error = happening.error
        if error is None or happening.kind not in _WORK:
            return
        if not isinstance(error, Exception) or isinstance(error, _LEFT):
            return
        is_dead = happening.facts.get("trivet.job.outcome") == _DEAD
        if happening.kind == "job" and not (is_dead or self._attempts):
            return
        if not self._limit.take():
            self._dropped += 1
            if self._dropped % 100 == 1:
                _log.warning(
                    "%d errors were not reported, as there were more than %g a second",
                    self._dropped,
                    self._limit.most,
                )
            return
        self._send(happening, error)

    def _send(self, happening: Happening, error: Exception) -> None:
        client = self._client
        assert client is not None, "nobody watches without one"
        event: Any  # the SDK's own type is of its version
        event, hint = event_from_exception(
            error,
            client_options=client.options,
            mechanism={"type": "trivet", "handled": False},
        )
        for one in event["exception"]["values"]:
            if isinstance(one.get("value"), str):
                one["value"] = without_secrets(one["value"])
        event |= _described(happening)
        client.capture_event(event, hint)

    # -- a part ----------------------------------------------------------------------------------

    def lifespan(self, app: App) -> AbstractAsyncContextManager[None]:
        """Send what waits when the application stops."""
        return self._flushed()

    @asynccontextmanager
    async def _flushed(self) -> AsyncIterator[None]:
        try:
            yield
        finally:
            if self._client is not None:
                await run_in_thread(self._client.flush)

    def deploy_checks(self, app: App) -> Sequence[Finding]:
        """Say that nothing is reported, where that is so."""
        if self.is_sending:
            return ()
        return [
            Finding(
                Level.WARNING,
                "observe.not-reporting",
                "errors are to be reported, and nothing says to whom",
                "SENTRY_DSN=https://<key>@<host>/<project>",
            )
        ]


def _described(happening: Happening) -> dict[str, Any]:
    """Give what a report tells of a request or job, in the words of Sentry's protocol."""
    tags: dict[str, str] = {}
    found: dict[str, Any] = {"transaction": happening.name, "tags": tags}
    if happening.kind == "job":
        tags["job"] = happening.name
        contexts: dict[str, Any] = {
            "job": {
                "id": happening.facts.get("messaging.message.id"),
                "queue": happening.facts.get("messaging.destination.name"),
                "attempt": happening.facts.get("trivet.job.attempt"),
            }
        }
    else:
        contexts = {}
        method = happening.facts.get("http.request.method")
        if method is not None:
            tags["method"] = method
        route = happening.facts.get("http.route")
        if route is not None:
            tags["route"] = route
    request_id = request_id_of(happening)
    if request_id is not None:
        tags["request_id"] = request_id
    user_id = user_id_of(happening)
    if user_id is not None:
        found["user"] = {"id": user_id}
    ids = happening.facts.get(TRACE)
    trace = None if ids is None else ids()
    if trace is not None:
        contexts["trace"] = {"trace_id": trace[0], "span_id": trace[1]}
    if contexts:
        found["contexts"] = contexts
    return found
