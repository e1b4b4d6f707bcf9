"""Exchanges in memory, and the onion that an application makes of its hooks."""

from __future__ import annotations

from collections.abc import Iterable, Sequence

from starlette.requests import Request

from trivet.http.exchange import Answer, Exchange, Head, Message, Receive, Scope, Send
from trivet.middleware.hook import Hook, hooked

Headers = Sequence[tuple[str, str]]


class MemoryExchange(Exchange):
    """An exchange whose answer lands in `sent`."""

    def __init__(
        self,
        method: str = "GET",
        path: str = "/",
        headers: Headers = (),
        *,
        query: bytes = b"",
        scheme: str = "http",
        client: tuple[str, int] | None = ("192.0.2.7", 40000),
    ) -> None:
        self.method = method
        self.path = path
        self.query = query
        self.headers = [(name.lower().encode(), value.encode("latin-1")) for name, value in headers]
        self.body = b""
        self.params = ()
        self.request = None
        self.sent: list[Message] = []
        self._scope: Scope = {
            "type": "http",
            "method": method,
            "scheme": scheme,
            "path": path,
            "raw_path": path.encode(),
            "root_path": "",
            "query_string": query,
            "headers": self.headers,
            "client": client,
            "server": ("testserver", 80),
            "state": {},
        }

    @property
    def scope(self) -> Scope:
        return self._scope

    @property
    def receive(self) -> Receive:
        async def receive() -> Message:
            return {"type": "http.disconnect"}

        return receive

    @property
    def send(self) -> Send:
        async def send(message: Message) -> None:
            self.sent.append(message)

        return send

    @property
    def started(self) -> bool:
        return bool(self.sent)

    async def reply(self, answer: Answer) -> None:
        start = {"type": "http.response.start", "status": answer.status}
        self.sent.append({**start, "headers": answer.headers()})
        self.sent.append({"type": "http.response.body", "body": answer.body})

    def starlette(self) -> Request:
        return Request(self._scope)


def ready(
    body: bytes | str = b"", status: int = 200, headers: Headers = (), extra: Headers | None = None
) -> Answer:
    """Make a ready answer with a head of its own."""
    return Answer(
        Head(status, [(n.encode(), v.encode("latin-1")) for n, v in headers]),
        body.encode() if isinstance(body, str) else body,
        None if extra is None else [(n.encode(), v.encode("latin-1")) for n, v in extra],
    )


def answered(hooks: Hook | Iterable[Hook], exchange: Exchange, answer: Answer) -> Answer:
    """Give what the client gets when the route answers with `answer`."""
    passed = []
    for methods in [hooked(hook) for hook in ([hooks] if isinstance(hooks, Hook) else hooks)]:
        refusal = methods.before(exchange) if methods.before else None
        if refusal is not None:
            answer = refusal
            break
        passed.append(methods)
    for methods in reversed(passed):
        if methods.after:
            answer = methods.after(exchange, answer)
    return answer


async def streamed(
    hook: Hook, exchange: MemoryExchange, chunks: Sequence[bytes], headers: Headers = (),
    status: int = 200,
) -> Answer:  # fmt: skip
    """Give what the client gets when the route streams `chunks`, as one answer."""
    methods = hooked(hook)
    assert methods.before is None or methods.before(exchange) is None
    send = methods.wrap(exchange, exchange.send) if methods.wrap else exchange.send
    raw = [(name.encode(), value.encode("latin-1")) for name, value in headers]
    await send({"type": "http.response.start", "status": status, "headers": raw})
    for chunk in chunks:
        await send({"type": "http.response.body", "body": chunk, "more_body": True})
    await send({"type": "http.response.body", "body": b"", "more_body": False})
    start, *rest = exchange.sent
    body = b"".join([message["body"] for message in rest])
    return Answer(Head(start["status"], start["headers"]), body)


def values(answer: Answer, name: str) -> list[str]:
    """Give every value of the header `name`, in order."""
    return [v.decode("latin-1") for n, v in answer.headers() if n == name.encode()]


def one(answer: Answer, name: str) -> str | None:
    """Give the only value of the header `name`, or None where there is none."""
    found = values(answer, name)
    assert len(found) < 2, f"{name} is there {len(found)} times"
    return found[0] if found else None
