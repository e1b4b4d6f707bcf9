"""Texts in templates: ``{{ gettext("Save") }}`` and ``{% trans %}…{% endtrans %}``.

They stand as they are written, unless a part has functions of the names `gettext`, `ngettext`,
`pgettext` and `npgettext`, which give the translations. Filled and escaped they are here: a text is
escaped as any other, with its values. What is written between `trans` and `endtrans` is a piece of
the template, so a translation of it may have the tags that it has itself, and no others.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping
from typing import Any

from jinja2 import nodes
from jinja2.ext import InternationalizationExtension
from jinja2.parser import Parser
from markupsafe import Markup, escape

from trivet.templates.present import request_now

__all__ = ["Trans", "showing", "text_functions"]

# Name → the place of the number among its arguments; None where it has none.
_NUMBERED = {"gettext": None, "pgettext": None, "ngettext": 2, "npgettext": 3}
_BLOCK = "trans_block"  # an argument by which a function knows that a block calls it
_TAG = re.compile(r"</?[A-Za-z][^<>]*>|&(?:[A-Za-z]+|#[0-9]+|#[xX][0-9A-Fa-f]+);")


class Trans(InternationalizationExtension):
    """`{% trans %}`, whose text is marked as a piece of the template."""

    def parse(self, parser: Parser) -> nodes.Node | list[nodes.Node]:
        """Read one block."""
        found = super().parse(parser)
        output = found[-1] if isinstance(found, list) else found
        assert isinstance(output, nodes.Output)
        call = output.nodes[0]
        assert isinstance(call, nodes.Call)
        call.args = [
            nodes.TemplateData(one.value)
            if isinstance(one, nodes.Const) and isinstance(one.value, str)
            else one  # the number
            for one in call.args
        ]
        call.kwargs.append(nodes.Keyword(_BLOCK, nodes.Const(True)))
        return found


def text_functions(functions: Mapping[str, Callable[..., Any]]) -> dict[str, Callable[..., Any]]:
    """Give the functions for texts as templates call them, over what a part has for them."""
    made = {name: _filling(name, functions.get(name), at) for name, at in _NUMBERED.items()}
    return {**made, "_": made["gettext"]}


def _filling(
    name: str, function: Callable[..., Any] | None, number_at: int | None
) -> Callable[..., Any]:
    source = _written(number_at, has_context=name.startswith(("p", "np")))

    def call(*texts: Any, **values: Any) -> Any:
        is_block = values.pop(_BLOCK, False)
        message = source(*texts)
        plain = [str(text) if hasattr(text, "__html__") else text for text in texts]
        text = message if function is None else function(request_now(), *plain)
        if number_at is not None:
            values = {"num": texts[number_at], **values}
        if hasattr(message, "__html__"):
            text = _with_tags_of(message, str(text))
        # In a block a per cent sign is doubled, whether there are values or not.
        return _filled(text, message, values) if values or is_block else text

    call.__name__ = name
    return call


def _written(number_at: int | None, *, has_context: bool) -> Callable[..., Any]:
    """Give what finds the text as it is written among the arguments."""
    first = int(has_context)
    if number_at is None:
        return lambda *texts: texts[first]
    return lambda *texts: texts[first if texts[number_at] == 1 else first + 1]


def _filled(text: Any, message: Any, values: Mapping[str, Any]) -> Any:
    """Fill placeholders; those of the original, where a translation has broken its own.

    A text stays a text, and is escaped with its values when it is shown.
    """
    try:
        return text % values
    except (KeyError, TypeError, ValueError):
        return message % values


def _with_tags_of(message: str, text: str) -> Any:
    """Give a translation as markup in which what the original does not have is escaped."""
    if text == message:
        return message
    allowed = set(_TAG.findall(message))
    pieces, end = [], 0
    for found in _TAG.finditer(text):
        pieces.append(escape(text[end : found.start()]))
        tag = found.group()
        pieces.append(Markup(tag) if tag in allowed else escape(tag))
        end = found.end()
    return Markup("").join([*pieces, escape(text[end:])])


def showing(gettext: Callable[..., Any]) -> Callable[[Any], Any]:
    """Give what is done to each value that a page shows: lazy texts are translated."""

    def shown(value: Any) -> Any:
        kind = type(value)
        # Most are plain texts: a third of the time of a look at the attribute.
        if kind is not str and getattr(kind, "is_lazy", False):
            return gettext(request_now(), value)
        return value

    return shown
