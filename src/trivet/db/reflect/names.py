"""Names of classes, attributes and relations for tables that were named by others.

A table keeps its words: `order_lines` is `OrderLine`, the last word singular only where English
leaves no doubt; whatever is unsure stays as it is.
"""

from __future__ import annotations

import keyword
import re
import unicodedata
from collections.abc import Container, Iterable

from trivet.db.model import Model, table_name

__all__ = [
    "ATTRIBUTES",
    "attribute",
    "class_name",
    "class_names",
    "is_secret",
    "plural",
    "singular",
]

ATTRIBUTES = (frozenset(dir(Model)) | {"registry"}) - {"id"}
"""What a column cannot be called, because every model has it."""

_IRREGULAR = {
    "people": "person", "children": "child", "men": "man", "women": "woman", "statuses": "status",
    "movies": "movie", "cookies": "cookie", "photos": "photo", "videos": "video",
    "aliases": "alias", "buses": "bus", "bonuses": "bonus", "viruses": "virus",
    "analyses": "analysis", "caches": "cache", "indices": "index", "shelves": "shelf",
    "archives": "archive", "heroes": "hero", "uses": "use", "houses": "house", "causes": "cause",
    "warehouses": "warehouse", "invoices": "invoice", "roles": "role",
}  # fmt: skip
_SAME = frozenset(
    [
        "series",
        "species",
        "news",
        "lens",
        "sms",
        "dns",
        "gps",
        "https",
        "status",
        "address",
        "process",
        "access",
        "analysis",
        "basis",
        "bus",
        "campus",
        "canvas",
        "atlas",
        "bias",
        "chaos",
        "bonus",
        "virus",
        "data",
        "media",
        "staff",
        "equipment",
        "information",
    ]
)
_PLURALS = {one: many for many, one in _IRREGULAR.items()}
_BY_RULE: tuple[tuple[str, str], ...] = (
    (r"(?<=[a-z]{2})(?<![aeiou])ies$", "y"),  # companies
    (r"(ss|sh|x|tch|nch|rch|zz)es$", r"\1"),  # addresses, boxes, branches
    (r"([aeioulnr]s|[bcdfgklmnprtwz])es$", r"\1e"),  # cases, licenses, courses, files, prices
    (r"(ee)s$", r"\1"),  # employees
    (r"([bcdfgklmnprtwh])s$", r"\1"),  # albums, months
    (r"([aeo]y)s$", r"\1"),  # keys, days
)
_UNSURE = re.compile(r"(uses|oes|ves|[^tnr]ches|ss|us|is|as|os)$")
_SECRET = re.compile(
    r"(^|_)(passwords?|passwd|pwd|passphrase|secret|salt|(api|private|secret)_?key"
    r"|(access|refresh|session)_?token)(_|$)"
)
_UNSPEAKABLE = re.compile(r"^[^aeiouy]+$")


def singular(word: str) -> str:
    """Give the singular of an English word where it is sure, otherwise the word."""
    lower = word.lower()
    if lower in _IRREGULAR:
        return word[:1] + _IRREGULAR[lower][1:]
    is_short = len(lower) < 4 or bool(_UNSPEAKABLE.match(lower))
    if lower in _SAME or is_short or not lower.endswith("s") or _UNSURE.search(lower):
        return word
    for pattern, ending in _BY_RULE:
        made, count = re.subn(pattern, ending, word)
        if count:
            return made
    return word


def plural(name: str) -> str:
    """Give a name in snake case for many of it: `order_line` is `order_lines`."""
    head, underline, last = name.rpartition("_")
    return f"{head}{underline}{_plural_of(last)}"


def _plural_of(word: str) -> str:
    if word in _PLURALS:
        return _PLURALS[word]
    if word in _IRREGULAR or word in ("series", "species", "news", "data", "media", "staff"):
        return word
    if singular(word) != word:  # it is one already
        return word
    if re.search(r"(s|sh|ch|x|z)$", word):
        return f"{word}es"
    if re.search(r"[^aeiou]y$", word):
        return f"{word[:-1]}ies"
    return f"{word}s"


def class_name(table: str, *, is_singular: bool = True) -> str:
    """Give the class's name of a table."""
    words = [_cased(word) for word in _words(table)]
    if words and is_singular:
        *head, last = words
        *inner, final = re.split(r"(?<=[a-z0-9])(?=[A-Z])", last)
        words = [*head, *inner, singular(final)]
    name = "".join(word[:1].upper() + word[1:] for word in words)
    if not name.isidentifier() or keyword.iskeyword(name):
        name = f"Table{name}"
    return name


def class_names(tables: Iterable[tuple[str | None, str]]) -> dict[tuple[str | None, str], str]:
    """Give a name to each table, which is told as its schema and its name; no two are alike."""
    found: dict[tuple[str | None, str], str] = {}
    taken: set[str] = set()
    for schema, table in tables:
        choices = [class_name(table), class_name(table, is_singular=False)]
        if schema:
            choices[1:] = [class_name(f"{schema}_{table}")]
        name = next((one for one in choices if one not in taken), "")
        number = 2
        while not name or name in taken:
            name, number = f"{choices[-1]}{number}", number + 1
        taken.add(name)
        found[schema, table] = name
    return found


def attribute(name: str, used: Container[str] = (), taken: Container[str] = ATTRIBUTES) -> str:
    """Give an attribute for a column's or relation's name: snake case, free, and no keyword."""
    # Two underlines in a look-up lead from one model to the next.
    found = table_name("_".join(_words(name))) or "column"
    found = re.sub(r"_+", "_", found).strip("_") or "column"
    if not found.isidentifier():
        found = f"column_{found}"
    if found in taken or keyword.iskeyword(found):
        found += "_"
    plain, number = found, 2
    while found in used:
        found, number = f"{plain.rstrip('_')}_{number}", number + 1
    return found


def is_secret(name: str) -> bool:
    """Tell whether a column is called like something that is not shown."""
    return bool(_SECRET.search(attribute(name)))


def _words(text: str) -> list[str]:
    # Python reads identifiers in this form (PEP 3131).
    plain = unicodedata.normalize("NFKC", text)
    kept = "".join(letter if f"a{letter}".isidentifier() else " " for letter in plain)
    # Lower case may make what is no letter of a name: "İ" becomes two characters.
    return [word for word in kept.replace("_", " ").split() if word]


def _cased(word: str) -> str:
    """Give a word that is shouted as a name."""
    return word.capitalize() if len(word) > 1 and word.isupper() else word
