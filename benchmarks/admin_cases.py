"""The cases of the admin: pages of a long list of orders, and what is to be reached in them.

Two clients at a time, and few requests: where a page waits until millions of rows are counted, more
would wait for longer than the load generator does.
"""

from __future__ import annotations

from collections.abc import Sequence
from functools import partial
from html.parser import HTMLParser

from benchmarks import orders
from benchmarks.case import LoadCase, Request, Threshold

PEERS = ("django", "django-defaults")
DJANGO = "/admin/shop/order/"
OURS = "/admin/order/"
FAR = 1_000
REQUESTS = 20
# With session and account; PostgreSQL is asked for what it expects, and for rows.
STATEMENTS = 5


class _Table(HTMLParser):
    """The texts of a page's rows below the heads, whatever mark-up is in them."""

    def __init__(self) -> None:
        super().__init__()
        self.rows: list[str] = []
        self._is_in_body = False

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        if tag == "tbody":
            self._is_in_body = True
        elif tag == "tr" and self._is_in_body:
            self.rows.append("")

    def handle_endtag(self, tag: str) -> None:
        if tag == "table":
            self._is_in_body = False

    def handle_data(self, data: str) -> None:
        if self._is_in_body and self.rows:
            self.rows[-1] += f"{data} "


def judge_list(wanted: Sequence[int], body: bytes) -> None:
    """Raise `ValueError` unless a page lists these orders in their order, each with all of it."""
    table = _Table()
    table.feed(body.decode())
    table.close()
    if len(table.rows) != len(wanted):
        raise ValueError(f"it has {len(table.rows)} rows, and not {len(wanted)}")
    for row, number in zip(table.rows, wanted, strict=True):
        text = row.casefold()
        missing = [one for one in orders.shown(number) if one.casefold() not in text]
        if missing:
            raise ValueError(f"{row!r} is in the place of order {number}, without {missing}")


def _case(
    name: str, title: str, wanted: Sequence[int], *, ours: str = "", django: str = ""
) -> LoadCase:
    return LoadCase(
        name=f"admin-{name}",
        title=f"{title}, of {orders.ROWS:,} orders",
        request=Request(OURS + ours),
        paths=dict.fromkeys(PEERS, DJANGO + django),
        content_type="text/html",
        page=partial(judge_list, wanted),
        # Somebody who is not signed in gets no list: all of them send a browser on from it.
        app="admin",
        database="orders",
        connections=2,
        requests=REQUESTS,
        signs_in="/sign-in",
    )


def _down(first: int, step: int = 1) -> range:
    return range(first, first - orders.PAGE * step, -step)


_BEFORE_FAR = orders.ROWS - (FAR - 1) * orders.PAGE + 1
_FOUND = int(f"{orders.SEARCHED.lstrip('O'):0<8}") + 99

ADMIN_CASES = (
    _case("first", "First page", _down(orders.ROWS)),
    _case(
        "filtered",
        "First page of one status",
        _down(orders.ROWS, orders.RARE),
        ours="?f.status=returned",
        django="?status__exact=returned",
    ),
    _case(
        "far",
        f"Page {FAR:,}",
        _down(_BEFORE_FAR - 1),
        ours=f"?after={orders.cursor(_BEFORE_FAR)}&at={(FAR - 1) * orders.PAGE}",
        django=f"?p={FAR}",
    ),
    _case(
        "search",
        "Orders whose numbers begin so",
        _down(_FOUND),
        ours=f"?q={orders.SEARCHED}",
        django=f"?q={orders.SEARCHED}",
    ),
)

ADMIN_THRESHOLDS = (
    *(
        Threshold(case.name, "cost_us", "at most 1/3 of the cost of Django's admin", peer, 1 / 3)
        for case in ADMIN_CASES
        for peer in PEERS
    ),
    *(
        Threshold(case.name, "queries", f"in at most {STATEMENTS} queries", None, STATEMENTS)
        for case in ADMIN_CASES
    ),
    *(
        Threshold(
            f"admin-{name}",
            "database_us",
            "no count of all rows: at most 1/10 of what PostgreSQL works for Django's admin",
            "django",
            1 / 10,
        )
        for name in ("first", "filtered", "far")
    ),
)
