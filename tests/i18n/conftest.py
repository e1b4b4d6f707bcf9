"""An application that speaks several languages, with catalogues written by a test."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Any

import pytest

from trivet import App
from trivet.i18n import I18n
from trivet.templates import Templates

Write = Callable[..., Path]
Site = Callable[..., tuple[App, I18n]]

HEADER = """msgid ""
msgstr ""
"Content-Type: text/plain; charset=utf-8\\n"
"Plural-Forms: {plural};\\n"

"""
GERMANIC = "nplurals=2; plural=(n != 1)"


def quoted(text: str) -> str:
    return '"' + text.replace("\\", "\\\\").replace('"', '\\"').replace("\n", "\\n") + '"'


@pytest.fixture
def write(tmp_path: Path) -> Write:
    """Write a catalogue into the folder `locale`: texts, pairs of context and text, or plurals."""

    def written(
        locale: str,
        texts: Mapping[Any, Any],
        *,
        domain: str = "messages",
        plural: str = GERMANIC,
        folder: Path | None = None,
    ) -> Path:
        path = (folder or tmp_path / "locale") / locale / "LC_MESSAGES" / f"{domain}.po"
        path.parent.mkdir(parents=True, exist_ok=True)
        blocks = [HEADER.format(plural=plural)]
        for key, value in texts.items():
            if isinstance(value, list):
                forms = [f"msgstr[{at}] {quoted(form)}" for at, form in enumerate(value)]
                named = [f"msgid {quoted(key[0])}", f"msgid_plural {quoted(key[1])}", *forms]
            elif isinstance(key, tuple):
                named = [f"msgctxt {quoted(key[0])}", f"msgid {quoted(key[1])}"]
                named.append(f"msgstr {quoted(value)}")
            else:
                named = [f"msgid {quoted(key)}", f"msgstr {quoted(value)}"]
            blocks.append("\n".join(named) + "\n")
        path.write_text("\n".join(blocks), encoding="utf-8")
        return path

    return written


@pytest.fixture
def site(tmp_path: Path) -> Site:
    """Give an application that speaks some languages, with templates by their names."""

    def made(
        *locales: str, pages: Mapping[str, str] | None = None, **options: Any
    ) -> tuple[App, I18n]:
        app = App()
        i18n = app.use(I18n(tmp_path / "locale", locales=locales or ("en", "de"), **options))
        if pages is not None:
            folder = tmp_path / "templates"
            folder.mkdir(exist_ok=True)
            for name, text in pages.items():
                (folder / name).write_text(text, encoding="utf-8")
            app.use(Templates(folder))
        return app, i18n

    return made
