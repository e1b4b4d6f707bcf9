"""Text that is mark-up already, and the one place where values become attributes of an element.

Whatever is not `Html` is escaped: here, and by the templates.
"""

from __future__ import annotations

import html
import re
from collections.abc import Mapping

from trivet.errors import SetupError

__all__ = ["Attributes", "Html", "attributes_html"]

Attributes = Mapping[str, str | int | float | bool | None]
"""Attributes by name: True stands alone, False and None are left out."""

_NAME = re.compile(r"[a-z][a-z0-9-]*")


class Html(str):
    """Mark-up that templates put in as it is."""

    __slots__ = ()

    def __html__(self) -> str:
        """Give itself: what Jinja2 asks for before it escapes."""
        return str(self)


def attributes_html(attributes: Attributes) -> Html:
    """Give attributes as they stand in a tag, with a space before each.

    A `_` in a name is a `-`, and one at the end is left out: ``class_="wide"``. Raises `SetupError`
    for what is no name of an attribute, and for scripts (`onclick`).
    """
    written = []
    for given, value in attributes.items():
        name = given.rstrip("_").replace("_", "-").lower()
        if not _NAME.fullmatch(name) or name.startswith("on"):
            raise SetupError(
                f"{given!r} cannot be an attribute of an input",
                code="forms.attribute",
                mend='a name such as class_="wide" or data_kind="x"; scripts belong into files',
            )
        if value is True:
            written.append(f" {name}")
        elif value is not None and value is not False:
            written.append(f' {name}="{html.escape(str(value))}"')
    return Html("".join(written))
