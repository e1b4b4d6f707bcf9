"""Path traversal in folders of files: encoded once or twice, absolute, of Windows, by links."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from trivet import App
from trivet.static import Static, StaticFiles
from trivet.testing import TestClient

_CLIMBING = [
    "../secret.txt", "..%2fsecret.txt", "%2e%2e/secret.txt", "%2e%2e%2fsecret.txt",
    "%252e%252e%252fsecret.txt", "..%5csecret.txt", "..%255csecret.txt", "a/../../secret.txt",
    "a%2f..%2f..%2fsecret.txt", "%2fetc%2fpasswd", "/etc/passwd", "//etc/passwd",
    "..%c0%afsecret.txt", "%c0%ae%c0%ae/secret.txt", "secret.txt%20", "C:%5csecret.txt",
    "C:/secret.txt", "%5c%5cserver%5cshare%5cx", "//server/share/x", "out/secret.txt",
    "out%2fsecret.txt", "link.txt", ".%2f.%2f..%2fsecret.txt", "....//secret.txt",
    "..;/secret.txt", "NUL", "con.txt", "aux", "a.txt::$DATA", "a.txt:stream", ".hidden",
    "%2ehidden", "a.txt/../../secret.txt", "%5c%5c%3f%5cC:%5csecret.txt",
]  # fmt: skip


def _folder(path: Path) -> Any:
    return StaticFiles(directory=path)


def _html(path: Path) -> Any:
    return StaticFiles(directory=path, html=True)


@pytest.mark.parametrize("path", _CLIMBING)
@pytest.mark.parametrize("make", [_folder, _html, Static], ids=["folder", "html", "part"])
def test_nothing_outside_of_the_folder_is_given(
    tmp_path: Path, make: Callable[[Path], Any], path: str
) -> None:
    folder = tmp_path / "served"
    folder.mkdir()
    (tmp_path / "secret.txt").write_text("the secret")
    (folder / "a.txt").write_text("a")
    (folder / ".hidden").write_text("the secret")
    (folder / "out").symlink_to(tmp_path)
    (folder / "link.txt").symlink_to(tmp_path / "secret.txt")
    app = App()
    if make is Static:
        app.use(Static(folder))
    else:
        app.mount("/static", make(folder))

    with TestClient(app, follow_redirects=False) as client:
        answer = client.get("http://testserver/static/" + path)

    assert answer.status_code in (307, 308, 400, 404), (path, answer.status_code)
    assert "secret" not in answer.text.replace("secret.txt", "")
    assert "root:" not in answer.text
