"""What a request's queries have in common: the same ones again, one for each row of another, and
values of which some must not be seen.

Pure functions over texts: nothing here knows a database.
"""

from __future__ import annotations

import re
from collections import Counter, defaultdict
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Literal

from trivet.app.debug_hidden import HIDDEN, hide, is_secret, shown

__all__ = ["Fault", "Query", "faults_in", "plan_shown", "values_shown"]

_MANY = 3  # queries of one text with different values: fewer are no pattern
_IDENTIFIER = r'[A-Za-z_"`][\w."`]*'
_PLACE = r"(?:\$\d+|\?|%s|%\(\w+\)s|:\w+)"
# Keywords and the like that are not columns, though they stand before a placeholder.
_COMPARED = re.compile(
    rf"({_IDENTIFIER})\s*(?:=|<>|!=|<=|>=|<|>|\bI?LIKE\b|\bIN\s*\(|\bIS\b)\s*(?:lower\()?({_PLACE})"
    rf"|\b(LIMIT|OFFSET)\s+({_PLACE})|({_PLACE})",
    re.IGNORECASE,
)
_INSERT = re.compile(
    r"^\s*(?:INSERT|REPLACE)\s+(?:OR\s+\w+\s+|IGNORE\s+)?INTO\s+\S+\s*\(([^)]*)\)\s*VALUES\s*\(",
    re.IGNORECASE,
)
_TEXT = re.compile(r"'(?:[^']|'')*'")
_WORDS = re.compile(r"[A-Za-z_]\w*")


@dataclass(frozen=True, slots=True)
class Query:
    """One query, for comparison: its text, its values as text, and where it was asked."""

    text: str
    values: str
    place: str


@dataclass(frozen=True, slots=True)
class Fault:
    """Queries that are more than they need to be, by their indices, and the mend."""

    kind: Literal["again", "each"]
    indices: tuple[int, ...]
    told: str
    mend: str


def faults_in(queries: Sequence[Query]) -> list[Fault]:
    """Find what was asked twice, and what was asked once for each row of something else."""
    by_text: dict[str, list[int]] = defaultdict(list)
    for index, query in enumerate(queries):
        if query.text.lstrip()[:6].upper() in ("SELECT", "WITH R", "WITH A", "TABLE "):
            by_text[query.text].append(index)
    found = []
    for indices in by_text.values():
        values = Counter(queries[index].values for index in indices)
        if len(values) >= _MANY:
            found.append(_each(queries, indices))
            continue
        again = [index for index in indices if values[queries[index].values] > 1]
        if again:
            found.append(_again(queries, again))
    return found


def _each(queries: Sequence[Query], indices: Sequence[int]) -> Fault:
    return Fault(
        "each",
        tuple(indices),
        f"{len(indices)} queries differ in their values alone{_from(queries, indices)}: one for"
        " each row of another query (N+1)",
        "Load them with the rows: .with_(Model.relation) at the query that gave these; or all at"
        " once: Model.where(id__in=[…])",
    )


def _again(queries: Sequence[Query], indices: Sequence[int]) -> Fault:
    return Fault(
        "again",
        tuple(indices),
        f"the same query with the same values was asked {len(indices)} times"
        f"{_from(queries, indices)}",
        "Ask once and keep the result in a variable; or let a dependency give it, which is called"
        " once for each request",
    )


def _from(queries: Sequence[Query], indices: Sequence[int]) -> str:
    places = list(dict.fromkeys(queries[index].place for index in indices if queries[index].place))
    if not places:
        return ""
    return f" at {places[0]}" if len(places) == 1 else f" at {', '.join(places[:3])}"


def values_shown(text: str, values: Any) -> list[tuple[str, str]]:  # Any: a driver's values
    """Give a query's values with the columns that they are for, those of secrets hidden.

    Where a column cannot be found in the text, and the text names something secret, the value is
    hidden too.
    """
    if isinstance(values, Mapping):
        return [(str(name), shown(str(name), value)) for name, value in values.items()]
    if not isinstance(values, Sequence) or isinstance(values, str | bytes):
        return [] if values is None else [("", shown("", values))]
    if values and _is_row(values[0]):
        first = values_shown(text, values[0])  # many rows at once: the first tells enough
        more = len(values) - 1
        return [*first, ("", f"and {more} more row{'' if more == 1 else 's'}")] if more else first
    columns = _columns(text, len(values))
    has_secrets = any(is_secret(word) for word in _WORDS.findall(text))
    rows = []
    for index, value in enumerate(values):
        column = columns.get(index)
        if column is None:
            is_text = isinstance(value, str | bytes)
            rows.append((f"{index + 1}", HIDDEN if has_secrets and is_text else shown("", value)))
        else:
            rows.append((column, shown(column, value)))
    return rows


def plan_shown(plan: str, values: Sequence[tuple[str, str]]) -> str:
    """Give a database's plan, in which the query's values stand as texts.

    Where one of them is hidden, all texts in the plan are.
    """
    if any(HIDDEN in value for _, value in values):
        plan = _TEXT.sub(f"'{HIDDEN}'", plan)
    return hide(plan)


def _is_row(value: object) -> bool:
    return isinstance(value, Sequence | Mapping) and not isinstance(value, str | bytes)


def _columns(text: str, count: int) -> dict[int, str]:
    """Find the columns that positional values are for, so far as the text says it plainly."""
    insert = _INSERT.match(text)
    if insert is not None:
        return _inserted(text, insert, count)
    found: dict[int, str] = {}
    for counted, match in enumerate(_COMPARED.finditer(text)):
        place = match[2] or match[4] or match[5]
        index = int(place[1:]) - 1 if place.startswith("$") else counted
        if match[1] or match[3]:
            found.setdefault(index, _bare(match[1] or match[3].lower()))
    return found


def _inserted(text: str, insert: re.Match[str], count: int) -> dict[int, str]:
    """Find the columns of an insertion's values, in each of its rows; a value may be a formula."""
    names = [_bare(name) for name in insert[1].split(",")]
    row = []
    for name, formula in zip(names, _items(text[insert.end() :]), strict=False):
        row += [(name, place) for place in re.findall(_PLACE, formula)]
    if not row:
        return {}
    found = {index: row[index % len(row)][0] for index in range(count)}
    for name, place in row:
        if place.startswith("$"):
            found[int(place[1:]) - 1] = name
    return found


def _items(text: str) -> list[str]:
    """Split what stands in a bracket, which is open already, at its own commas."""
    items, depth, quote, start = [], 0, "", 0
    for index, letter in enumerate(text):
        if quote:
            quote = "" if letter == quote else quote
        elif letter in "'\"`":
            quote = letter
        elif letter == "(":
            depth += 1
        elif letter in "),":
            if letter == ")" and depth:
                depth -= 1
            elif not depth:
                items.append(text[start:index])
                start = index + 1
                if letter == ")":
                    break
    return items


def _bare(name: str) -> str:
    return name.strip().rpartition(".")[2].strip('"` ')
