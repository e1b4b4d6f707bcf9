"""Texts are found, catalogues are brought up to date, compiled and counted."""

from __future__ import annotations

import asyncio
import os
import subprocess
import sys
from pathlib import Path

import pytest
from babel.messages.catalog import Catalog

from tests.i18n.conftest import Write
from trivet import App
from trivet.checks import Finding
from trivet.errors import SetupError
from trivet.i18n import I18n
from trivet.i18n.catalogue import read_catalogue
from trivet.i18n.placeholders import broken, placeholders
from trivet.i18n.workshop import Workshop
from trivet.templates import Templates

CODE = """
from trivet import App
from trivet.i18n import I18n, lazy, nlazy, plazy

app = App()
i18n = app.use(I18n("locale", locales=["en", "de", "ar"]))
# Translators: a button
label = lazy("Save")
days = nlazy("%(num)s day", "%(num)s days")
month = plazy("month", "May")
"""
PAGE = """
{{ _('Hello %(name)s', name=name) }}
{% trans %}
  Read <b>this</b> 100%
{% endtrans %}
{{ pgettext('month', 'June') }}
"""


@pytest.fixture
def project(tmp_path: Path) -> Path:
    (tmp_path / "app.py").write_text(CODE)
    (tmp_path / "templates").mkdir()
    (tmp_path / "templates" / "page.html").write_text(PAGE)
    for left_out in (".venv", "node_modules", "tests"):
        (tmp_path / left_out).mkdir()
        (tmp_path / left_out / "other.py").write_text("_('never seen')")
    (tmp_path / "env").mkdir()
    (tmp_path / "env" / "pyvenv.cfg").write_text("")
    (tmp_path / "env" / "other.py").write_text("_('never seen')")
    return tmp_path


def shop(project: Path) -> Workshop:
    return Workshop(project, project / "locale", "messages", ("de", "ar"))


def quiet(name: str) -> None:
    """Tell nobody."""


def test_texts_of_code_and_templates_are_found(project: Path) -> None:
    told: list[str] = []
    found = shop(project).extract(told.append)

    assert {(one.context, one.id) for one in found if one.id} == {
        (None, "Save"),
        (None, ("%(num)s day", "%(num)s days")),
        ("month", "May"),
        (None, "Hello %(name)s"),
        (None, "  Read <b>this</b> 100%%\n"),
        ("month", "June"),
    }
    assert list(found["Save"].auto_comments) == ["a button"]
    assert sorted(told) == ["app.py", "templates/page.html"]


def test_extracting_again_changes_nothing(project: Path) -> None:
    workshop = shop(project)
    workshop.extract(quiet)
    workshop.update(quiet)
    files = [workshop.template, workshop.written("de")]
    before = [path.read_bytes() for path in files]

    workshop.extract(quiet)
    workshop.update(quiet)

    assert [path.read_bytes() for path in files] == before


def test_what_was_translated_is_kept_and_what_changed_a_little_is_fuzzy(
    project: Path, write: Write
) -> None:
    write("de", {"Save": "Speichern", "Hello %(name)": "Hallo %(name)", "gone for good": "weg"})
    workshop = shop(project)
    workshop.extract(quiet)
    workshop.update(quiet)
    catalogue = read_catalogue(workshop.written("de"))

    assert catalogue["Save"].string == "Speichern"
    assert catalogue["Hello %(name)s"].fuzzy
    assert "gone for good" in str(next(iter(catalogue.obsolete.values())).id)


def test_compiled_texts_are_spoken(project: Path) -> None:
    workshop = shop(project)
    workshop.extract(quiet)
    workshop.update(quiet)
    text = workshop.written("de").read_text()
    text = text.replace('msgid "Save"\nmsgstr ""', 'msgid "Save"\nmsgstr "Speichern"')
    workshop.written("de").write_text(text)

    assert workshop.compile(quiet) == 2
    workshop.written("de").unlink()
    i18n = App().use(I18n(project / "locale", locales=["en", "de"]))
    assert i18n.locale("de").gettext("Save") == "Speichern"


def test_extracted_texts_are_those_that_templates_ask_for(project: Path, write: Write) -> None:
    workshop = shop(project)
    texts = {one.id: f"[{one.id}]" for one in workshop.extract(quiet) if one.id and not one.context}
    texts.pop(("%(num)s day", "%(num)s days"))
    write("de", texts)
    app = App()
    i18n = app.use(I18n(project / "locale", locales=["de", "en"]))
    templates = app.use(Templates(project / "templates"))
    request = i18n.locale("de").as_request()

    found = asyncio.run(templates.text("page.html", request=request, name="Ann"))

    assert "[Hello Ann]" in found
    assert "[  Read <b>this</b> 100%\n]" in found


def test_texts_that_cannot_be_read_are_a_mistake(project: Path) -> None:
    (project / "templates" / "bad.html").write_text("{{ _('open' }}")

    with pytest.raises(SetupError) as caught:
        shop(project).extract(quiet)

    assert caught.value.code == "i18n.extract"
    assert caught.value.where == "templates/bad.html:1"


def test_nothing_is_brought_up_to_date_before_it_is_extracted(project: Path) -> None:
    with pytest.raises(SetupError) as caught:
        shop(project).update(quiet)

    assert caught.value.code == "i18n.not-extracted"


def test_commands_do_it_all(project: Path) -> None:
    def run(*words: str) -> subprocess.CompletedProcess[str]:
        return subprocess.run(
            [sys.executable, "-m", "trivet", *words],
            cwd=project,
            env={**os.environ, "NO_COLOR": "1"},
            capture_output=True,
            text=True,
            timeout=50,
            check=False,
        )

    assert "extracted 6 texts" in run("messages", "extract").stdout
    assert "0%" in run("messages", "update").stdout
    assert "compiled 2 catalogues" in run("messages", "compile").stdout
    assert "compiled" in run("messages", "status").stdout


# -- what is wrong -------------------------------------------------------------------------------


def found(project: Path) -> list[Finding]:
    app = App()
    i18n = app.use(I18n(project / "locale", locales=["en", "de"]))
    return list(i18n.checks(app))


def test_check_finds_missing_and_old_catalogues(tmp_path: Path, write: Write) -> None:
    workshop = Workshop(tmp_path, tmp_path / "locale", "messages", ("de",))
    codes = [[one.code for one in found(tmp_path)]]
    write("de", {"Save": "Sichern"})
    codes.append([one.code for one in found(tmp_path)])
    workshop.compile(quiet)
    codes.append([one.code for one in found(tmp_path)])
    write("de", {"Save": "Speichern"})
    codes.append([one.code for one in found(tmp_path)])

    assert codes == [["i18n.no-catalogue"], ["i18n.not-compiled"], [], ["i18n.outdated"]]


def test_check_finds_placeholders_that_a_translation_broke(tmp_path: Path, write: Write) -> None:
    path = write("de", {
        "Hello %(name)s": "Hallo %(nmae)s",
        "Bye %(name)s": "Tschüss",
        "%(a)s of %(b)s": "%(b)s: %(a)s",
        "100% of it": "ganz",
        "at least {least}": "mindestens {wenigstens}",
        "%(part)s done": "zu %(part)s 100%!",
        ("%(num)s day", "%(num)s days"): ["ein Tag", "%(num)s Tage"],
        ("%(num)s of %(all)s", "%(num)s of %(all)s"): ["eins", "%(num)s von %(all)s"],
    })  # fmt: skip
    wrong = [one for one in found(tmp_path) if one.code == "i18n.placeholder"]

    assert [one.message for one in wrong] == [
        "the translation 'Hallo %(nmae)s' has %(nmae)s, which the text has not",
        "the translation 'Tschüss' has lost %(name)s",
        "the translation 'mindestens {wenigstens}' has {wenigstens}, which the text has not",
        "the translation 'zu %(part)s 100%!' has a % that begins no placeholder: write %%",
        "the translation 'eins' has lost %(all)s",
    ]
    assert all(one.where is not None and one.where.startswith(str(path)) for one in wrong)


def test_placeholders_are_told_from_per_cent_signs() -> None:
    assert placeholders("%(a)s %% %(b)05.2f {c} 5% {} %(d)") == {
        *("%(a)s", "%(b)05.2f", "{c}", "%(d)"),
    }
    assert list(broken(Catalog())) == []


def test_locale_without_a_file_has_everything_missing(project: Path) -> None:
    workshop = shop(project)
    workshop.extract(quiet)

    assert [(one.locale, one.missing, one.all) for one in workshop.status()] == [
        ("de", 6, 6),
        ("ar", 6, 6),
    ]
