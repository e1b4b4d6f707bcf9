"""Forms as a part: `app.use(Forms())` brings the templates that draw them, and a style sheet."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

from trivet.app.application import App
from trivet.app.part import Part
from trivet.errors import SetupError
from trivet.templates.part import Templates

__all__ = ["Forms"]

_HERE = Path(__file__).parent


class Forms(Part):
    """The templates of forms, below `forms/`; the application's own of the same name win.

    Where files are served (`Static`), there are ``forms/forms.css`` and ``forms/forms.js`` too.
    Raises `SetupError` where the application has no `Templates`.
    """

    name = "forms"

    def install(self, app: App) -> None:
        """Look for what draws pages."""
        if not any(isinstance(part, Templates) for part in app.parts.values()):
            raise SetupError(
                "Forms are drawn by templates, and the application has none",
                code="forms.no-templates",
                mend="templates = app.use(Templates()), above app.use(Forms())",
            )

    def template_folders(self) -> Sequence[Path]:
        """Give the folder of the templates."""
        return [_HERE / "templates"]

    def static_folders(self) -> Sequence[Path]:
        """Give the folder of the style sheet and the script."""
        return [_HERE / "static"]
