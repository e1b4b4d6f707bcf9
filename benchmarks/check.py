"""Every peer has to give the one right answer to a case before it is measured in it."""

from __future__ import annotations

import http.client
import json
from dataclasses import dataclass
from typing import Any

from benchmarks.case import LoadCase, Request
from benchmarks.form_pages import shown_form


class WrongAnswer(Exception):
    """A peer does other work than the case asks for; the message says what came instead."""


@dataclass(frozen=True)
class Reply:
    """One complete answer; `headers` have lower-case names."""

    status: int
    headers: dict[str, str]
    body: bytes


def ask(port: int, request: Request) -> Reply:
    """Send one request on a connection of its own and read the whole answer."""
    connection = http.client.HTTPConnection("127.0.0.1", port, timeout=10)
    try:
        body = request.body.encode() or None
        connection.request(request.method, request.path, body, dict(request.headers))
        response = connection.getresponse()
        headers = {name.lower(): value for name, value in response.getheaders()}
        return Reply(response.status, headers, response.read())
    finally:
        connection.close()


def signed_in(port: int, case: LoadCase) -> LoadCase:
    """Give the case as somebody sends it who signed in to the server; raises WrongAnswer.

    They have a cookie where the answer has no body, and otherwise the access token in it.
    """
    if case.signs_in is None:
        return case
    reply = ask(port, Request(case.signs_in, "POST"))
    if reply.status == 200:
        try:
            token = json.loads(reply.body)["access_token"]
        except (ValueError, TypeError, KeyError) as error:
            raise WrongAnswer(f"{case.signs_in} gave no token: {reply.body[:200]!r}") from error
        return case.with_header("authorization", f"Bearer {token}")
    cookie = _cookie(reply)
    if reply.status != 204 or "=" not in cookie:
        raise WrongAnswer(f"{case.signs_in} gave {reply.status} and the cookie {cookie!r}")
    return case.with_header("cookie", cookie)


def filled_in(port: int, case: LoadCase) -> LoadCase:
    """Give the case as a browser sends it that has the page of its form; raises WrongAnswer."""
    if case.fills_in is None:
        return case
    reply = ask(port, Request(case.fills_in))
    cookie, hidden = _cookie(reply), shown_form(reply.body).hidden
    if reply.status != 200 or "=" not in cookie or not all(hidden.values()) or not hidden:
        raise WrongAnswer(
            f"{case.fills_in} gave {reply.status}, the cookie {cookie!r} and the hidden {hidden}"
        )
    return case.with_header("cookie", cookie).with_fields(hidden)


def verify(port: int, case: LoadCase) -> None:
    """Compare the answers of the server on `port` with the case; raises WrongAnswer."""
    if case.proof is None:
        for example in case.examples():
            compare(example, ask(port, example.request))
    for request in case.refused:
        reply = ask(port, request)
        if not 400 <= reply.status < 500:
            line = f"{request.method} {request.path} {request.body}".strip()
            raise WrongAnswer(f"{line} has to be refused with a 4xx and got {reply.status}")


def compare(case: LoadCase, reply: Reply) -> None:
    """Compare one answer with the case: status, headers and body; raises WrongAnswer."""
    framed(case, reply)
    try:
        if case.page is not None:
            case.page(reply.body)
            return
        found = events(reply.body) if case.events else json.loads(reply.body)
    except ValueError as error:
        what = "no JSON" if case.page is None else "not the page"
        raise WrongAnswer(f"{what} ({error}): {reply.body[:200]!r}") from error
    if found != case.answer:
        raise WrongAnswer(f"body {reply.body[:200]!r} in place of {str(case.answer)[:200]}")


def framed(case: LoadCase, reply: Reply) -> None:
    """Compare all but the body with the case: status, type and length; raises WrongAnswer."""
    if reply.status != case.status:
        raise WrongAnswer(f"status {reply.status} in place of {case.status}: {reply.body[:200]!r}")
    kind = reply.headers.get("content-type", "")
    if kind.split(";")[0].strip() != case.content_type:
        raise WrongAnswer(f"content-type {kind!r} in place of {case.content_type!r}")
    length = reply.headers.get("content-length")
    if not case.events and length != str(len(reply.body)):
        raise WrongAnswer(f"content-length {length!r} for a body of {len(reply.body)} bytes")


def _cookie(reply: Reply) -> str:
    return reply.headers.get("set-cookie", "").partition(";")[0]


def events(body: bytes) -> list[Any]:
    """Give the JSON in the data of each server-sent event, comments and other fields left out."""
    found = []
    for block in body.replace(b"\r\n", b"\n").split(b"\n\n"):
        lines = [
            line.removeprefix(b"data:").strip()
            for line in block.split(b"\n")
            if line.startswith(b"data:")
        ]
        if lines:
            found.append(json.loads(b"\n".join(lines)))
    return found


def verify_thread(port: int) -> None:
    """Make sure that a blocking handler runs off the event loop's thread; raises WrongAnswer."""
    if json.loads(ask(port, Request("/sync/thread")).body) != {"main": False}:
        raise WrongAnswer("the blocking handler ran on the event loop's thread")


def verify_sessions(port: int) -> None:
    """Make sure that every dependency with clean-up was cleaned up; raises WrongAnswer."""
    found = json.loads(ask(port, Request("/sessions")).body)
    if not found["opened"] or found["opened"] != found["closed"]:
        raise WrongAnswer(f"sessions left open after the load: {found}")
