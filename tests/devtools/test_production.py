"""Where an application is served to others there is nothing of this: no page, no header."""

from __future__ import annotations

import subprocess
import sys

from tests.devtools.conftest import LOCAL, PAGE, local, music
from trivet.devtools import DevTools
from trivet.testing import TestClient


def test_without_debug_nothing_is_there() -> None:
    with local(music(debug=False)) as client:
        assert client.get("/_dev").status_code == 404
        assert client.get("/_dev/requests/1").status_code == 404
        answer = client.get("/page")

    assert answer.text == PAGE
    assert "x-trivet-request" not in answer.headers


def test_without_debug_nobody_watches() -> None:
    app = music(debug=False)

    assert app.watchers == []
    assert [hook for hook in app.hooks if hook.name == "devtools"] == []
    assert app.parts[DevTools].links() == ()
    assert app.parts[DevTools].lifespan(app) is None


def test_other_machines_get_pages_as_they_are() -> None:
    away = TestClient(music(), client=("192.168.1.7", 1), base_url="http://localhost:8000")

    assert away.get("/page").text == PAGE


def test_strange_hosts_get_pages_as_they_are() -> None:
    strange = TestClient(music(), client=LOCAL, base_url="http://evil.example")

    answer = strange.get("/page")
    assert answer.text == PAGE
    assert "x-trivet-request" not in answer.headers


def test_importing_trivet_loads_nothing_of_it() -> None:
    code = "import sys, trivet; trivet.App(); print([n for n in sys.modules if 'devtools' in n])"

    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)

    assert done.stdout.strip() == "[]"
