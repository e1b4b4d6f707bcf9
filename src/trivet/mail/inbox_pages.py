"""The pages of the development inbox: no script, readable in the dark and on a telephone."""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

from trivet.app.debug_html import Html, element
from trivet.mail.message import Attachment, Message

__all__ = ["Kept", "message_page", "messages_page", "style"]

_STYLE = Path(__file__).with_name("inbox.css")
_LINK = re.compile(r"""(https?://[^\s<>"')\]]+[^\s<>"')\].,;:!?])""")


@dataclass
class Kept:
    """A message in the inbox; `failure` is why its transport did not send it."""

    number: int
    message: Message
    failure: str | None = None


def style() -> str:
    """Give the style of all pages, as it stands in them."""
    return _STYLE.read_text(encoding="utf-8")


def messages_page(kept: Sequence[Kept], path: str) -> str:
    """Give the list of messages, as they are given."""
    count = len(kept)
    told = f"{count} message{'' if count == 1 else 's'}, the newest first" if kept else None
    return _page(
        "Mail",
        element("header", element("h1", "Mail"), element("p", told, class_="soft")),
        element(
            "main",
            element("ol", *(_line(one, path) for one in kept), class_="messages")
            if kept
            else element("p", "Nothing was sent since this process began.", class_="empty"),
        ),
        element(
            "footer",
            "This inbox is there because debugging is on, by App(debug=True) or trivet dev. It"
            " keeps the last 200 messages of this process.",
        ),
    )


def message_page(kept: Kept, path: str) -> str:
    """Give one message: its head, its HTML in a frame, its text, what is attached."""
    message = kept.message
    here = f"{path}/{kept.number}"
    return _page(
        message.subject or "(no subject)",
        element(
            "header",
            element("nav", element("a", "← All mail", href=path)),
            element("h1", message.subject or "(no subject)"),
            _failure(kept),
        ),
        element(
            "main",
            _section("Head", _head(message)),
            _section("HTML", _frame(here)) if message.html is not None else None,
            _section("Text", element("pre", _linked(message.text or ""))),
            _section("Attachments", _attachments(message.attachments, here))
            if message.attachments
            else None,
            element("p", element("a", "Download as .eml", href=f"{here}/source")),
        ),
    )


def _page(title: str, *parts: Html) -> str:
    head = element(
        "head",
        Html('<meta charset="utf-8">'),
        Html('<meta name="viewport" content="width=device-width, initial-scale=1">'),
        Html('<meta name="color-scheme" content="light dark">'),
        element("title", title),
        Html(f"<style>{style()}</style>"),
    )
    return "<!DOCTYPE html>\n" + element("html", head, element("body", *parts), lang="en")


def _line(kept: Kept, path: str) -> Html:
    message = kept.message
    return element(
        "li",
        element(
            "a",
            element("b", message.subject or "(no subject)"),
            element("time", _moment(message)),
            element("span", "to " + ", ".join(message.to or message.cc or message.bcc)),
            _failure(kept),
            href=f"{path}/{kept.number}",
        ),
    )


def _failure(kept: Kept) -> Html | None:
    if kept.failure is None:
        return None
    return element("em", f"Not sent: {kept.failure}", class_="failure")


def _head(message: Message) -> Html:
    given = {
        "From": message.sender or "",
        "To": ", ".join(message.to),
        "Cc": ", ".join(message.cc),
        "Bcc": ", ".join(message.bcc),
        "Reply-To": ", ".join(message.reply_to),
        "Date": _moment(message),
        "Message-ID": message.id or "",
        **message.headers,
    }
    rows = [
        element("tr", element("th", name), element("td", value))
        for name, value in given.items()
        if value
    ]
    return element("table", *rows)


def _moment(message: Message) -> str:
    return "" if message.date is None else message.date.strftime("%Y-%m-%d %H:%M:%S %Z")


def _frame(here: str) -> Html:
    return element(
        "iframe",
        src=f"{here}/html",
        title="The message's HTML",
        sandbox="allow-popups allow-popups-to-escape-sandbox",
    )


def _linked(text: str) -> Html:
    """Give a text whose addresses can be followed."""
    parts = _LINK.split(text.replace("\r\n", "\n"))
    shown = [
        element("a", part, href=part, target="_blank", rel="noreferrer") if index % 2 else part
        for index, part in enumerate(parts)
    ]
    return element("span", *shown)


def _attachments(given: Sequence[Attachment], here: str) -> Html:
    lines = [
        element(
            "li",
            element("a", one.name, href=f"{here}/attachments/{index}"),
            element(
                "span",
                f"{one.type}, {len(one.content):,} bytes"
                + (f", shown as cid:{one.cid}" if one.cid else ""),
                class_="soft",
            ),
        )
        for index, one in enumerate(given)
    ]
    return element("ul", *lines, class_="attachments")


def _section(title: str, inner: Html) -> Html:
    return element("section", element("h2", title), inner)
