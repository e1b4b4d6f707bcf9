"""Tasks of a Celery application that is there already, put in by Trivet's transactions."""

from __future__ import annotations

from collections.abc import Mapping
from threading import Lock
from typing import Any

from pydantic import JsonValue
from typing_extensions import Unpack

from trivet.concurrency import run_in_thread
from trivet.errors import MissingExtraError
from trivet.jobs.bridges.sending import SentJob, sent
from trivet.jobs.options import JobArgs
from trivet.jobs.part import Jobs

try:
    from celery import Celery  # type: ignore[import-untyped]
except ImportError as error:
    raise MissingExtraError("celery", "celery", what="CeleryBridge") from error

__all__ = ["CeleryBridge"]

_TIMEOUT = 10.0  # seconds for an answer of the broker
# What a connection is told, by the kind of its transport; without it, one would wait for ever for a
# broker that is silent, and RabbitMQ would confirm nothing.
_SETTINGS: Mapping[str, Mapping[str, Any]] = {
    "amqp": {"confirm_publish": True, "read_timeout": _TIMEOUT, "write_timeout": _TIMEOUT},
    "redis": {"socket_timeout": _TIMEOUT},
}


class CeleryBridge:
    """Gives tasks to the workers of a Celery application, once the transaction is committed.

    ``send_invoice = CeleryBridge(celery_app, jobs).task("shop.send_invoice")``, then
    ``await send_invoice.enqueue(order_id)`` where it was ``shop.send_invoice.delay(order_id)``.
    A worker of `jobs` publishes it, and tries again until the broker has it; without `jobs`, each
    task is told to them by ``jobs.add``. With RabbitMQ a publication is confirmed, whatever the
    application's own settings say.
    """

    def __init__(self, app: Celery, jobs: Jobs | None = None) -> None:
        self._app = app
        self._jobs = jobs
        self._producer: Any = None  # kombu's, which has no types
        self._publishing = Lock()

    def task(
        self,
        name: str,
        /,
        *,
        options: Mapping[str, Any] | None = None,  # Celery's own, of any type
        **given: Unpack[JobArgs],
    ) -> SentJob[str]:
        """Give a job that sends the task called `name`; its result is the task's id.

        `options` are those of Celery's `send_task`, such as ``{"queue": "mail", "priority": 5}``;
        the others are Trivet's, and concern the sending alone.
        """
        chosen = dict(options or {})

        async def send(id: str, args: list[JsonValue], kwargs: dict[str, JsonValue]) -> str:
            await run_in_thread(self._publish, name, id, args, kwargs, chosen)
            return id

        return sent(send, f"celery:{name}", given, self._jobs)

    def close(self) -> None:
        """Close the connection to the broker, which blocks; the next task opens another."""
        with self._publishing:
            self._drop()

    def _publish(
        self, name: str, id: str, args: list[Any], kwargs: dict[str, Any], options: dict[str, Any]
    ) -> None:
        with self._publishing:
            was_open = self._producer is not None
            try:
                self._send(name, id, args, kwargs, options)
            except Exception:
                self._drop()
                if not was_open:
                    raise
                # The broker may have closed a connection that was idle.
                self._send(name, id, args, kwargs, options)

    def _send(
        self, name: str, id: str, args: list[Any], kwargs: dict[str, Any], options: dict[str, Any]
    ) -> None:
        if self._producer is None:
            transport = self._app.connection_for_write().transport.driver_type
            # One try: the job's own backoff says when there is another.
            settings = {**_SETTINGS.get(transport, {}), "max_retries": 1, "interval_start": 0}
            connection = self._app.connection_for_write(transport_options=settings)
            self._producer = self._app.amqp.Producer(connection)
        chosen = {"retry": False, "confirm_timeout": _TIMEOUT, **options}
        self._app.send_task(name, args, kwargs, task_id=id, producer=self._producer, **chosen)

    def _drop(self) -> None:
        producer, self._producer = self._producer, None
        if producer is not None:
            producer.connection.release()
