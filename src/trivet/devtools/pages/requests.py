"""The list of requests, and its table, which other pages show too."""

from __future__ import annotations

from collections.abc import Sequence

from trivet.app.debug_html import Html, element
from trivet.devtools.pages.frame import Site, empty, moment, page, section, status, took
from trivet.devtools.records import Record

__all__ = ["FILTERS", "matching", "request_table", "requests_page"]

SLOW = 0.2
"""Seconds from which on a request counts as slow."""
FILTERS: tuple[tuple[str, str], ...] = (
    ("", "All"),
    ("failed", "Failed"),
    ("slow", "Slow"),
    ("faults", "Too many queries"),
)


def matching(records: Sequence[Record], only: str) -> list[Record]:
    """Give those of the records that a filter lets through."""
    if only == "failed":
        return [one for one in records if one.chain or (one.status or 0) >= 400]
    if only == "slow":
        return [one for one in records if one.seconds >= SLOW]
    if only == "faults":
        return [one for one in records if one.faults()]
    return list(records)


def requests_page(site: Site, records: Sequence[Record], only: str) -> str:
    """Write the list."""
    shown = matching(records, only)
    filters = []
    for name, title in FILTERS:
        marks: dict[str, str | bool] = {"aria-current": "true"} if name == only else {}
        count = len(matching(records, name))
        href = site.to("requests") + (f"?only={name}" if name else "")
        filters.append(element("a", title, element("small", str(count)), href=href, **marks))
    if shown:
        content = request_table(site, shown)
    elif records:
        content = empty("No request is like that.")
    else:
        content = empty("None yet. Ask for something: it appears here at once.")
    return page(
        site,
        "requests",
        "Requests",
        element("h1", "Requests"),
        element("nav", *filters, class_="filters", **{"aria-label": "Which requests"}),
        section("Kept", content, note="the newest first", name="kept"),
        is_live=True,
    )


def request_table(site: Site, records: Sequence[Record]) -> Html:
    """Give requests and jobs as a table."""
    longest = max((one.seconds for one in records), default=0.0) or 1.0
    heads = ("Status", "Request", "Took", "Queries", "At")
    return element(
        "div",
        element(
            "table",
            element("thead", element("tr", *(element("th", one, scope="col") for one in heads))),
            element("tbody", *(_row(site, one, longest) for one in records)),
        ),
        class_="list requests",
    )


def _row(site: Site, record: Record, longest: float) -> Html:
    queries = record.queries
    return element(
        "tr",
        element("td", status(record), class_="at-status"),
        element(
            "td",
            element(
                "a",
                element("b", record.method),
                " ",
                element("span", record.target),
                href=site.to("requests", record.number),
            ),
            element("div", *_marks(record), class_="marks"),
            class_="at-name",
        ),
        element("td", _bar(record.seconds / longest), took(record.seconds), class_="at-took num"),
        element(
            "td",
            str(len(queries)) if queries else element("span", "0", class_="dim"),
            element("small", took(record.query_seconds)) if queries else None,
            class_="at-queries num",
        ),
        element("td", moment(record.at), class_="at-time num"),
    )


def _marks(record: Record) -> list[Html]:
    marks = []
    if record.pattern is None and record.kind == "request":
        marks.append(element("span", "no route", class_="tag"))
    elif record.pattern is not None and record.pattern != record.target.partition("?")[0]:
        marks.append(element("span", record.pattern, class_="tag plain"))
    if record.chain:
        marks.append(element("span", record.chain[0].name, class_="tag bad"))
    for fault in record.faults():
        count = len(fault.indices)
        told = f"N+1: {count} queries" if fault.kind == "each" else f"{count} times the same"
        marks.append(element("span", told, class_="tag warn"))
    if record.warnings:
        marks.append(element("span", f"{record.warnings} logged", class_="tag warn"))
    return marks


def _bar(share: float) -> Html:
    """Draw a share of a whole; as a picture, because the policy lets no style stand in a page."""
    width = f"{max(1.5, min(1.0, share) * 100):.1f}"
    return Html(
        '<svg class="bar" viewBox="0 0 100 4" preserveAspectRatio="none" aria-hidden="true">'
        f'<rect width="{width}" height="4" rx="1"/></svg>'
    )
