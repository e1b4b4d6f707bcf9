"""Places in templates where escaping protects nothing, found without rendering them.

Escaping is for text and for attributes in quotes. In an attribute without quotes a space ends the
value; in a script, and in what an `onclick` has, a browser reads JavaScript.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence
from html.parser import HTMLParser

from jinja2 import Environment

from trivet.checks import Finding, Level

__all__ = ["risks"]

# A value, or what puts nothing in: both may go over several lines.
_CODE = re.compile(r"\{\{(?P<value>.*?)\}\}|\{%.*?%\}|\{#.*?#\}", re.DOTALL)
_MARK = re.compile(r"\ufdd0(\d+)\ufdd1")  # signs that no text has
_ATTRIBUTE = re.compile(r"""([^\s=/>"']+)\s*=\s*("[^"]*"|'[^']*'|[^\s>]+)""")
_SAFE = re.compile(r"\|\s*tojson\b|^[-+]?\s*(url_for|static|super|caller)\s*\(")


def risks(environment: Environment, name: str) -> Sequence[Finding]:
    """Give what is risky about a template; it can be read."""
    if environment.loader is None or not name.endswith((".html", ".htm", ".jinja", ".j2")):
        return ()
    source, file, _ = environment.loader.get_source(environment, name)
    return list(Reader(source, file or name).found())


class Reader(HTMLParser):
    """A template as a browser would read it, with marks in the place of values."""

    def __init__(self, source: str, file: str) -> None:
        super().__init__(convert_charrefs=False)
        self._file = file
        self._values: list[tuple[str, int]] = []
        self._found: list[Finding] = []
        self._in_script = False
        self._source = source

    def found(self) -> Iterator[Finding]:
        """Give the findings, in the order of the template."""
        self.feed(_CODE.sub(self._marked, self._source))
        self.close()
        yield from self._found

    def _marked(self, code: re.Match[str]) -> str:
        if code["value"] is None:
            return " "
        self._values.append((code["value"].strip(), self._source.count("\n", 0, code.start()) + 1))
        return f"\ufdd0{len(self._values) - 1}\ufdd1"

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self._in_script = tag == "script"
        for name, value in _ATTRIBUTE.findall(self.get_starttag_text() or ""):
            if value[0] not in "\"'":
                self._tell(
                    value, f"{name}= without quotes", f'{name}="…"', code="templates.unquoted"
                )
            elif name.lower().startswith("on"):
                self._tell_of_script(value, f"{name}=, which is a script")

    def handle_endtag(self, tag: str) -> None:
        self._in_script = False

    def handle_data(self, data: str) -> None:
        if self._in_script:
            self._tell_of_script(data, "a script")

    def _tell_of_script(self, text: str, place: str) -> None:
        self._tell(text, place, "{{ …|tojson }}", code="templates.script", safe=_SAFE)

    def _tell(
        self, text: str, place: str, mend: str, *, code: str, safe: re.Pattern[str] | None = None
    ) -> None:
        for mark in _MARK.finditer(text):
            value, line = self._values[int(mark[1])]
            if safe is None or not safe.search(value):
                self._found.append(
                    Finding(
                        Level.WARNING,
                        code,
                        f"{{{{ {value} }}}} is put into {place}, where escaping protects nothing",
                        mend,
                        f"{self._file}:{line}",
                    )
                )
