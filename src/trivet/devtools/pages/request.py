"""The page of one request: its plan, what came, what happened and when, what was answered."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from trivet.app.debug_html import Html, element, traceback_of
from trivet.devtools.pages.frame import (
    Site,
    code,
    empty,
    moment,
    page,
    pairs,
    section,
    status,
    took,
)
from trivet.devtools.pages.lists import facts_told, log_table
from trivet.devtools.queries import Fault
from trivet.devtools.records import Record, Seen
from trivet.devtools.told_plans import Told

__all__ = ["explain_page", "request_page"]

_NAMES = {
    "cache": "Cache",
    "enqueue": "Jobs that were put in",
    "job": "Jobs",
    "mail": "Mails",
    "call": "Calls",
}
_OTHERS = ("transaction", "connection")


@dataclass(frozen=True)
class _Line:
    """One query among those of its request."""

    index: int
    query: Seen
    faults: Sequence[Fault]


def request_page(site: Site, record: Record, told: Told | None) -> str:
    """Write the page; `told` is the plan of the route that answered."""
    return page(
        site,
        "jobs" if record.kind == "job" else "requests",
        record.title,
        _title(site, record),
        _figures(record),
        _exception(record),
        _queries(site, record),
        *(_happenings(record, kind, title) for kind, title in _NAMES.items()),
        _others(record),
        section("Logs", log_table(site, record.logs)) if record.logs else None,
        _plan(record, told),
        _received(record),
        section("Headers of the answer", pairs(record.answer_headers), name="answer")
        if record.answer_headers
        else None,
    )


def explain_page(site: Site, record: Record, query: Seen, plan: str) -> str:
    """Write how the database does one query."""
    return page(
        site,
        "requests",
        "EXPLAIN",
        element(
            "p",
            element("a", f"← {record.title}", href=site.to("requests", record.number) + "#queries"),
            class_="back",
        ),
        element("h1", "How the database does it"),
        section("Query", element("pre", query.text, class_="sql")),
        section("Plan", element("pre", plan, class_="plan", id="plan-text"), name="plan"),
    )


def _title(site: Site, record: Record) -> Html:
    is_job = record.kind == "job"
    back = site.to("jobs" if is_job else "requests")
    return element(
        "div",
        element("p", element("a", "← Jobs" if is_job else "← Requests", href=back), class_="back"),
        element(
            "h1", status(record), " ", element("b", record.method), " ", record.target, class_="url"
        ),
        class_="title",
    )


def _figures(record: Record) -> Html:
    queries = record.queries
    figures = [("Took", took(record.seconds) if record.ended else "still open")]
    if queries:
        figures.append(("Queries", f"{len(queries)} in {took(record.query_seconds)}"))
    if record.pattern:
        figures.append(("Route", record.pattern))
    if record.client:
        figures.append(("From", record.client))
    cells = [element("div", element("dt", name), element("dd", text)) for name, text in figures]
    at = element("div", element("dt", "At"), element("dd", moment(record.at)))
    return element("dl", *cells, at, class_="figures")


def _exception(record: Record) -> Html | None:
    if not record.chain:
        return None
    first = record.chain[0]
    return section(
        first.name,
        element("pre", first.message, class_="message") if first.message else None,
        element("p", element("b", "What to do: "), record.hint, class_="hint")
        if record.hint
        else None,
        traceback_of(record.chain),
        name="exception",
    )


# -- queries -------------------------------------------------------------------------------------


def _queries(site: Site, record: Record) -> Html | None:
    queries = record.queries
    if not queries:
        return None
    faults = record.faults()
    lines = [
        _Line(index, query, [one for one in faults if index in one.indices])
        for index, query in enumerate(queries)
    ]
    more = None
    if record.forgotten:
        more = empty(f"{record.forgotten} more things happened than are kept of one request.")
    return section(
        "Queries",
        *(_fault(one) for one in faults),
        element("ol", *(_query(site, record, line) for line in lines), class_="queries"),
        more,
        note=f"{len(queries)}, in {took(record.query_seconds)}",
    )


def _fault(fault: Fault) -> Html:
    told = fault.told[0].upper() + fault.told[1:]
    return element(
        "div",
        element("p", element("b", f"{told}.")),
        element("p", f"{fault.mend}."),
        class_="fault",
    )


def _query(site: Site, record: Record, line: _Line) -> Html:
    query = line.query
    marks = [
        element("span", "N+1" if one.kind == "each" else "again", class_="tag warn")
        for one in line.faults
    ]
    rows = query.fact("db.response.returned_rows")
    if query.explain is not None:
        href = site.to("requests", record.number, "queries", query.number)
        marks.append(element("a", "EXPLAIN", href=href, class_="button", **{"data-explain": True}))
    return element(
        "li",
        element(
            "div",
            element("span", took(query.seconds), class_="num"),
            _when(record, query),
            element("span", f"{rows} row{'' if rows == '1' else 's'}", class_="dim")
            if rows
            else None,
            *marks,
            class_="facts",
        ),
        element("pre", query.text or query.name, class_="sql"),
        element("p", query.error, class_="failure") if query.error else None,
        _values(query),
        _place(query),
    )


def _values(query: Seen) -> Html | None:
    if not query.values:
        return None
    return element(
        "p",
        *(
            element("span", f"{name} = " if name else "", code(text), class_="value")
            for name, text in query.values
        ),
        class_="values",
    )


def _place(seen: Seen) -> Html | None:
    if seen.place is None:
        return None
    return element("p", code(seen.place.text), " in ", code(seen.place.function), class_="place")


def _when(record: Record, seen: Seen) -> Html:
    """Draw when in its request something happened."""
    whole = max(record.seconds, 1e-6)
    start = max(0.0, min(1.0, (seen.began - record.began) / whole))
    width = max(0.006, min(1.0 - start, seen.seconds / whole))
    return Html(
        '<svg class="when" viewBox="0 0 1000 8" preserveAspectRatio="none" role="img"'
        f' aria-label="{start:.0%} into the request">'
        '<rect class="all" width="1000" height="8"/>'
        f'<rect x="{start * 1000:.0f}" width="{width * 1000:.0f}" height="8"/></svg>'
    )


# -- what else happened --------------------------------------------------------------------------


def _happenings(record: Record, kind: str, title: str) -> Html | None:
    found = list(record.of_kind(kind))
    if not found:
        return None
    return section(title, element("ol", *(_line(record, one) for one in found), class_="queries"))


def _others(record: Record) -> Html | None:
    known = {"query", *_NAMES, *_OTHERS}
    found = [one for one in record.seen if one.kind in _OTHERS or one.kind not in known]
    if not found:
        return None
    lines = [_line(record, one) for one in found]
    return element(
        "details",
        element("summary", f"Transactions and other things: {len(found)}"),
        element("ol", *lines, class_="queries"),
        class_="more",
    )


def _line(record: Record, seen: Seen) -> Html:
    return element(
        "li",
        element(
            "div",
            element("span", took(seen.seconds), class_="num"),
            _when(record, seen),
            element("b", seen.name),
            element("span", facts_told(seen), class_="dim"),
            class_="facts",
        ),
        element("p", seen.error, class_="failure") if seen.error else None,
        _place(seen),
    )


# -- the plan, and what came ---------------------------------------------------------------------


def _plan(record: Record, told: Told | None) -> Html | None:
    if told is None:
        if record.kind == "job" or record.pattern is not None:
            return None
        return section("Plan", empty("No route fits this address."))
    arguments = None
    absent = element("span", "not sent", class_="dim")
    if told.arguments:
        arguments = pairs(
            [
                (
                    row.name,
                    absent if row.value == "" else row.value or "",
                    row.origin,
                    row.type,
                )
                for row in told.arguments
            ],
            *("Argument", "Value that came", "From", "Type"),
        )
    return section(
        "Plan",
        element(
            "p",
            code(told.title),
            " is answered by ",
            code(told.handler),
            *((" in ", code(told.place)) if told.place else ()),
            f", {told.how}.",
        ),
        arguments,
        element("h3", "Dependencies, in the order in which they are called")
        if told.dependencies
        else None,
        element("pre", told.dependencies, class_="plan") if told.dependencies else None,
        element(
            "details",
            element("summary", "The function that was generated for this route"),
            element("pre", told.source, class_="plan"),
            class_="more",
        )
        if told.source
        else None,
        note="what trivet explain prints",
    )


def _received(record: Record) -> Html | None:
    received = record.received
    parts: list[str] = []
    for title, rows in (("Query", received.query), ("Headers", received.headers)):
        if rows:
            parts += [element("h3", title), pairs(rows)]
    if received.body:
        parts += [element("h3", "Body"), element("pre", received.body, class_="plan")]
    return section("What came", *parts, name="came") if parts else None
