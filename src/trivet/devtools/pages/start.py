"""The start page: what the application is, and links to everything that it has."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from trivet.app.debug_html import Html, element
from trivet.app.part import Link
from trivet.devtools.pages.frame import MENU, Site, empty, page, pairs, section
from trivet.devtools.pages.requests import request_table
from trivet.devtools.records import Record

__all__ = ["About", "start_page"]


@dataclass(frozen=True)
class About:
    """What the start page says of an application."""

    links: Sequence[Link]
    counts: dict[str, str]
    """What there is on a page of the menu, by its name: ``34 kept``."""
    facts: Sequence[tuple[str, str]]


def start_page(site: Site, about: About, latest: Sequence[Record]) -> str:
    """Write the page."""
    own = [one for one in about.links if not one.is_development]
    developing = [
        _card(site.to(name), title, told, about.counts.get(name, ""))
        for name, title, told in MENU[1:]
    ]
    return page(
        site,
        "",
        "Development",
        element(
            "div",
            element("p", "You are developing", class_="over"),
            element("h1", site.title),
            element(
                "p",
                "This page leads to all that the application has, and shows what happens in it"
                " while you write. It is there in development alone.",
                class_="lead",
            ),
            class_="hero",
        ),
        section(
            "The application",
            element("ul", *(_link(site, one) for one in own), class_="cards")
            if own
            else empty(
                "It has no pages yet: its documentation is switched off, and no part shows any."
            ),
        ),
        section("What happens in it", element("ul", *developing, class_="cards small")),
        section(
            "The last requests",
            request_table(site, latest[:6])
            if latest
            else empty("None yet. Ask for something: it appears here at once."),
        ),
        section("What runs", pairs(about.facts)),
        is_live=True,
    )


def _link(site: Site, link: Link) -> Html:
    return _card(site.mount + link.path, link.title, link.about, link.path)


def _card(href: str, title: str, about: str, note: str) -> Html:
    return element(
        "li",
        element(
            "a",
            element("b", title),
            element("span", about) if about else None,
            element("small", note) if note else None,
            href=href,
        ),
    )
