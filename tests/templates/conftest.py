"""An application with templates in a folder of its own."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import pytest

from trivet import App
from trivet.templates import Templates

Site = Callable[..., tuple[App, Templates]]


@pytest.fixture
def site(tmp_path: Path) -> Site:
    """Give an application and its templates, from texts by their names."""

    def made(
        texts: dict[str, str], *, awaits: bool = False, debug: bool = False
    ) -> tuple[App, Templates]:
        folder = tmp_path / "templates"
        folder.mkdir(exist_ok=True)
        for name, text in texts.items():
            (folder / name).write_text(text)
        app = App(debug=debug)
        return app, app.use(Templates(folder, awaits=awaits))

    return made
