"""Messages from templates: ``welcome.html``, and ``welcome.txt`` where there is one.

The subject is what the page's `<title>` says, which the layout makes of the block `subject`: so a
page is rendered once, by whatever renders it, and the subject is escaped and read like the rest.
"""

from __future__ import annotations

from collections.abc import Mapping
from html.parser import HTMLParser
from typing import Any, Protocol

from trivet.errors import SetupError
from trivet.mail.addresses import on_one_line

__all__ = ["Renderer", "written"]


class Renderer(Protocol):
    """What makes texts of templates, such as `trivet.templates.Templates`."""

    def has(self, name: str, /) -> bool:
        """Tell whether there is a template of this name."""

    async def text(self, name: str, /, **context: Any) -> str:
        """Give a template as text, with the names of its context."""


async def written(
    renderer: Renderer, name: str, context: Mapping[str, Any]
) -> tuple[str, str, str | None]:
    """Give the subject, the HTML and the text of a message.

    The text is None where there is no ``.txt``: a message makes it of the HTML. Raises `SetupError`
    for one without a subject.
    """
    html = await renderer.text(f"{name}.html", **context)
    subject = _title(html)
    if not subject:
        raise SetupError(
            f"the mail {name + '.html'!r} has no subject: its <title> is empty or not there",
            code="mail.no-subject",
            mend='{% extends "mail/layout.html" %}{% block subject %}Welcome{% endblock %}',
        )
    plain = f"{name}.txt"
    text = await renderer.text(plain, **context) if renderer.has(plain) else None
    return subject, html, text


def _title(html: str) -> str:
    reader = _Title()
    reader.feed(html)
    reader.close()
    return on_one_line("".join(reader.words))


class _Title(HTMLParser):
    """Reads the first title of a page."""

    def __init__(self) -> None:
        super().__init__(convert_charrefs=True)
        self.words: list[str] = []
        self._is_in = self._is_read = False

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self._is_in = tag == "title" and not self._is_read

    def handle_endtag(self, tag: str) -> None:
        if tag == "title" and self._is_in:
            self._is_in, self._is_read = False, True

    def handle_data(self, data: str) -> None:
        if self._is_in:
            self.words.append(data)
