"""The rows that the databases of the benchmarks hold: each is known from its number alone.

So the right answer to any request is known without asking a database. Nothing here knows one.
"""

from __future__ import annotations

import random
from datetime import UTC, datetime, timedelta
from typing import Any, TypeAlias

AUTHORS = 500
TAGS = 50
POSTS = 10_000
DRAFTS = 1_000
"""Posts up to this number are not published; all behind it are."""
LISTED = 20
WORLDS = 10_000
QUERIES = 20
READINGS = 1_000_000
MEASUREMENTS = 100_000
CHUNK = 10_000
SENSORS = 1_000

Row: TypeAlias = dict[str, Any]

_FIRST_DAY = datetime(2024, 1, 1, tzinfo=UTC)
_NAMES = ("Ada", "Ben", "Cleo", "Dara", "Emil", "Fay", "Gus", "Hana", "Ivo", "Jun")
_WORDS = (
    *("iron", "stand", "table", "kettle", "three", "legs", "heat", "wood", "tile", "warm", "cup"),
    *("bread", "under", "pan", "still", "kitchen", "evening", "light", "hook", "wall", "round"),
)
_EXTRA = "One more, made while you asked."
# What the public rules of TechEmpower's test ask of a list: markup, quotes and wide characters.
_FORTUNES = (
    "The shortest queue is the one that you have left.",
    "A cache remembers everything except when to forget.",
    'Whoever says "it works here" has said where.',
    "Tabs & spaces never meet on the same line twice.",
    "Two threads walk into a bar; the second one was first.",
    "An index that nobody uses is only a slower insert.",
    "It's always the name that is hardest to find.",
    "Rows that were never committed are never missed.",
    "<script>alert('nobody should ever see a box that says this');</script>",
    "三本の脚はどんな床でも揺れない。",
    "If 1 < 2 surprises your template, it is not escaping.",
    "A test that cannot fail has already told you everything.",
)


def author(number: int) -> Row:
    """Give an author as JSON shows one."""
    return {"id": number, "name": f"{_NAMES[number % len(_NAMES)]} {number}"}


def tag(number: int) -> Row:
    """Give a tag as JSON shows one."""
    return {"id": number, "name": f"tag {number}"}


def created(number: int) -> datetime:
    """Give the moment at which a post was written."""
    return _FIRST_DAY + timedelta(minutes=number)


def post(number: int) -> Row:
    """Give a post as JSON shows one."""
    chance = random.Random(number)
    return {
        "id": number,
        "title": " ".join(chance.choices(_WORDS, k=5)).capitalize(),
        "body": " ".join(chance.choices(_WORDS, k=40)).capitalize() + ".",
        "published": number > DRAFTS,
        "views": chance.randrange(100_000),
        "created": created(number).isoformat().replace("+00:00", "Z"),
        "author_id": 1 + number % AUTHORS,
    }


def tags_of(number: int) -> list[int]:
    """Give the tags of a post: three different ones, in order."""
    return sorted(random.Random(-number).sample(range(1, TAGS + 1), 3))


def listed_post(number: int) -> Row:
    """Give a post with its author and its tags."""
    made = post(number)
    return {
        **made,
        "author": author(made["author_id"]),
        "tags": [tag(each) for each in tags_of(number)],
    }


def listing() -> list[Row]:
    """Give the newest published posts, the newest first."""
    return [listed_post(number) for number in range(POSTS, POSTS - LISTED, -1)]


def worlds() -> list[tuple[int, int]]:
    """Give number and random number of each world."""
    chance = random.Random(1)
    return [(number, chance.randint(1, WORLDS)) for number in range(1, WORLDS + 1)]


def fortunes() -> list[tuple[int, str]]:
    """Give number and text of each fortune that is stored."""
    return list(enumerate(_FORTUNES, 1))


def shown_fortunes() -> list[tuple[int, str]]:
    """Give the fortunes as a page shows them: one more than is stored, in the order of texts."""
    return sorted([*fortunes(), (0, _EXTRA)], key=lambda fortune: fortune[1])


def readings_total() -> float:
    """Give the sum over all readings: the n-th one is n halves."""
    return READINGS * (READINGS + 1) / 4
