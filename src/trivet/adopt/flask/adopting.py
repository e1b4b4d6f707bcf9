"""A Flask project: what is in it, and a file that serves it inside Trivet.

No file of the project is changed. The new one mounts the Flask application, with the routes before
it that could be moved; so the application runs at every step, by both names.
"""

from __future__ import annotations

import builtins
import os
import re
from dataclasses import dataclass, field
from pathlib import Path

from trivet.adopt.adoption import Adoption, gather, other_files
from trivet.adopt.flask.facts import Facts, View, read_facts
from trivet.adopt.flask.judging import Judge
from trivet.adopt.flask.moving import Moved, moved
from trivet.adopt.flask.naming import RESERVED
from trivet.adopt.flask.pages import folder_of
from trivet.adopt.flask.rules import Rules, rules_of
from trivet.adopt.flask.stays import Stays
from trivet.adopt.flask.writing import app_text
from trivet.adopt.report import Kind

__all__ = ["adopt_flask"]

_START = re.compile(r"\b(flask\s+(--app\s+\S+\s+)?run|gunicorn|waitress-serve|uwsgi)\b")
_OTHER = ("Dockerfile", "Procfile", "Makefile", ".sh", ".yaml", ".yml")


@dataclass
class _Taken:
    """What is moved, and the reasons told so far."""

    handlers: list[Moved] = field(default_factory=list)
    told: set[str] = field(default_factory=set)


def adopt_flask(root: Path) -> Adoption:
    """Read a Flask project; gives it with a `trivet_app.py` in which it is served.

    Raises `SetupError` where there is no project.
    """
    adoption = Adoption(root)
    facts = read_facts(list(gather(adoption, "")))
    _tell_found(adoption, facts)
    if len(facts.applications) != 1:
        number = len(facts.applications) or "no"
        adoption.note(
            Kind.DECIDE,
            "",
            f"{number} lines make a Flask application, so that none could be chosen",
            'mount each by hand: app.mount("/", WSGI(flask_app))',
        )
        return adoption
    taken = _Taken()
    judge = Judge(facts)
    rules = rules_of(facts)
    for view in facts.views:
        _take(adoption, facts, judge, rules, view, taken)
    application = facts.applications[0]
    module = facts.project.files[application.file].module
    folder = root if root.is_dir() else root.parent
    text = app_text(module, application, taken.handlers, _pages(facts, folder))
    adoption.add(folder / "trivet_app.py", text)
    _tell_decisions(adoption, facts)
    return adoption


def _take(
    adoption: Adoption, facts: Facts, judge: Judge, rules: Rules, view: View, taken: _Taken
) -> None:
    place = f"{view.file}:{view.line}"
    name = view.function.name.value
    try:
        found = moved(facts, judge, rules, view)
        _check_names(found, taken)
    except Stays as error:
        is_new = error.mend not in taken.told
        taken.told.add(error.mend)
        adoption.note(Kind.STAYS, place, f"{name}: {error.why}", error.mend if is_new else "")
        return
    taken.handlers.append(found)
    adoption.note(Kind.REWRITTEN, place, f"{name} is answered by trivet_app.py, before Flask")


def _check_names(found: Moved, taken: _Taken) -> None:
    """Raise `Stays` where two things would have one name in the file that is written."""
    handlers = {one.name for one in taken.handlers}
    if found.blueprint and (found.name in handlers or found.name in dir(builtins)):
        found.name = re.sub(r"\W", "_", f"{found.blueprint}_{found.name}")
    if found.name in dir(builtins):
        raise Stays(f"{found.name} means something else in the file that is written")
    if found.name in handlers:
        raise Stays(f"another route that is moved is called {found.name} too")
    if any(found.name in one.names for one in taken.handlers):
        raise Stays(f"{found.name} means something else in the file that is written")
    for local, full in found.names.items():
        others = {one.names.get(local, full) for one in taken.handlers}
        if others - {full} or local in dir(builtins) or local in RESERVED | handlers | {found.name}:
            raise Stays(f"{local} means something else in the file that is written")


def _pages(facts: Facts, folder: Path) -> str:
    """Give the folder of templates, as it is named beside the written file."""
    try:
        return Path(os.path.relpath(folder_of(facts), folder)).as_posix()
    except Stays:
        return "templates"  # then no page was moved


def _tell_found(adoption: Adoption, facts: Facts) -> None:
    for app in facts.applications:
        where = f", in {app.factory}()" if app.factory else ""
        what = f"the application {app.variable}{where}"
        adoption.note(Kind.FOUND, f"{app.file}:{app.line}", what)
    for blueprint in facts.blueprints:
        prefix = f" at {blueprint.prefix}" if blueprint.prefix else ""
        adoption.note(
            Kind.FOUND,
            f"{blueprint.file}:{blueprint.line}",
            f"the blueprint {blueprint.variable}{prefix}",
        )
    for view in facts.views:
        for path in view.paths:
            adoption.note(
                Kind.FOUND, f"{view.file}:{view.line}", f"{path}  {view.function.name.value}"
            )
    for hook in facts.hooks:
        adoption.note(Kind.FOUND, f"{hook.file}:{hook.line}", f"{hook.owner}.{hook.kind}")
    pages = sum(1 for _ in other_files(adoption.root, ".html", ".jinja", ".j2"))
    if pages:
        adoption.note(Kind.FOUND, "", f"{pages} templates; Trivet's are of Jinja2 too")


def _tell_decisions(adoption: Adoption, facts: Facts) -> None:
    for file, extensions in facts.extensions.items():
        for name, line in extensions.items():
            adoption.note(
                Kind.DECIDE,
                f"{file}:{line}",
                f"{name} works for what is mounted, and not for what is moved",
                "leave what needs it to Flask, or use Trivet's own part",
            )
    for name, lines in other_files(adoption.root, *_OTHER):
        for number, text in enumerate(lines, 1):
            if _START.search(text):
                adoption.note(
                    Kind.DECIDE, f"{name}:{number}", text.strip(), "trivet run trivet_app.py"
                )
