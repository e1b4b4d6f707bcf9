"""How a form is drawn: by small templates, those of the page that is being rendered.

The environment is found where the page puts it while it renders, so that a form is plain data until
a template draws it.
"""

from __future__ import annotations

from typing import cast

from trivet.errors import SetupError
from trivet.forms.html import Html
from trivet.forms.messages import Translate
from trivet.templates.present import environment_now
from trivet.texts import lazy

__all__ = ["WORDS", "drawn", "translate_now", "translated"]

WORDS = (
    lazy("Add"),
    lazy("Choose…"),
    lazy("Remove"),
    lazy("Send"),
    lazy("Some of this cannot be taken yet:"),
)
"""What the templates say by `word`: who extracts texts finds them here, and not there."""


def drawn(name: str, **context: object) -> Html:
    """Draw `forms/<name>.html`; raises `SetupError` outside of a page."""
    environment = environment_now()
    if environment is None:
        raise SetupError(
            "A form is drawn outside of a page",
            code="forms.no-page",
            mend='put {{ form }} into a template: await templates.render("new.html", form=form)',
        )
    try:
        template = environment.get_template(f"forms/{name}.html")
    except LookupError as error:
        raise SetupError(
            f"There is no template 'forms/{name}.html' to draw a form by",
            code="forms.no-part",
            mend="app.use(Forms())",
        ) from error
    return Html(template.render(context))


def translate_now() -> Translate | None:
    """Give the templates' own `gettext`, or None where they have none."""
    environment = environment_now()
    found = None if environment is None else environment.globals.get("gettext")
    # One that wants the template's context cannot be called from here.
    if found is None or getattr(found, "jinja_pass_arg", None) is not None:
        return None
    return cast("Translate", found)


def translated(text: str) -> str:
    """Give a text in the language of the page."""
    translate = translate_now()
    return text if translate is None or not text else str(translate(text))
