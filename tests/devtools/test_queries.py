"""What queries have in common, and which of their values are shown."""

from __future__ import annotations

from typing import Any

import pytest

from trivet.app.debug_hidden import HIDDEN
from trivet.devtools.queries import Query, faults_in, plan_shown, values_shown

ONE = "SELECT * FROM bands WHERE id = ?"


def test_one_query_for_each_row_is_found_with_its_mend() -> None:
    queries = [Query("SELECT * FROM songs", "()", "shop.py:3")]
    queries += [Query(ONE, f"({number})", "shop.py:5") for number in range(4)]

    [fault] = faults_in(queries)

    assert (fault.kind, fault.indices) == ("each", (1, 2, 3, 4))
    assert "4 queries" in fault.told
    assert "shop.py:5" in fault.told
    assert ".with_(" in fault.mend


def test_the_same_query_again_is_found_with_its_mend() -> None:
    queries = [Query(ONE, "(1)", ""), Query(ONE, "(2)", ""), Query(ONE, "(1)", "")]

    [fault] = faults_in(queries)

    assert (fault.kind, fault.indices) == ("again", (0, 2))
    assert "Ask once" in fault.mend


def test_two_that_differ_and_what_writes_are_in_order() -> None:
    inserts = [Query("INSERT INTO bands VALUES (?)", "(1)", "") for _ in range(5)]

    assert faults_in([Query(ONE, "(1)", ""), Query(ONE, "(2)", ""), *inserts]) == []


@pytest.mark.parametrize(
    ("text", "values"),
    [
        ("INSERT INTO users (id, password) VALUES (?, ?)", (7, "sesame")),
        ("INSERT INTO users (id, made, password) VALUES (?, now(), ?)", (7, "sesame")),
        ("INSERT INTO users (id, made, password) VALUES (?, f('),', 2), ?)", (7, "sesame")),
        ('INSERT INTO "users" ("id", "password") VALUES ($1::INTEGER, $2::VARCHAR)', (7, "sesame")),
        ("INSERT INTO users (password, id) VALUES ($2, $1)", (7, "sesame")),
        ("INSERT INTO users (id, password) VALUES (%s, %s), (%s, %s)", (7, "a", 8, "sesame")),
        ("UPDATE users SET password = ? WHERE id = ?", ("sesame", 7)),
        ("UPDATE users SET password=%s WHERE users.id = %s", ("sesame", 7)),
        ("SELECT id FROM sessions WHERE sessions.token = $2 AND id = $1", (7, "sesame")),
        ("SELECT id FROM sessions WHERE token IN (?, ?) AND id = ?", ("sesame", "sesame", 7)),
        ("SELECT id FROM users WHERE f(?) = secret AND id = ?", ("sesame", 7)),
        (
            "SELECT id FROM users WHERE password = :word AND id = :id",
            {"word": 7, "token": "sesame"},
        ),
    ],
)
def test_values_of_secret_columns_are_hidden(text: str, values: Any) -> None:
    shown = values_shown(text, values)

    assert "sesame" not in str(shown)
    assert HIDDEN in str(shown)
    assert "7" in [value for _, value in shown]


def test_values_stand_at_their_columns() -> None:
    text = "SELECT a FROM t WHERE t.name ILIKE $2 AND t.id > $1 LIMIT $3 OFFSET $4"

    assert values_shown(text, (1, "x", 10, 0)) == [
        ("id", "1"),
        ("name", "'x'"),
        ("limit", "10"),
        ("offset", "0"),
    ]


def test_of_many_rows_the_first_is_shown() -> None:
    shown = values_shown("INSERT INTO t (a, b) VALUES (?, ?)", [(1, 2), (3, 4), (5, 6)])

    assert shown == [("a", "1"), ("b", "2"), ("", "and 2 more rows")]


def test_a_plan_hides_texts_where_a_value_is_hidden() -> None:
    plan = "Index Cond: ((token)::text = 'it''s sesame'::text) AND (id = '7'::bigint)"

    assert plan_shown(plan, [("id", "7")]) == plan
    assert plan_shown(plan, [("id", "7"), ("token", HIDDEN)]) == (
        f"Index Cond: ((token)::text = '{HIDDEN}'::text) AND (id = '{HIDDEN}'::bigint)"
    )
