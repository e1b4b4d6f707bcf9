"""What all pages have: the head, the menu, and small pieces that several of them show."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import datetime

from trivet.app.debug_html import Html, element
from trivet.devtools.files import Files
from trivet.devtools.records import Record

__all__ = ["MENU", "Site", "code", "empty", "moment", "page", "pairs", "section", "status", "took"]

# The address below the pages' own, its title, and what the start page says of it.
MENU: tuple[tuple[str, str, str], ...] = (
    ("", "Start", "Everything that this application has, by links."),
    ("requests", "Requests", "What was asked and answered, and all that happened on the way."),
    ("exceptions", "Exceptions", "What nobody handled, with source and values."),
    ("logs", "Logs", "What was logged, and by which request."),
    ("jobs", "Jobs", "Jobs that ran in this process, with their queries."),
    ("sent", "Mail", "Messages that were sent, and the inbox that keeps them."),
    ("cache", "Cache", "What was looked up, and whether it was there."),
    ("loop", "Event loop", "How late it was, and which line kept it."),
)


@dataclass(frozen=True)
class Site:
    """Where the pages are, and whose they are."""

    title: str
    path: str
    """With the mount that the application has."""
    mount: str
    files: Files
    stamp: int = 0
    """Changes whenever there is something new to see."""

    def to(self, *steps: str | int) -> str:
        """Give the address of a page."""
        return "/".join([self.path, *(str(step) for step in steps if step != "")])


def page(site: Site, here: str, title: str, *content: str | None, is_live: bool = False) -> str:
    """Write a page; `is_live` ones are fetched again while they are looked at."""
    head = element(
        "head",
        Html('<meta charset="utf-8">'),
        Html('<meta name="viewport" content="width=device-width, initial-scale=1">'),
        Html('<meta name="color-scheme" content="light dark">'),
        element("title", f"{title} · {site.title}"),
        Html(f'<link rel="stylesheet" href="{site.files.of("dev.css", site.mount)}">'),
        Html(f'<link rel="icon" href="{site.files.of("icon.svg", site.mount)}">'),
        Html(f'<script src="{site.files.of("dev.js", site.mount)}" defer></script>'),
    )
    main = element("main", *content, id="main")
    if is_live:
        main = element("main", *content, id="main", **{"data-live": str(site.stamp)})
    body = element(
        "body",
        element("a", "To the content", class_="skip", href="#main"),
        _top(site, here),
        main,
        element(
            "footer",
            "These pages are here because debugging is on, by App(debug=True) or trivet dev, and"
            " for this machine alone. They keep the last 200 requests of this process, and hide"
            " what looks like a secret.",
        ),
    )
    return f'<!doctype html>\n<html lang="en">{head}{body}</html>\n'


def _top(site: Site, here: str) -> Html:
    links = []
    for name, title, _ in MENU:
        marks: dict[str, str | bool] = {"aria-current": "page"} if name == here else {}
        links.append(element("a", title, href=site.to(name), **marks))
    return element(
        "header",
        element(
            "a",
            element("b", "Trivet"),
            element("span", site.title),
            href=site.to(),
            class_="brand",
        ),
        element("nav", *links, **{"aria-label": "Development"}),
        class_="top",
    )


def section(title: str, *content: str | None, note: str = "", name: str = "") -> Html:
    """Give a part of a page under its title."""
    head = element("div", element("h2", title), element("p", note) if note else None, class_="head")
    return element("section", head, *content, id=name or title.lower().replace(" ", "-"))


def empty(*told: str) -> Html:
    """Say that there is nothing yet, and how something comes."""
    return element("p", *told, class_="empty")


def code(text: str) -> Html:
    """Give a word of code."""
    return element("code", text)


def pairs(rows: Iterable[Sequence[str]], *heads: str) -> Html:
    """Give rows as a table whose first column names them."""
    lines = [
        element(
            "tr",
            element("th", row[0], scope="row"),
            *(element("td", cell if isinstance(cell, Html) else code(cell)) for cell in row[1:]),
        )
        for row in rows
    ]
    head = None
    if heads:
        head = element("thead", element("tr", *(element("th", one, scope="col") for one in heads)))
    return element("div", element("table", head, element("tbody", *lines)), class_="pairs")


def took(seconds: float) -> str:
    """Give a time that something took."""
    milliseconds = seconds * 1000
    if milliseconds >= 1000:
        return f"{seconds:.2f} s"
    return f"{milliseconds:.0f} ms" if milliseconds >= 10 else f"{milliseconds:.1f} ms"


def moment(at: datetime) -> Html:
    """Give a time of day, in this machine's zone."""
    local = at.astimezone()
    return element("time", local.strftime("%H:%M:%S"), datetime=at.isoformat(timespec="seconds"))


def status(record: Record) -> Html:
    """Give how a request or a job ended."""
    if record.kind == "job":
        if record.ended is None:
            return element("span", "runs", class_="pill quiet")
        outcome = record.outcome or ("failed" if record.chain else "done")
        return element("span", outcome, class_=f"pill s{2 if outcome == 'done' else 5}")
    if record.status is None:
        told = "open" if record.ended is None else "ended"
        return element("span", told, class_="pill quiet")
    return element("span", str(record.status), class_=f"pill s{record.status // 100}")
