"""The debug page as HTML: one file, no script, readable in the dark and on a telephone.

Whatever is shown comes from outside: from requests, messages and source. `element` is the one place
in which text becomes HTML, and it escapes everything that was not made by itself.
"""

from __future__ import annotations

import html
import re
from collections.abc import Iterable, Iterator, Sequence
from itertools import groupby
from pathlib import Path

from trivet.app.debug_frames import Frame, Raised
from trivet.app.debug_report import Report

__all__ = ["Html", "element", "page", "traceback_of"]

_STYLE = Path(__file__).with_name("debug.css")
# Characters that show as nothing, or that turn the text around them: shown as escapes instead.
_INVISIBLE = re.compile(
    r"[\x00-\x08\x0b-\x1f\x7f-\x9f\u200b-\u200f\u2028-\u202e\u2066-\u2069\ufeff\ud800-\udfff]"
)


class Html(str):
    """Text that is HTML already."""

    __slots__ = ()


def element(name: str, *children: str | None, **attributes: str | bool) -> Html:
    """Make an element; children and attribute values that are not `Html` are escaped."""
    told = "".join(
        f" {key.rstrip('_')}" if value is True else f' {key.rstrip("_")}="{_escaped(str(value))}"'
        for key, value in attributes.items()
        if value is not False
    )
    inner = "".join(_escaped(child) for child in children if child is not None)
    return Html(f"<{name}{told}>{inner}</{name}>")


def _escaped(text: str) -> str:
    if isinstance(text, Html):
        return text
    return html.escape(
        _INVISIBLE.sub(lambda found: found[0].encode("unicode_escape").decode(), text)
    )


def _joined(parts: Iterable[Html]) -> Html:
    return Html("".join(parts))


def page(report: Report) -> str:
    """Write the whole page."""
    first = report.chain[0]
    title = f"{first.name} at {report.method} {report.path}"
    head = element(
        "head",
        Html('<meta charset="utf-8">'),
        Html('<meta name="viewport" content="width=device-width, initial-scale=1">'),
        Html('<meta name="color-scheme" content="light dark">'),
        element("title", title),
        Html(f"<style>{_STYLE.read_text(encoding='utf-8')}</style>"),
    )
    body = element(
        "body",
        _header(report, first),
        element(
            "main",
            _section("traceback", "Traceback", traceback_of(report.chain)),
            _section("request", "Request", _request(report)),
            _section("route", "Route", *_route(report)) if report.route else None,
            _section("text", "As text, to copy", element("pre", report.text, class_="copy")),
        ),
        element(
            "footer",
            "This page is shown because debugging is on, by App(debug=True) or trivet dev. It"
            " shows source and values: never turn it on where others can reach the server. "
            f"{report.runtime}.",
        ),
    )
    return f'<!doctype html>\n<html lang="en">{head}{body}</html>\n'


def _header(report: Report, first: Raised) -> Html:
    links = [("traceback", "Traceback"), ("request", "Request")]
    links += [("route", "Route")] if report.route else []
    return element(
        "header",
        element(
            "p",
            element("span", "500", class_="status"),
            element("span", f"{report.method} {report.path}", class_="target"),
            class_="line",
        ),
        element("h1", first.name),
        element("pre", first.message, class_="message") if first.message else None,
        _place(first.frames),
        element("p", element("b", "What to do: "), report.hint, class_="hint")
        if report.hint
        else None,
        element(
            "nav",
            *(element("a", text, href=f"#{name}") for name, text in [*links, ("text", "Text")]),
        ),
    )


def _place(frames: Sequence[Frame]) -> Html | None:
    yours = [frame for frame in frames if frame.kind == "yours"] or list(frames)
    if not yours:
        return None
    frame = yours[-1]
    return element(
        "p", "in ", element("code", frame.function), ", ", element("code", frame.place), class_="at"
    )


def _section(name: str, title: str, *children: Html) -> Html:
    return element("section", element("h2", title), *children, id=name)


# -- the traceback -------------------------------------------------------------------------------


def traceback_of(chain: Iterable[Raised]) -> Html:
    """Show exceptions with their frames, the last raised first; styled by ``debug.css``."""
    return _joined(_exception(one) for one in chain)


def _exception(one: Raised) -> Html:
    head = None
    if one.link:
        head = element(
            "div",
            element("p", f"{one.link}:", class_="link"),
            element("h3", one.name),
            element("pre", one.message, class_="message") if one.message else None,
            class_="cause",
        )
    groups = [list(group) for _, group in groupby(one.frames, key=lambda f: f.kind == "yours")]
    has_yours = any(frame.kind == "yours" for frame in one.frames)
    shown: list[Html] = []
    for group in groups:
        if group[0].kind == "yours":
            shown += [_frame(frame, is_open=True) for frame in group]
        else:
            last = group is groups[-1] and not has_yours
            shown.append(_others(group, opens_last=last))
    return element("div", head, *shown, class_="exception")


def _others(frames: Sequence[Frame], *, opens_last: bool) -> Html:
    """Collapse frames that are not the user's; where there are no others, the last is open."""
    count = f"{len(frames)} frame{'' if len(frames) == 1 else 's'}"
    names = ", ".join(dict.fromkeys(_package(frame) for frame in frames))
    return element(
        "details",
        element("summary", f"{count} of ", element("b", names)),
        *(
            _frame(frame, is_open=opens_last and index == len(frames) - 1)
            for index, frame in enumerate(frames)
        ),
        class_="library",
        open=opens_last,
    )


def _package(frame: Frame) -> str:
    if frame.kind == "generated":
        return "the route's generated function"
    name = re.split(r"[\\/]", frame.place.rsplit(":", 1)[0])[0]
    return "trivet" if name == "src" else name.removesuffix(".py")


def _frame(frame: Frame, *, is_open: bool) -> Html:
    return element(
        "details",
        element(
            "summary",
            element("code", frame.function, class_="function"),
            element("span", frame.place, class_="place"),
        ),
        element("pre", *_source(frame), class_="source") if frame.source else None,
        _values(frame),
        class_=f"frame {frame.kind}",
        open=is_open,
    )


def _source(frame: Frame) -> Iterator[Html]:
    for number, text in enumerate(frame.source, frame.first):
        is_current = number == frame.line
        code: list[str] = [text or " "]
        if is_current and frame.mark is not None:
            start, stop = frame.mark
            code = [text[:start], element("mark", text[start:stop]), text[stop:]]
        yield element(
            "span",
            element("i", f"{number:>5} "),
            *code,
            "\n",
            class_="now" if is_current else "code",
        )


def _values(frame: Frame) -> Html | None:
    if not frame.values:
        return None
    return element("div", _table(frame.values), class_="values")


def _table(rows: Iterable[tuple[str, ...]]) -> Html:
    lines = [
        element(
            "tr",
            element("th", row[0], scope="row"),
            *(element("td", element("code", cell)) for cell in row[1:]),
        )
        for row in rows
    ]
    return element("table", *lines)


# -- the request and the route -------------------------------------------------------------------


def _request(report: Report) -> Html:
    parts = [_table(report.request)]
    for title, rows in (
        ("Path parameters", report.path_params),
        ("Query", report.query),
        ("Headers", report.headers),
    ):
        if rows:
            parts += [element("h3", title), _table(rows)]
    return element("div", *parts)


def _route(report: Report) -> Iterator[Html]:
    route = report.route
    if route is None:
        return
    yield element(
        "p",
        element("code", route.title),
        " is answered by ",
        element("code", route.handler),
        f", {route.how}.",
    )
    if route.arguments:
        yield element("h3", "Arguments")
        yield _table(route.arguments)
    if route.dependencies:
        yield element("h3", "Dependencies, in the order in which they are called")
        yield element("pre", route.dependencies, class_="plain")
    if route.source:
        yield element(
            "details",
            element("summary", "The function that was generated for this route"),
            element("pre", route.source, class_="plain"),
            class_="library",
        )
