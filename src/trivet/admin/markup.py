"""Mark-up that people write, made safe: Markdown into HTML, and HTML without what could do harm.

The one door to the two libraries. What comes out has no scripts, no styles, no forms, and links
of the web alone; it is cleaned after Markdown is rendered, so that nothing depends on the renderer.
"""

from __future__ import annotations

import json

import nh3
from markdown_it import MarkdownIt
from markupsafe import Markup

__all__ = ["ALLOWED", "cleaned", "rendered"]

_TAGS = {
    "a", "abbr", "b", "blockquote", "br", "code", "dd", "del", "dl", "dt", "em", "figcaption",
    "figure", "h1", "h2", "h3", "h4", "h5", "h6", "hr", "i", "img", "ins", "kbd", "li", "mark",
    "ol", "p", "pre", "q", "s", "small", "strong", "sub", "sup", "table", "tbody", "td", "th",
    "thead", "tr", "u", "ul",
}  # fmt: skip
_ATTRIBUTES = {
    "a": {"href", "title"},
    "abbr": {"title"},
    "img": {"src", "alt", "title", "width", "height"},
    "ol": {"start"},
    "td": {"colspan", "rowspan"},
    "th": {"colspan", "rowspan", "scope"},
}
_SCHEMES = {"http", "https", "mailto", "tel"}

ALLOWED = json.dumps(
    {
        "tags": {tag: sorted(_ATTRIBUTES.get(tag, ())) for tag in sorted(_TAGS)},
        "schemes": sorted(_SCHEMES),
    },
    separators=(",", ":"),
)
"""What `cleaned` leaves, as JSON: an editor in a browser goes by it, and shows what will stay."""

# HTML in Markdown is text; what is made of it is cleaned all the same.
_MARKDOWN = MarkdownIt("commonmark", {"html": False}).enable(["table", "strikethrough"])


def cleaned(html: str) -> Markup:
    """Give HTML without all that is not plainly text, tables, images and links."""
    made = nh3.clean(
        html,
        tags=_TAGS,
        attributes=_ATTRIBUTES,
        url_schemes=_SCHEMES,
        link_rel="noopener noreferrer nofollow",
    )
    return Markup(made)


def rendered(text: str) -> Markup:
    """Give Markdown (CommonMark, with tables and strikethrough) as safe HTML."""
    return cleaned(_MARKDOWN.render(text))
