from __future__ import annotations

from itertools import count
from typing import Annotated

import pytest
from starlette.testclient import WebSocketDenialResponse
from websockets.exceptions import InvalidStatus
from websockets.sync.client import connect

from tests.middleware.exchanges import MemoryExchange
from trivet import App, Depends, Header, PlainTextResponse, Router, WebSocket
from trivet.errors import SetupError
from trivet.middleware.proxy import ProxyHeaders
from trivet.security.rate import MemoryRates, Rate, RatesAway, Taken
from trivet.security.rate_limit import RateLimit, address_of
from trivet.testing import TestClient
from trivet.testing.live import LiveServer

NUMBERS = count()


async def user(x_user: Annotated[str | None, Header()] = None) -> str | None:
    return x_user


async def ticket() -> int:
    return next(NUMBERS)


class Away:
    """A store that does not answer."""

    async def take(self, key: str, rate: Rate) -> Taken:
        raise RatesAway("no answer")


def serving(*limits: RateLimit) -> TestClient:
    app = App(hooks=[ProxyHeaders(trusted=["*"])])

    @app.get("/", dependencies=[Depends(limit) for limit in limits])
    async def index() -> str:
        return "hello"

    return TestClient(app)


def test_who_asks_too_often_is_refused_and_told_when_to_come_again() -> None:
    client = serving(RateLimit("2/hour"))

    assert [client.get("/").status_code for _ in range(2)] == [200, 200]
    refused = client.get("/")

    assert refused.status_code == 429
    wait = int(refused.headers["retry-after"])
    assert 1790 < wait <= 1800
    assert refused.json() == {"detail": f"Too many requests: try again in {wait} seconds"}
    assert refused.headers["ratelimit-policy"] == '"2/3600s";q=2;w=3600'
    assert refused.headers["ratelimit"].startswith('"2/3600s";r=0;t=3')


def test_answers_say_what_is_left() -> None:
    client = serving(RateLimit("5/hour", name='a "b"'))

    answer = client.get("/")

    assert answer.headers["ratelimit-policy"] == '"a \\"b\\"";q=5;w=3600'
    assert answer.headers["ratelimit"] == '"a \\"b\\"";r=4;t=720'


def test_several_limits_are_all_told_and_all_kept() -> None:
    client = serving(RateLimit("2/second", name="burst"), RateLimit("3/day", name="daily"))

    answer = client.get("/")

    policies = answer.headers.get_list("ratelimit-policy")
    assert policies == ['"burst";q=2;w=1', '"daily";q=3;w=86400']


def test_a_response_that_the_handler_makes_goes_out_as_it_is_and_counts() -> None:
    app = App()

    @app.get("/", dependencies=[Depends(RateLimit("1/hour"))])
    def index() -> PlainTextResponse:
        return PlainTextResponse("hello")

    client = TestClient(app)

    assert "ratelimit" not in client.get("/").headers
    assert client.get("/").status_code == 429


def test_addresses_count_by_themselves() -> None:
    client = serving(RateLimit("1/hour"))

    def ask(address: str) -> int:
        return client.get("/", headers={"X-Forwarded-For": address}).status_code

    assert ask("192.0.2.1") == 200
    assert ask("192.0.2.1") == 429
    assert ask("192.0.2.2") == 200
    assert ask("2001:db8:1:2::1") == 200
    assert ask("2001:db8:1:2:ffff::9") == 429
    assert ask("2001:db8:1:3::1") == 200


@pytest.mark.parametrize(
    ("client", "address"),
    [
        (("192.0.2.1", 1), "192.0.2.1"),
        (("2001:db8::1", 1), "2001:db8::/64"),
        (("fe80::1%eth0", 1), "fe80::/64"),
        (("a:strange:one", 1), "a:strange:one"),
        (None, ""),
    ],
)
def test_an_address_is_a_client_or_its_network(
    client: tuple[str, int] | None, address: str
) -> None:
    assert address_of(MemoryExchange(client=client).starlette()) == address


def test_a_dependency_says_whose_requests_are_counted() -> None:
    app = App()

    @app.get("/", dependencies=[Depends(RateLimit("1/hour", by=user))])
    async def index(name: Annotated[str | None, Depends(user)]) -> str:
        return name or "staff"

    client = TestClient(app)

    def ask(name: str) -> int:
        return client.get("/", headers={"X-User": name}).status_code

    assert [ask("ann"), ask("ann"), ask("bob")] == [200, 429, 200]
    assert [client.get("/").json() for _ in range(3)] == ["staff"] * 3  # None is not limited


def test_the_dependency_is_called_once_for_the_limit_and_the_handler() -> None:
    app = App()

    @app.get("/", dependencies=[Depends(RateLimit("9/hour", by=ticket))])
    async def index(number: Annotated[int, Depends(ticket)]) -> int:
        return number

    client = TestClient(app)
    first = client.get("/").json()

    assert client.get("/").json() == first + 1


def routes(store: MemoryRates, name: str | None = None) -> TestClient:
    """Two handlers with a limit each, and the first of them under two prefixes."""
    router = Router(dependencies=[Depends(RateLimit("2/hour", name=name, store=store))])
    other = Router(dependencies=[Depends(RateLimit("2/hour", name=name, store=store))])

    @router.api_route("/login/{user}", methods=["GET", "HEAD"])
    async def login(user: str) -> str:
        return user

    @other.get("/login/{user}")
    async def other_login(user: str) -> str:
        return user

    app = App()
    app.include_router(router, prefix="/a")
    app.include_router(router, prefix="/again")
    app.include_router(other, prefix="/b")
    return TestClient(app)


def test_handlers_count_by_themselves_whatever_their_address_is() -> None:
    client = routes(MemoryRates())

    assert client.get("/a/login/0").status_code == 200
    assert client.get("/again/login/1").status_code == 200
    assert client.get("/a/login/2").status_code == 429
    assert client.get("/b/login/0").status_code == 200


def test_head_counts_as_the_get_that_it_is() -> None:
    client = routes(MemoryRates())

    assert [client.head("/a/login/0").status_code for _ in range(2)] == [200, 200]
    assert client.get("/a/login/0").status_code == 429


def test_limits_of_one_name_count_together() -> None:
    client = routes(MemoryRates(), name="login")

    assert client.get("/a/login/0").status_code == 200
    assert client.get("/b/login/0").status_code == 200
    assert client.get("/a/login/0").status_code == 429


def test_a_limit_of_the_application_stands_at_every_route() -> None:
    app = App(dependencies=[Depends(RateLimit("1/hour", name="all"))])

    @app.get("/a")
    async def first() -> str:
        return "a"

    @app.post("/b")
    def second() -> str:
        return "b"

    client = TestClient(app)

    assert client.get("/a").status_code == 200
    assert client.post("/b").status_code == 429


def test_where_nobody_can_count_the_request_is_refused() -> None:
    answer = serving(RateLimit("1/hour", store=Away())).get("/")

    assert answer.status_code == 503
    assert answer.headers["retry-after"] == "5"
    assert answer.json() == {"detail": "Requests cannot be counted at the moment"}


def test_where_it_is_said_the_request_passes_uncounted() -> None:
    answer = serving(RateLimit("1/hour", store=Away(), fail_open=True)).get("/")

    assert answer.status_code == 200
    assert "ratelimit" not in answer.headers


@pytest.mark.parametrize("name", ["", " ", "a\nb", "größe"])
def test_a_name_that_cannot_stand_in_a_header_is_refused(name: str) -> None:
    with pytest.raises(SetupError) as caught:
        RateLimit("1/hour", name=name)

    assert caught.value.code == "security.rate"


def test_the_document_knows_nothing_of_a_limit() -> None:
    app = App()

    @app.get("/", dependencies=[Depends(RateLimit("1/hour"))])
    async def index() -> str:
        return "hello"

    assert "parameters" not in app.openapi()["paths"]["/"]["get"]


@pytest.mark.parametrize("told", ["192.0.2.1", "192.0.2.1, 198.51.100.7", "::1", "unknown", ""])
def test_an_address_that_a_client_makes_up_counts_for_nobody(told: str) -> None:
    """Only a proxy that is trusted says who the client is; a client says it in vain."""
    limit = RateLimit("2/hour")
    app = App(hooks=[ProxyHeaders(trusted=["10.0.0.1"])])

    @app.get("/", dependencies=[Depends(limit)])
    async def index() -> str:
        return "hello"

    client = TestClient(app, client=("203.0.113.5", 5000))
    names = ("X-Forwarded-For", "Forwarded", "X-Real-IP", "True-Client-IP", "CF-Connecting-IP")
    statuses = [
        client.get("/", headers={name: f"for={told}" if name == "Forwarded" else told}).status_code
        for name in names
    ]

    assert statuses == [200, 200, 429, 429, 429]


def test_behind_a_proxy_the_last_address_that_it_did_not_write_itself_counts() -> None:
    """What a client writes in front of the proxy's own word changes nothing."""
    app = App(hooks=[ProxyHeaders(trusted=["10.0.0.1"])])

    @app.get("/", dependencies=[Depends(RateLimit("2/hour"))])
    async def index() -> str:
        return "hello"

    client = TestClient(app, client=("10.0.0.1", 5000))
    statuses = [
        client.get("/", headers={"X-Forwarded-For": f"192.0.2.{n}, 203.0.113.5"}).status_code
        for n in range(4)
    ]

    assert statuses == [200, 200, 429, 429]


def test_openings_of_websockets_are_counted_and_refused_before_the_handshake() -> None:
    app = App()
    opened = []

    @app.websocket("/live", dependencies=[Depends(RateLimit("2/hour"))])
    async def live(socket: WebSocket) -> None:
        opened.append(1)
        await socket.accept()
        for _ in range(5):  # messages are not counted
            await socket.send_text("hello")
        await socket.close()

    client = TestClient(app)
    for _ in range(2):
        with client.websocket_connect("/live") as socket:
            assert [socket.receive_text() for _ in range(5)] == ["hello"] * 5
    with pytest.raises(WebSocketDenialResponse) as caught, client.websocket_connect("/live"):
        pass

    assert caught.value.status_code == 429
    assert int(caught.value.headers["retry-after"]) > 1700
    assert len(opened) == 2


def test_a_refused_opening_is_an_answer_on_the_socket_too() -> None:
    app = App()

    @app.websocket("/live", dependencies=[Depends(RateLimit("1/hour", name="live"))])
    async def live(socket: WebSocket) -> None:
        await socket.accept()
        await socket.close()

    with LiveServer(app) as server:
        with connect(server.ws_url + "/live"):
            pass
        with pytest.raises(InvalidStatus) as caught, connect(server.ws_url + "/live"):
            pass

    assert caught.value.response.status_code == 429
    assert "retry-after" in caught.value.response.headers
