"""A page with a form, read as a browser reads it: whatever mark-up a peer draws it in."""

from __future__ import annotations

from dataclasses import dataclass, field
from html.parser import HTMLParser

__all__ = ["Field", "Page", "judge_form", "shown_form"]


@dataclass
class Field:
    """One input: what kind it is, what stands in it, and what is said of it."""

    kind: str
    value: str = ""
    is_required: bool = False
    is_wrong: bool = False
    choices: list[str] = field(default_factory=list)


class Page(HTMLParser):
    """The form of a page; `hidden` are its hidden inputs, `items` how many list items there are."""

    def __init__(self) -> None:
        super().__init__()
        self.method = ""
        self.hidden: dict[str, str] = {}
        self.fields: dict[str, Field] = {}
        self.items = 0
        self.ids: dict[str, str] = {}
        self.labels: set[str] = set()
        self.others: list[str] = []
        self._open: Field | None = None
        self._is_in_text = False

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        given = {name: value or "" for name, value in attrs}
        name = given.get("name", "")
        if tag == "form":
            self.method = given.get("method", "get").lower()
        elif tag == "label":
            self.labels.add(given.get("for", ""))
        elif tag == "li":
            self.items += 1
        elif tag == "option" and self._open is not None:
            self._open.choices.append(given.get("value", ""))
            if "selected" in given:
                self._open.value = given.get("value", "")
        elif tag == "input" and given.get("type") == "hidden":
            self.hidden[name] = given.get("value", "")
        elif tag in ("input", "select", "textarea"):
            self._add(tag, name, given)
        elif tag in ("script", "b"):
            self.others.append(tag)

    def handle_endtag(self, tag: str) -> None:
        if tag in ("select", "textarea"):
            if self._open is not None and self._is_in_text:
                # The first line break of a text area is no part of its text (HTML, 4.10.11).
                self._open.value = self._open.value.removeprefix("\n")
            self._open, self._is_in_text = None, False

    def handle_data(self, data: str) -> None:
        if self._open is not None and self._is_in_text:
            self._open.value += data

    def _add(self, tag: str, name: str, given: dict[str, str]) -> None:
        kind = given.get("type", "text") if tag == "input" else tag
        made = self.fields[name] = Field(
            kind,
            given.get("value", ""),
            # A list in which something is chosen is never empty: `required` says nothing there.
            is_required="required" in given and tag != "select",
            is_wrong=given.get("aria-invalid") == "true",
        )
        self.ids[name] = given.get("id", "")
        self._open = made if tag != "input" else None
        self._is_in_text = tag == "textarea"


def shown_form(body: bytes) -> Page:
    """Read the form of a page."""
    page = Page()
    page.feed(body.decode())
    page.close()
    return page


def judge_form(body: bytes, wanted: dict[str, Field]) -> None:
    """Raise `ValueError` unless a page has a form with these inputs, labelled, and with a token.

    For each input that is wrong something has to be said, and what was typed is shown as text.
    """
    page = shown_form(body)
    wrong = sum(one.is_wrong for one in wanted.values())
    if page.fields != wanted or list(page.fields) != list(wanted):
        raise ValueError(f"it has {page.fields}, and not {wanted}")
    if page.method != "post" or not page.hidden or not all(page.hidden.values()):
        raise ValueError(f"it is sent by {page.method!r} with {page.hidden}")
    if not set(page.ids.values()) <= page.labels:
        raise ValueError(f"it has labels for {page.labels}, and inputs {page.ids}")
    if page.items < wrong:
        raise ValueError(f"it says {page.items} things of {wrong} wrong inputs")
    if page.others:
        raise ValueError(f"what was typed came through as mark-up: {page.others}")
