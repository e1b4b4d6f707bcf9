"""Where clients come in: a WebSocket, a stream of events, publishing, and the browser's client."""

from __future__ import annotations

from importlib.resources import files
from typing import TYPE_CHECKING, Annotated, Any, Literal

from pydantic import BaseModel
from starlette.requests import Request
from starlette.responses import Response
from starlette.websockets import WebSocket

from trivet.binding.params import Header, Query
from trivet.errors import HTTPException, RequestValidationError
from trivet.realtime.client import Client, InvalidMessage
from trivet.realtime.closing import RefusedError, status_of
from trivet.realtime.events import EventsResponse, places_of
from trivet.realtime.origin import is_allowed
from trivet.realtime.socket import Connection
from trivet.routing.router import Router

if TYPE_CHECKING:
    from trivet.realtime.realtime import Realtime

__all__ = ["routes_of"]

_FOREIGN = "Pages of other origins may not use this; see Realtime(origins=[…])."


class ToPublish(BaseModel):
    """What a client of events publishes."""

    channel: str
    data: Any


def routes_of(realtime: Realtime) -> Router:
    """Give the routes of a part, below its prefix."""
    router = Router(prefix=realtime.prefix, include_in_schema=False)

    @router.websocket("/socket")
    async def socket(socket: WebSocket) -> None:
        if not is_allowed(socket, realtime.origins):
            await socket.send_denial_response(Response(_FOREIGN, 403, media_type="text/plain"))
            return
        connection = Connection(realtime, socket)
        with realtime.having(connection.client.waiting, connection):
            await connection.serve()

    @router.get("/events")
    async def events(
        request: Request,
        channel: Annotated[list[str], Query()],
        after: Annotated[list[str], Query()] = [],  # noqa: B006  # copied for each request
        last: Annotated[int, Query(ge=0, le=1000)] = 0,
        refusals: Literal["status", "events"] = "status",
        last_event_id: Annotated[str | None, Header()] = None,
    ) -> Response:
        _check_origin(request, realtime)
        client = Client(realtime, request)
        names = list(dict.fromkeys(channel))
        places = places_of(last_event_id, after, len(names))
        response = await EventsResponse.opened(client, names, places, last)
        if refusals == "status" and not client.subscriptions:
            raise _answer(response.refusals[0])
        realtime.note(client.waiting)
        return response

    @router.post("/publish", status_code=204)
    async def publish(request: Request, message: ToPublish) -> None:
        _check_origin(request, realtime)
        try:
            await Client(realtime, request).publish(message.channel, message.data)
        except InvalidMessage as error:
            places = [{**one, "loc": ("body", *one["loc"])} for one in error.errors]
            raise RequestValidationError(places, body=message.data) from error
        except RefusedError as error:
            raise _answer(error) from error

    script = files("trivet.realtime").joinpath("client.js").read_bytes()

    @router.get("/client.js")
    async def client_script() -> Response:
        return Response(
            script,
            media_type="text/javascript; charset=utf-8",
            headers={"cache-control": "no-cache"},
        )

    return router


def _check_origin(request: Request, realtime: Realtime) -> None:
    if not is_allowed(request, realtime.origins):
        raise HTTPException(403, _FOREIGN)


def _answer(error: RefusedError) -> HTTPException:
    """Give the answer that a refusal is."""
    status = status_of(error.code)
    return HTTPException(status, error.reason, {"retry-after": "1"} if status == 503 else None)
