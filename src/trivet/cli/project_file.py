"""A user's pyproject.toml: more extras of Trivet among its dependencies; nothing else moves."""

from __future__ import annotations

import re
import tomllib
from collections.abc import Collection

__all__ = ["with_extras"]

_OURS = re.compile(r"trivet\s*(?:\[(?P<extras>[^\]]*)\])?(?P<rest>\s*(?:[<>=!~;@ ].*)?)", re.DOTALL)


def with_extras(text: str, extras: Collection[str]) -> str | None:
    """Give the text of a pyproject.toml whose dependency on Trivet has `extras`.

    None where there is no such dependency to change, or the file cannot be read.
    """
    try:
        dependencies = tomllib.loads(text).get("project", {}).get("dependencies", [])
    except tomllib.TOMLDecodeError:
        return None
    for one in dependencies:
        match = _OURS.fullmatch(one)
        if match is None:
            continue
        there = {extra.strip() for extra in (match["extras"] or "").split(",")} - {""}
        wanted = sorted(there | set(extras))
        if set(wanted) == there:
            return text
        new = f"trivet[{','.join(wanted)}]{match['rest']}"
        for quote in ('"', "'"):
            if text.count(f"{quote}{one}{quote}") == 1:
                return text.replace(f"{quote}{one}{quote}", f"{quote}{new}{quote}")
    return None
