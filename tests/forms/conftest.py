"""An application with templates and forms, and a page that holds one form."""

from __future__ import annotations

from collections.abc import Awaitable, Callable, Mapping
from pathlib import Path
from typing import Any

import pytest

from trivet import App
from trivet.forms import Form, Forms
from trivet.forms.leaves import Posted
from trivet.templates import Templates

PAGE = "<form {{ form.attributes }}>{{ form }}</form>"

Site = Callable[..., tuple[App, Templates]]
Draw = Callable[..., Awaitable[str]]


def posting(model: Any, posted: Mapping[str, Posted | list[str]]) -> Form[Any]:
    """Give the form of a model as if these were posted."""
    items: list[tuple[str, Posted]] = []
    for name, value in posted.items():
        items += [(name, one) for one in value] if isinstance(value, list) else [(name, value)]
    return Form.read(model, items, picks={})


@pytest.fixture
def site(tmp_path: Path) -> Site:
    """Give an application with forms, and its templates, from texts by their names."""

    def made(texts: Mapping[str, str] | None = None, **options: Any) -> tuple[App, Templates]:
        folder = tmp_path / "templates"
        for name, text in {"page.html": PAGE, **(texts or {})}.items():
            (folder / name).parent.mkdir(parents=True, exist_ok=True)
            (folder / name).write_text(text)
        app = App()
        templates = app.use(Templates(folder, **options))
        app.use(Forms())
        return app, templates

    return made


@pytest.fixture
def draw(site: Site) -> Draw:
    """Give what draws a form: on its page, or by a template's text."""
    _, templates = site()

    async def drawing(form: Form[Any], text: str | None = None) -> str:
        if text is None:
            return await templates.text("page.html", form=form)
        (templates.folders[0] / "own.html").write_text(text)
        templates.environment().cache.clear()  # type: ignore[union-attr]  # there is one
        return await templates.text("own.html", form=form)

    return drawing
