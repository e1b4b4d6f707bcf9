"""The text of a message that was given as HTML alone; simple, and no layout.

Paragraphs, headings and table rows become lines, items of lists begin with ``- ``, links show their
address behind their words, and pictures what stands in for them. Scripts and styles are left out.
"""

from __future__ import annotations

import re
from html.parser import HTMLParser

__all__ = ["text_of"]

_SILENT = frozenset({"head", "script", "style", "template", "title"})
_BLOCKS = frozenset({
    "address", "article", "aside", "blockquote", "div", "dl", "dd", "dt", "footer", "form",
    "header", "hr", "li", "main", "nav", "section", "table", "tr",
})  # fmt: skip
_PARAGRAPHS = frozenset({"h1", "h2", "h3", "h4", "h5", "h6", "ol", "p", "pre", "ul"})


def text_of(html: str) -> str:
    """Give the words of an HTML text, as lines."""
    reader = _Reader()
    reader.feed(html)
    reader.close()
    text = re.sub(r" *\n *", "\n", "".join(reader.parts))
    return re.sub(r"\n{3,}", "\n\n", text).strip() + "\n"


class _Reader(HTMLParser):
    def __init__(self) -> None:
        super().__init__(convert_charrefs=True)
        self.parts: list[str] = []
        self._silent: list[str] = []
        self._links: list[tuple[str, int]] = []  # where to, and where its words begin

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        if tag in _SILENT:
            self._silent.append(tag)
        self._break(tag)
        if tag == "br":
            self.parts.append("\n")
        elif tag == "li":
            self.parts.append("- ")
        elif tag in {"td", "th"}:
            self.parts.append(" ")
        elif tag == "img" and not self._silent:
            self.parts.append(dict(attrs).get("alt") or "")
        elif tag == "a":
            self._links.append((dict(attrs).get("href") or "", len(self.parts)))

    def handle_endtag(self, tag: str) -> None:
        if tag in self._silent:
            while self._silent.pop() != tag:
                pass
        if tag == "a" and self._links:
            target, begin = self._links.pop()
            words = "".join(self.parts[begin:]).strip()
            if target.startswith(("http://", "https://", "mailto:")) and target != words:
                self.parts.append(f" ({target})")
        self._break(tag)

    def handle_data(self, data: str) -> None:
        if not self._silent:
            words = re.sub(r"\s+", " ", data)
            if words.startswith(" ") and "".join(self.parts[-1:])[-1:].isspace():
                words = words[1:]
            self.parts.append(words)

    def _break(self, tag: str) -> None:
        if tag in _PARAGRAPHS:
            self.parts.append("\n\n")
        elif tag in _BLOCKS and not "".join(self.parts[-1:]).endswith("\n"):
            self.parts.append("\n")
