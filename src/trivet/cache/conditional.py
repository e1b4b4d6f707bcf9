"""Conditional answers without a cache: what the client has already is not sent again.

`Conditions` is for a handler that knows a version or a date of what it gives, before it makes it;
`conditional` makes the tag of the finished answer, which saves the sending and not the work.
"""

from __future__ import annotations

from datetime import datetime
from typing import Any

from starlette.requests import Request
from starlette.responses import Response

from trivet.cache.answers import judged, tagged
from trivet.cache.declared import check_reads
from trivet.errors import HTTPException
from trivet.http.conditional import KEPT_BY_NOT_MODIFIED, entity_tag, http_date, verdict
from trivet.http.exchange import Answer, Exchange, Head
from trivet.routing.enclosing import Enclosing, Enclosure, Handler, Visit, enclosed
from trivet.routing.state import RouteState

__all__ = ["Conditions", "conditional"]

_READING = frozenset({"GET", "HEAD"})


class Conditions:
    """The conditions of a request, as a dependency: ``Annotated[Conditions, Depends()]``.

    For GET and HEAD, and for what changes something: there they keep one from overwriting what
    somebody else has changed meanwhile.
    """

    def __init__(self, request: Request, response: Response) -> None:
        self._request = request
        self._response = response

    def check(
        self,
        *,
        version: object = None,
        etag: str | None = None,
        last_modified: datetime | None = None,
    ) -> None:
        """Say what is there now, and go on only where the client does not know it yet.

        `version` is anything whose text is another one whenever the content is: a number, a moment,
        a tuple. `etag` is a whole entity tag instead, with its quotes. Both go into the answer's
        headers. Raises `HTTPException`: 304 where the client has it, 412 where it meant another one
        (RFC 9110, 13). Without arguments nothing is there yet.
        """
        if etag is None and version is not None:
            etag = entity_tag(version)
        headers = self._response.headers
        if etag is not None:
            headers["etag"] = etag
        changed = None if last_modified is None else http_date(last_modified)
        if changed is not None:
            headers["last-modified"] = changed
        reads = self._request.method in _READING
        status = verdict(self._request.headers, etag, changed, reads=reads)
        if status == 304:
            kept = {name: value for name, value in headers.items() if name in KEPT_BY_NOT_MODIFIED}
            raise HTTPException(304, headers=kept)
        if status is not None:
            raise HTTPException(status, "This has been changed, or is not what you expect")


def conditional(handler: Handler) -> Handler:
    """Give the answers of a GET route an ETag of their content, and 304 who has them.

    Under the verb. An ETag of the handler's own stays. What is streamed passes untouched.
    """
    return enclosed(_Conditional())(handler)


class _Conditional(Enclosing):
    def around(self, app: Any, route: RouteState) -> Enclosure:
        check_reads(route, "conditional")
        return _Tagging()


class _Tagging(Enclosure):
    def visit(self, exchange: Exchange) -> Visit:
        return _Tagged(exchange)

    def explained(self) -> list[str]:
        return ["an ETag of the content; 304 for who has it"]


class _Tagged(Visit):
    def __init__(self, exchange: Exchange) -> None:
        self._exchange = exchange

    async def answered(self, answer: Answer) -> Answer:
        if answer.status != 200:
            return answer
        headers = tagged([*answer.head.headers, *(answer.extra or ())], answer.body)
        dressed = judged(self._exchange.headers, Answer(Head(200, headers), answer.body))
        dressed.background = answer.background
        return dressed
