"""The routes are listed in the order in which they are tried, each with its place."""

from __future__ import annotations

import json

from tests.cli.shop import SHOP
from tests.cli.typed import Trivet, Write


def test_table_has_methods_path_name_and_place(trivet: Trivet, write: Write) -> None:
    write({"main.py": SHOP})

    done = trivet("routes")

    assert done.code == 0, done.err
    rows = [line.split() for line in done.out.splitlines()]
    line = 1 + SHOP.splitlines().index('@router.get("/{number}")')
    assert rows[0] == ["METHODS", "PATH", "NAME", "HANDLER"]
    assert ["GET", "/items/{number}", "read_item", f"main.py:{line}"] in rows
    assert ["WS", "/items/feed", "feed"] in [row[:3] for row in rows]
    assert ["MOUNT", "/inner"] in rows
    assert ["GET", "/inner/deep/{x}", "deep"] in [row[:3] for row in rows]


def test_json_has_everything_for_scripts(trivet: Trivet, write: Write) -> None:
    folder = write({"main.py": SHOP})

    done = trivet("routes", "--json")

    found = {(route["kind"], route["path"]): route for route in json.loads(done.out)}
    route = found["http", "/items"]
    assert route == {
        "kind": "http",
        "methods": ["POST"],
        "path": "/items",
        "name": "add_item",
        "handler": "add_item",
        "file": str(folder / "main.py"),
        "line": 1 + SHOP.splitlines().index('@router.post("", status_code=201)'),
        "in_schema": True,
    }
    assert found["websocket", "/items/feed"]["methods"] == []
    assert found["http", "/docs"]["in_schema"] is False


def test_routes_come_in_the_order_in_which_they_are_tried(trivet: Trivet, write: Write) -> None:
    write({"main.py": SHOP})

    paths = [route["path"] for route in json.loads(trivet("routes", "--json").out)]

    ours = ["/items/{number}", "/items", "/items/feed", "/inner", "/inner/deep/{x}"]
    assert [path for path in paths if path.startswith(("/items", "/inner"))] == ours


def test_partials_and_callable_objects_are_named(trivet: Trivet, write: Write) -> None:
    write(
        {
            "main.py": "from functools import partial\nfrom trivet import App\napp = App()\n"
            "class Greet:\n    async def __call__(self): ...\n"
            "async def say(word: str): ...\n"
            'app.get("/a", name="a")(Greet())\napp.get("/b", name="b")(partial(say, word="x"))\n'
        }
    )

    found = {r["path"]: r for r in json.loads(trivet("routes", "--json").out)}

    assert (found["/a"]["handler"], found["/a"]["line"]) == ("Greet", 4)
    assert (found["/b"]["handler"], found["/b"]["line"]) == ("say", 6)
