"""Tasks of a procrastinate application that is there already, put in by Trivet's transactions."""

from __future__ import annotations

from typing import TypedDict

from pydantic import JsonValue
from typing_extensions import Unpack

from trivet.errors import MissingExtraError
from trivet.jobs.bridges.sending import SentJob, sent
from trivet.jobs.options import JobArgs
from trivet.jobs.part import Jobs

try:
    from procrastinate import App
    from procrastinate.exceptions import AlreadyEnqueued
    from procrastinate.types import TimeDeltaParams
except ImportError as error:
    raise MissingExtraError("procrastinate", "procrastinate", what="ProcrastinateBridge") from error

__all__ = ["ProcrastinateBridge", "TaskOptions"]


class TaskOptions(TypedDict, total=False):
    """What procrastinate may be told of a task: see its `Task.configure`."""

    queue: str
    priority: int
    lock: str
    queueing_lock: str
    schedule_in: TimeDeltaParams


class ProcrastinateBridge:
    """Gives tasks to the workers of a procrastinate application, once the transaction is committed.

    ``send_invoice = ProcrastinateBridge(procrastinate_app, jobs).task("shop.send_invoice")``, then
    ``await send_invoice.enqueue(order_id=7)``: by name, as procrastinate does. A worker of `jobs`
    defers it, and tries again until it is in procrastinate's own database; without `jobs`, each
    task is told to them by ``jobs.add``. The application is opened by whoever serves: ``async with
    procrastinate_app.open_async():``.
    """

    def __init__(self, app: App, jobs: Jobs | None = None) -> None:
        self._app = app
        self._jobs = jobs

    def task(
        self, name: str, /, *, options: TaskOptions | None = None, **given: Unpack[JobArgs]
    ) -> SentJob[int | None]:
        """Give a job that defers the task called `name`; its result is procrastinate's number.

        The id of the call is its `queueing_lock`, unless `options` has another: while the task
        waits, it is not put in a second time, and the result of the second try is None.
        """
        chosen: TaskOptions = options or {}

        async def send(id: str, args: list[JsonValue], kwargs: dict[str, JsonValue]) -> int | None:
            settings: TaskOptions = {"queueing_lock": id, **chosen}
            try:
                return await self._app.configure_task(name, **settings).defer_async(**kwargs)
            except AlreadyEnqueued:
                return None

        return sent(send, f"procrastinate:{name}", given, self._jobs, only_names=True)
