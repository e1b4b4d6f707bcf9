from __future__ import annotations

import json
from collections.abc import Callable
from datetime import UTC, datetime
from http.cookies import Morsel, SimpleCookie
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st
from itsdangerous import TimestampSigner
from starlette.requests import Request

from tests.middleware.exchanges import MemoryExchange, one, ready, streamed
from trivet.errors import SetupError
from trivet.http.exchange import Answer
from trivet.middleware.session import Session
from trivet.middleware.sessions import SessionError, Sessions

SECRET = "the first secret, and it is long enough"
OTHER = "another secret, which is long enough"
Visit = Callable[[Request], object]


def visit(
    hook: Sessions, handler: Visit, cookie: str | None = None, *, scheme: str = "http"
) -> tuple[Answer, Any]:
    """One request: the answer, and what the handler returned."""
    headers = [] if cookie is None else [("Cookie", cookie)]
    exchange = MemoryExchange(headers=headers, scheme=scheme)
    hook.before(exchange)
    result = handler(exchange.starlette())
    return hook.after(exchange, ready("x")), result


def kept(answer: Answer) -> str:
    """The Cookie header that a browser sends after this answer."""
    header = one(answer, "set-cookie")
    assert header is not None
    return header.partition(";")[0]


def morsel(answer: Answer) -> Morsel[str]:
    (found,) = SimpleCookie(one(answer, "set-cookie")).values()
    return found


def put(key: str, value: object) -> Visit:
    return lambda request: request.session.update({key: value})


def read(request: Request) -> dict[str, Any]:
    return dict(request.session)


json_values = st.recursive(
    st.none() | st.booleans() | st.integers() | st.text(max_size=10),
    lambda inner: (
        st.lists(inner, max_size=3) | st.dictionaries(st.text(max_size=5), inner, max_size=3)
    ),
    max_leaves=8,
)


@given(st.dictionaries(st.text(max_size=5), json_values, max_size=4))
def test_what_is_put_in_comes_back(values: dict[str, Any]) -> None:
    hook = Sessions(secrets=SECRET)

    answer, _ = visit(hook, lambda request: request.session.update(values))
    cookie = kept(answer) if values else None

    assert visit(hook, read, cookie)[1] == values


def test_a_session_that_nobody_touches_costs_no_header() -> None:
    hook = Sessions(secrets=SECRET)
    cookie = kept(visit(hook, put("a", 1))[0])

    answer, _ = visit(hook, lambda request: None, cookie)

    assert one(answer, "set-cookie") is None
    assert one(answer, "vary") is None


def test_a_session_that_is_only_read_is_not_written() -> None:
    hook = Sessions(secrets=SECRET)
    cookie = kept(visit(hook, put("a", 1))[0])

    answer, _ = visit(hook, read, cookie)

    assert one(answer, "set-cookie") is None
    assert one(answer, "vary") == "Cookie"


def test_a_change_deep_inside_is_kept() -> None:
    hook = Sessions(secrets=SECRET)
    cookie = kept(visit(hook, put("cart", []))[0])

    cookie = kept(visit(hook, lambda r: r.session["cart"].append("tea"), cookie)[0])

    assert visit(hook, read, cookie)[1] == {"cart": ["tea"]}


def test_rolling_renews_a_session_that_is_read() -> None:
    hook = Sessions(secrets=SECRET, rolling=True)
    cookie = kept(visit(hook, put("a", 1))[0])

    answer, _ = visit(hook, read, cookie)

    assert one(answer, "set-cookie") is not None


def test_a_session_that_is_emptied_is_deleted() -> None:
    hook = Sessions(secrets=SECRET)
    cookie = kept(visit(hook, put("a", 1))[0])

    answer, _ = visit(hook, lambda request: request.session.clear(), cookie)

    assert morsel(answer)["max-age"] == "0"
    assert morsel(answer)["expires"] == "Thu, 01 Jan 1970 00:00:00 GMT"


def test_an_empty_session_is_not_written() -> None:
    answer, _ = visit(Sessions(secrets=SECRET), lambda request: request.session.clear())

    assert one(answer, "set-cookie") is None


@pytest.mark.parametrize("position", range(0, 60, 7))
def test_a_cookie_that_was_changed_is_an_empty_session(position: int) -> None:
    hook = Sessions(secrets=SECRET)
    name, _, value = kept(visit(hook, put("user", 1))[0]).partition("=")
    at = position % len(value)
    forged = value[:at] + ("A" if value[at] != "A" else "B") + value[at + 1 :]

    assert visit(hook, read, f"{name}={forged}")[1] == {}


@pytest.mark.parametrize("value", ["", "x", "a.b.c", "é", '"\\351"', "." * 9, "bnVsbA"])
def test_a_cookie_that_is_none_of_ours_is_an_empty_session(value: str) -> None:
    assert visit(Sessions(secrets=SECRET), read, f"session={value}")[1] == {}


def test_every_secret_verifies_and_the_first_signs() -> None:
    old = kept(visit(Sessions(secrets=OTHER), put("a", 1))[0])
    both = Sessions(secrets=[SECRET, OTHER])

    renewed = kept(visit(both, put("b", 2), old)[0])

    assert visit(Sessions(secrets=SECRET), read, renewed)[1] == {"a": 1, "b": 2}
    assert visit(Sessions(secrets=OTHER), read, renewed)[1] == {}


def test_a_session_under_another_name_does_not_count() -> None:
    value = kept(visit(Sessions(secrets=SECRET, cookie="a"), put("x", 1))[0]).partition("=")[2]

    assert visit(Sessions(secrets=SECRET, cookie="b"), read, f"b={value}")[1] == {}


def test_a_session_ends_after_its_age(monkeypatch: pytest.MonkeyPatch) -> None:
    hook = Sessions(secrets=SECRET, max_age=3600)
    cookie = kept(visit(hook, put("a", 1))[0])
    now = int(datetime.now(UTC).timestamp())

    monkeypatch.setattr(TimestampSigner, "get_timestamp", lambda signer: now + 3500)
    assert visit(hook, read, cookie)[1] == {"a": 1}
    monkeypatch.setattr(TimestampSigner, "get_timestamp", lambda signer: now + 3700)
    assert visit(hook, read, cookie)[1] == {}


def test_scripts_cannot_read_it_and_other_sites_do_not_send_it() -> None:
    found = morsel(visit(Sessions(secrets=SECRET), put("a", 1))[0])

    assert found["httponly"] is True
    assert found["samesite"] == "lax"
    assert found["path"] == "/"
    assert found["max-age"] == "1209600"


@pytest.mark.parametrize(
    ("scheme", "secure", "expected"),
    [("http", None, ""), ("https", None, True), ("http", True, True), ("https", False, "")],
)
def test_secure_follows_the_scheme_unless_it_is_set(
    scheme: str, secure: bool | None, expected: object
) -> None:
    answer, _ = visit(Sessions(secrets=SECRET, secure=secure), put("a", 1), scheme=scheme)

    assert morsel(answer)["secure"] == expected


def test_the_host_prefix_is_written_with_what_it_promises() -> None:
    hook = Sessions(secrets=SECRET, host_prefix=True)

    answer, _ = visit(hook, put("a", 1))

    assert morsel(answer).key == "__Host-session"
    assert morsel(answer)["secure"] is True
    assert visit(hook, read, kept(answer))[1] == {"a": 1}


def test_without_an_age_the_cookie_ends_with_the_browser() -> None:
    hook = Sessions(secrets=SECRET, max_age=None)

    assert morsel(visit(hook, put("a", 1))[0])["max-age"] == ""


def test_more_than_a_cookie_holds_is_refused() -> None:
    hook = Sessions(secrets=SECRET)

    with pytest.raises(SessionError, match=r"the most is under 'cart'.*database or cache"):
        visit(hook, lambda r: r.session.update(user=1, cart="x" * 4000))


def test_values_that_json_cannot_write_are_refused() -> None:
    with pytest.raises(SessionError, match="isoformat"):
        visit(Sessions(secrets=SECRET), put("at", datetime.now(UTC)))


def test_an_answer_without_a_session_passes() -> None:
    """The hook before this one failed, and its error is answered."""
    route = ready("x", 500)

    assert Sessions(secrets=SECRET).after(MemoryExchange(), route) is route


async def test_streamed_answers_keep_the_session_too() -> None:
    class Handled(Sessions):
        __slots__ = ()

        def before(self, exchange: Any) -> None:
            super().before(exchange)
            exchange.starlette().session["a"] = 1

    hook = Handled(secrets=SECRET)

    answer = await streamed(hook, MemoryExchange(), [b"x"], [("vary", "Accept")])

    assert visit(Sessions(secrets=SECRET), read, kept(answer))[1] == {"a": 1}
    assert one(answer, "vary") == "Accept, Cookie"


def test_a_dictionary_in_the_sessions_place_is_kept() -> None:
    hook = Sessions(secrets=SECRET)

    answer, _ = visit(hook, lambda request: request.scope.update(session={"b": 2}))

    assert visit(hook, read, kept(answer))[1] == {"b": 2}


def test_a_websocket_reads_the_session() -> None:
    hook = Sessions(secrets=SECRET)
    cookie = kept(visit(hook, put("a", 1))[0])
    scope = MemoryExchange(headers=[("Cookie", cookie)]).scope

    hook.connect(scope)

    assert scope["session"] == {"a": 1}


@pytest.mark.parametrize(
    "look",
    [
        lambda s: s["a"] == 1, lambda s: "a" in s, lambda s: s.get("a") == 1, len, bool, list,
        lambda s: s == {"a": 1}, lambda s: s != {}, repr, dict, lambda s: s.copy(),
        lambda s: s | {}, lambda s: {} | s, lambda s: {**s}, lambda s: list(reversed(s)),
        lambda s: list(s.values()), lambda s: s.setdefault("a", 2) == 1, lambda s: s.popitem(),
        lambda s: s.pop("a") == 1, lambda s: list(s.items()), lambda s: list(s.keys()),
    ],
)  # fmt: skip
def test_every_way_of_looking_loads_the_values(look: Callable[[Session], object]) -> None:
    loads = []
    session = Session(lambda: loads.append(1) or '{"a": 1}')  # type: ignore[func-returns-value]

    assert look(session)

    assert loads == [1]


def test_a_loaded_session_is_a_dictionary_to_json() -> None:
    session = Session(lambda: '{"a": 1}')
    session.mark_accessed()

    assert json.dumps(session) == '{"a": 1}'


@pytest.mark.parametrize(
    ("settings", "mend"),
    [
        ({"secrets": "short"}, "token_urlsafe"),
        ({"secrets": []}, "token_urlsafe"),
        ({"secrets": [SECRET, ""]}, "token_urlsafe"),
        ({"secrets": SECRET, "max_age": 0}, "above 0"),
        ({"secrets": SECRET, "cookie": "a b"}, "letters"),
        ({"secrets": SECRET, "same_site": "none", "secure": False}, "secure=True"),
        ({"secrets": SECRET, "host_prefix": True, "path": "/app"}, "path='/'"),
        ({"secrets": SECRET, "host_prefix": True, "secure": False}, "secure=True"),
    ],
)
def test_settings_that_cannot_be_safe_are_refused(settings: dict[str, Any], mend: str) -> None:
    with pytest.raises(SetupError, match=mend):
        Sessions(**settings)


def test_the_secret_is_not_printed() -> None:
    assert SECRET not in repr(Sessions(secrets=SECRET))
