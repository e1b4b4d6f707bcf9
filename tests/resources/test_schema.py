"""Whatever a client sends, the answer is one that the document tells of: over real HTTP.

The requests are made from the document, some as it wants them and some not.
"""

from __future__ import annotations

import datetime
import decimal
from collections.abc import AsyncIterator, Iterator
from pathlib import Path
from typing import Any

import pytest
import schemathesis
from anyio import to_thread
from hypothesis import HealthCheck, Phase, given, settings
from hypothesis import strategies as st
from schemathesis import GenerationMode
from schemathesis.checks import not_a_server_error
from schemathesis.specs.openapi.checks import (
    content_type_conformance,
    response_schema_conformance,
    status_code_conformance,
)
from sqlalchemy.engine import URL

from tests.db.conftest import address, own_database
from tests.resources.conftest import app_of
from tests.resources.models import (
    Anything,
    Binding,
    Country,
    Draft,
    House,
    Novel,
    Seat,
    Size,
    Topic,
    Writer,
)
from trivet import App
from trivet.db import Database
from trivet.resources import NumberedPages, OffsetPages, resource
from trivet.testing import LiveServer

CHECKS: Any = [
    not_a_server_error,
    status_code_conformance,
    content_type_conformance,
    response_schema_conformance,
]
BOUNDED = settings(
    max_examples=3,
    deadline=None,
    derandomize=True,
    database=None,
    phases=[Phase.generate],
    suppress_health_check=list(HealthCheck),
)


def publishing(database: Database) -> App:
    """Give an application with a resource of each kind."""
    return app_of(
        database,
        resource(
            Novel,
            open_writing=True,
            filters=[
                Novel.id, Novel.price, Novel.title, Novel.writer, Novel.day, Novel.binding,
                Novel.created, Novel.updated, "created__year", "writer__name", Novel.topics,
            ],
            search=[Novel.title],
            orders=[Novel.title, Novel.day, Novel.price, Novel.created],
            include=[Novel.writer, Novel.topics, "writer.publisher"],
            sparse=True,
            bulk=3,
        ),
        resource(Writer, open_writing=True, pages=NumberedPages(size=2, most=5)),
        resource(Novel, under=Novel.writer, open_writing=True, must_match=True),
        resource(
            Anything, open_writing=True, pages=OffsetPages(), orders=["moment", "exact", "cover"],
            filters=[
                "id", "text", "short", "number", "real", "exact", "flag", "day", "moment", "cover",
            ],
        ),
        resource(Draft, open_writing=True, bulk=2),
        resource(Country, open_writing=True),
        resource(Seat, open_writing=True, orders=["note"]),
    )  # fmt: skip


async def fill(database: Database) -> None:
    """Put in a row of each kind, so that some requests find one."""
    async with database.own_transaction():
        for number in range(3):
            writer = await Writer.create(name=f"Writer {number}")
            novel = await Novel.create(title=f"Novel {number}", writer_id=writer.id)
            await (await novel.refresh()).save()
        await Topic.create(name="sea")
        await Draft.create(title="One")
        await Country.create(code="fi", name="Finland")
        await Seat.create(row=1, number=1)
        await Anything.create(
            text="x", number=1, real=0.5, exact=decimal.Decimal("1.5"), flag=True,
            day=datetime.date(2026, 1, 1), moment=datetime.datetime.now(datetime.UTC),
            raw=b"\xff\x00", cover=Binding.cloth, free={}, words=["a"], box=Size(width=1),
        )  # fmt: skip


@pytest.fixture(params=["sqlite", "postgresql"])
async def url(request: pytest.FixtureRequest, worker_id: str, tmp_path: Path) -> AsyncIterator[URL]:
    given = f"sqlite:///{tmp_path}/house.db" if request.param == "sqlite" else address("postgresql")
    async with own_database(given, f"resources_schema_{worker_id}", models=House) as database:
        await database.create_tables()
        await fill(database)
        yield database.engine.url


@pytest.mark.slow
@pytest.mark.timeout(180)
async def test_every_answer_is_one_that_the_document_tells_of(url: URL) -> None:
    text = url.set(drivername=url.get_backend_name()).render_as_string(hide_password=False)

    failures = await to_thread.run_sync(failures_of, text)

    assert not failures, "\n\n".join(failures)


def failures_of(address: str) -> list[str]:
    """Serve the resources over a database, and send to each operation what its document says."""
    app = publishing(Database(address, models=House))
    with LiveServer(app) as server:
        return list(failing(app, server.url))


def failing(app: App, url: str) -> Iterator[str]:
    """Give what failed, operation for operation."""
    schema = schemathesis.openapi.from_dict(app.openapi())
    for result in schema.get_all_operations():
        for mode in (GenerationMode.POSITIVE, GenerationMode.NEGATIVE):
            operation = result.ok()
            try:
                send(operation, mode, url)
            except BaseExceptionGroup as error:
                said = "; ".join(map(str, error.exceptions))
                yield f"{operation.label} {mode}: {said}"


def send(operation: Any, mode: GenerationMode, url: str) -> None:
    """Send requests of one kind to one operation; raises what is wrong with an answer."""
    names = {parameter.name for parameter in operation.path_parameters}
    may_find = bool(names & {"id", "writer_id"}) and "anything" not in operation.path

    @BOUNDED
    @given(case=operation.as_strategy(mode), key=st.integers(1, 3), finds=st.booleans())
    def answers(case: Any, key: int, finds: bool) -> None:
        if finds and may_find:
            case.path_parameters = dict.fromkeys(names, key)
        case.call_and_validate(base_url=url, checks=CHECKS)

    answers()
