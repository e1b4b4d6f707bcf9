from __future__ import annotations

import subprocess
import sys
from pathlib import Path

import pytest

from trivet.openapi.assets import Assets, find_assets

NAMES = {"swagger-ui.js", "swagger-ui.css", "redoc.js"}


@pytest.fixture
def installed() -> Assets:
    found = find_assets()
    assert found is not None, "an installation brings the scripts"
    return found


def test_the_installed_files_are_swagger_ui_and_redoc(installed: Assets) -> None:
    assert {name for name, _ in installed} == NAMES
    assert b"SwaggerUIBundle" in installed.read("swagger-ui.js")
    assert b".swagger-ui" in installed.read("swagger-ui.css")
    assert b"Redoc" in installed.read("redoc.js")


def test_files_have_the_media_types_that_browsers_insist_on(installed: Assets) -> None:
    assert installed.media_type("swagger-ui.js") == "text/javascript; charset=utf-8"
    assert installed.media_type("swagger-ui.css") == "text/css; charset=utf-8"


def test_a_name_that_is_not_served_is_no_path(installed: Assets) -> None:
    with pytest.raises(KeyError):
        installed.read("../assets.py")


def test_addresses_change_with_the_files(tmp_path: Path) -> None:
    files = {name: tmp_path / name for name in NAMES}
    for path in files.values():
        path.write_text("one")
    before = Assets(files).urls("/docs")

    changed = tmp_path / "changed.js"
    changed.write_text("two")
    after = Assets({**files, "redoc.js": changed}).urls("/docs")

    assert before.redoc_js.startswith("/docs/redoc.js?v=")
    assert before.redoc_js != after.redoc_js
    assert before.swagger_js == after.swagger_js


def test_a_folder_without_the_files_has_no_assets(tmp_path: Path) -> None:
    assert find_assets(tmp_path) is None


def test_a_folder_with_files_missing_is_passed_over(tmp_path: Path) -> None:
    (tmp_path / "swagger-ui.css").touch()

    assert find_assets(tmp_path) is None


def test_finding_the_files_imports_no_framework() -> None:
    code = (
        "import sys; from trivet.openapi.assets import find_assets; found = find_assets();"
        "sys.exit(found is None or any(name in sys.modules for name in ('django', 'fastapi')))"
    )

    assert subprocess.run([sys.executable, "-c", code], check=False).returncode == 0
