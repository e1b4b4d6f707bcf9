"""What the pages and letters say is found for catalogues."""

from __future__ import annotations

from pathlib import Path

from tests.auth.pages.site import site_on
from trivet.auth.pages import texts
from trivet.auth.pages.texts import wait_for
from trivet.db import Database
from trivet.i18n.__main__ import OWN
from trivet.templates import Templates
from trivet.texts import LazyText


def test_texts_of_templates_forms_letters_and_flows_are_found() -> None:
    found = {one.id if isinstance(one.id, str) else one.id[0] for one in OWN.found(lambda _: None)}

    own = [getattr(texts, name) for name in texts.__all__ if name.isupper()]
    assert {str(one) for one in own if isinstance(one, LazyText)} | set(texts.OF_FLOWS) <= found
    assert "Skip to the content" in found  # of a template
    assert "E-mail address" in found  # of a form
    assert "If you did not ask for it, do nothing." in found  # of a letter
    assert "Too many attempts: try again in %(num)s second." in found


def test_long_waits_are_told_in_minutes() -> None:
    assert wait_for(1) == "Too many attempts: try again in 1 second."
    assert wait_for(119) == "Too many attempts: try again in 119 seconds."
    assert wait_for(121) == "Too many attempts: try again in 3 minutes."


def test_templates_can_be_read_and_put_nothing_where_escaping_does_not_protect(
    tmp_path: Path,
) -> None:
    app = site_on(Database("sqlite://"), tmp_path).app

    assert list(app.parts[Templates].checks(app)) == []
