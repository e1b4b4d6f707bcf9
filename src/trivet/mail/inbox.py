"""The inbox of development: the last messages, in the memory of the process, and their pages.

Messages are made by the developer's own code, with what visitors typed into it: their HTML is shown
in a frame of its own, without scripts and without an origin. What is attached is only downloaded.
"""

from __future__ import annotations

import base64
import re
from collections import deque
from collections.abc import Iterator
from hashlib import sha256
from urllib.parse import quote

from starlette.responses import HTMLResponse, Response

from trivet.errors import HTTPException
from trivet.mail.inbox_pages import Kept, message_page, messages_page, style
from trivet.mail.message import Attachment, Message
from trivet.mail.mime import mime_of
from trivet.routing.router import Router

__all__ = ["INBOX_PATH", "Inbox", "inbox_router"]

INBOX_PATH = "/_dev/mail"
"""Where the inbox is."""
_MOST = 200  # messages
_CID = re.compile(r"""(?<=["'(])\s*cid:([^"')\s]+)""", re.IGNORECASE)
_HEAD = re.compile(r"<head\b[^>]*>", re.IGNORECASE)
_BLANK = '<base target="_blank">'
_COMMON = {
    "cache-control": "no-store",
    "referrer-policy": "no-referrer",
    "x-content-type-options": "nosniff",
}
# Links may be followed, in a window of their own; nothing else may be done.
_FRAME = (
    "sandbox allow-popups allow-popups-to-escape-sandbox; default-src 'none';"
    " img-src 'self' data: https:; style-src 'unsafe-inline'; form-action 'none';"
    " frame-ancestors 'self'"
)


class Inbox:
    """The last messages of the application."""

    def __init__(self) -> None:
        self._kept: deque[Kept] = deque(maxlen=_MOST)
        self._count = 0

    def add(self, message: Message) -> Kept:
        """Keep a message, and forget the oldest where there are too many."""
        self._count += 1
        kept = Kept(self._count, message)
        self._kept.append(kept)
        return kept

    def __iter__(self) -> Iterator[Kept]:
        """Give the newest first."""
        return reversed(self._kept)

    def find(self, number: int) -> Kept:
        """Give a message; raises a 404."""
        for kept in self._kept:
            if kept.number == number:
                return kept
        raise HTTPException(404, "this message is not there, or no longer")


def inbox_router(inbox: Inbox) -> Router:
    """Give the pages of an inbox."""
    router = Router(prefix=INBOX_PATH, include_in_schema=False)

    @router.get("")
    async def messages() -> Response:
        return _page(messages_page(list(inbox), INBOX_PATH))

    @router.get("/{number}")
    async def message(number: int) -> Response:
        return _page(message_page(inbox.find(number), INBOX_PATH))

    @router.get("/{number}/html")
    async def html(number: int) -> Response:
        found = inbox.find(number).message
        if found.html is None:
            raise HTTPException(404, "this message has no HTML")
        return HTMLResponse(_framed(found), headers={**_COMMON, "content-security-policy": _FRAME})

    @router.get("/{number}/source")
    async def source(number: int) -> Response:
        content = mime_of(inbox.find(number).message).as_bytes()
        return _download(content, f"message-{number}.eml")

    @router.get("/{number}/attachments/{index}")
    async def attachment(number: int, index: int) -> Response:
        found = inbox.find(number).message.attachments
        if not 0 <= index < len(found):
            raise HTTPException(404, "this message has no such attachment")
        return _download(found[index].content, found[index].name)

    return router


def _page(text: str) -> Response:
    allowed = base64.b64encode(sha256(style().encode()).digest()).decode()
    policy = (
        f"default-src 'none'; style-src 'sha256-{allowed}'; frame-src 'self'; base-uri 'none';"
        " form-action 'none'; frame-ancestors 'none'"
    )
    return HTMLResponse(text, headers={**_COMMON, "content-security-policy": policy})


def _download(content: bytes, name: str) -> Response:
    """Give a file that is saved and never shown, whatever it is."""
    headers = {
        **_COMMON,
        "content-disposition": f"attachment; filename*=UTF-8''{quote(name, safe='')}",
        "content-security-policy": "sandbox; default-src 'none'",
    }
    return Response(content, media_type="application/octet-stream", headers=headers)


def _framed(message: Message) -> str:
    """Give the HTML with its pictures in it, and with links that open a window."""
    pictures = {one.cid: one for one in message.attachments if one.cid is not None}

    def shown(found: re.Match[str]) -> str:
        picture = pictures.get(found[1])
        return found[0] if picture is None else _data(picture)

    html = _CID.sub(shown, message.html or "")
    head = _HEAD.search(html)
    if head is None:
        return _BLANK + html
    return html[: head.end()] + _BLANK + html[head.end() :]


def _data(picture: Attachment) -> str:
    return f"data:{picture.type};base64,{base64.b64encode(picture.content).decode()}"
