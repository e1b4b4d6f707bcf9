"""What is put on answers while one develops: a header that names their page, and the toolbar.

Both only for those who may look at the pages.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Any, ClassVar

from starlette.requests import HTTPConnection

from trivet.app.hooks import secure_headers_of
from trivet.devtools.guard import is_local
from trivet.devtools.recorder import present_record
from trivet.devtools.records import Record
from trivet.devtools.redacted import header_rows
from trivet.devtools.toolbar import NONE, Way, inserted, is_page, way_of
from trivet.http.exchange import Answer, Exchange, Message, Send
from trivet.http.mounts import mount_of
from trivet.middleware.content_policy import NONCE, csp_nonce, page_policy, written_policy
from trivet.middleware.dress import lowered, with_header
from trivet.middleware.hook import Hook

__all__ = ["HEADER", "AnswerHook"]

HEADER = b"x-trivet-request"

Headers = Sequence[tuple[bytes, bytes]]


class AnswerHook(Hook):
    """Marks the answers of recorded requests."""

    __slots__ = ("_app", "_has_toolbar", "_hosts", "_path", "_script")

    name: ClassVar[str] = "devtools"

    def __init__(
        self,
        app: Any,  # Any: the application, whose headers are asked for when they are complete
        path: str,
        script: Callable[[str], str],
        *,
        hosts: Sequence[str],
        has_toolbar: bool,
    ) -> None:
        self._app = app
        self._path = path
        self._script = script
        self._hosts = hosts
        self._has_toolbar = has_toolbar

    def after(self, exchange: Exchange, answer: Answer) -> Answer:
        """Mark a ready answer."""
        record = self._record(exchange)
        if record is None:
            return answer
        headers = answer.headers()
        record.answer_headers = header_rows(headers)
        background = answer.background
        if self._shows(exchange, record, headers):
            way = self._way(exchange, headers)
            body = None if way is NONE else self._with_toolbar(exchange, record, answer.body, way)
            if body is not None:
                answer = Answer(answer.head, body, answer.extra)
        marked = with_header(answer, HEADER, self._page(exchange, record))
        marked.background = background
        return marked

    def wrap(self, exchange: Exchange, send: Send) -> Send:
        """Mark a streamed answer."""
        record = self._record(exchange)
        if record is None:
            return send
        way: Way = NONE
        head: Message | None = None  # of a page, kept until it is known how long the page is

        async def marked(message: Message) -> None:
            nonlocal way, head
            if message["type"] == "http.response.start":
                headers = lowered(message.get("headers", ()))
                record.answer_headers = header_rows(headers)
                message["headers"] = [*headers, (HEADER, self._page(exchange, record))]
                if self._shows(exchange, record, headers):
                    way = self._way(exchange, headers)
                if way is not NONE:
                    head = message
                    return
            elif way is not NONE and message.get("body"):
                body = self._with_toolbar(exchange, record, message["body"], way)
                is_whole = head is not None and not message.get("more_body", False)
                has_length = head is not None and _length_of(head) is not None
                if body is not None and (is_whole or not has_length):
                    message = {**message, "body": body}
                    if head is not None and has_length:
                        _set_length(head, len(body))
                    way = NONE
            if head is not None:
                if _length_of(head) is not None:
                    way = NONE  # what is sent in pieces of a known length stays as it is
                await send(head)
                head = None
            await send(message)

        return marked

    def _record(self, exchange: Exchange) -> Record | None:
        record = present_record()
        if record is None or record.kind != "request" or record.ended is not None:
            return None
        return record if is_local(exchange.scope, self._hosts) else None

    def _page(self, exchange: Exchange, record: Record) -> bytes:
        return f"{mount_of(exchange.scope)}{self._path}/requests/{record.number}".encode()

    def _shows(self, exchange: Exchange, record: Record, headers: Headers) -> bool:
        if not (self._has_toolbar and exchange.method != "HEAD" and is_page(headers)):
            return False
        # A page in a page, and a part of one that a script asks for, have no toolbar of their own.
        wanted = exchange.header(b"sec-fetch-dest")
        return wanted is None or wanted == b"document"

    def _way(self, exchange: Exchange, headers: Headers) -> Way:
        told = [v.decode("latin-1") for name, v in headers if name == b"content-security-policy"]
        if not told:
            told = self._policies_to_come(exchange)
        return way_of([one for policy in told for one in policy.split(",")])

    def _policies_to_come(self, exchange: Exchange) -> list[str]:
        """Give the policy that the application's headers put on this answer behind this hook."""
        headers = secure_headers_of(self._app)
        policy = None if headers is None else headers.content_security_policy
        text = written_policy(policy)
        if text is None:
            return []
        if NONCE not in text:
            return [text]
        connection = HTTPConnection(exchange.scope)
        csp_nonce(connection)  # asked for now, so that it is told
        found = page_policy(policy, connection) if not isinstance(policy, str) else None
        return [found or text.replace(NONCE, f"'nonce-{csp_nonce(connection)}'")]

    def _with_toolbar(
        self, exchange: Exchange, record: Record, body: bytes, way: Way
    ) -> bytes | None:
        mount = mount_of(exchange.scope)
        faults = record.faults()
        facts = {
            "request": self._page(exchange, record).decode(),
            "home": mount + self._path,
            "milliseconds": f"{record.seconds * 1000:.1f}",
            "queries": str(len(record.queries)),
            "query-milliseconds": f"{record.query_seconds * 1000:.1f}",
            "faults": str(len(faults)),
            "logs": str(record.warnings),
        }
        return inserted(body, self._script(mount), facts, way or "")


def _length_of(head: Message) -> bytes | None:
    return next((value for name, value in head["headers"] if name == b"content-length"), None)


def _set_length(head: Message, length: int) -> None:
    head["headers"] = [
        (name, b"%d" % length if name == b"content-length" else value)
        for name, value in head["headers"]
    ]
