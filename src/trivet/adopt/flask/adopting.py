"""A Flask project: what is in it, and a file that serves it inside Trivet.

No file of the project is changed. The new one mounts the Flask application, with the routes before
it that could be moved; so the application runs at every step, by both names.
"""

from __future__ import annotations

import re
from collections import Counter
from dataclasses import dataclass, field
from pathlib import Path

from trivet.adopt.flask.facts import Maker, Project, View, read_project
from trivet.adopt.flask.judging import Judge, Stays
from trivet.adopt.flask.moving import Moved, moved
from trivet.adopt.flask.writing import app_text
from trivet.adopt.project import Adoption, gather, other_files
from trivet.adopt.report import Kind

__all__ = ["adopt_flask"]

_START = re.compile(r"\b(flask\s+(--app\s+\S+\s+)?run|gunicorn|waitress-serve|uwsgi)\b")
_OTHER = ("Dockerfile", "Procfile", "Makefile", ".sh", ".yaml", ".yml")


@dataclass
class _Taken:
    """What is moved, and the reasons told so far."""

    handlers: list[Moved] = field(default_factory=list)
    names: Counter[str] = field(default_factory=Counter)
    told: set[str] = field(default_factory=set)


def adopt_flask(root: Path) -> Adoption:
    """Read a Flask project; gives it with a `trivet_app.py` in which it is served.

    Raises `SetupError` where there is no project.
    """
    adoption = Adoption(root)
    project = read_project(list(gather(adoption, "")))
    _tell_found(adoption, project)
    if len(project.applications) != 1:
        number = len(project.applications) or "no"
        adoption.note(
            Kind.DECIDE,
            "",
            f"{number} lines make a Flask application, so that none could be chosen",
            'mount each by hand: app.mount("/", WSGI(flask_app))',
        )
        return adoption
    taken = _Taken()
    judge = Judge(project)
    for view in project.views:
        _take(adoption, project, judge, view, taken)
    application = project.applications[0]
    module = project.files[application.file].module
    folder = root if root.is_dir() else root.parent
    adoption.add(folder / "trivet_app.py", app_text(module, application, taken.handlers))
    _tell_decisions(adoption, project)
    return adoption


def _take(adoption: Adoption, project: Project, judge: Judge, view: View, taken: _Taken) -> None:
    place = f"{view.file}:{view.line}"
    name = view.function.name.value
    try:
        prefix = _prefix(project, view)
        found = moved(project, judge, view, prefix)
        for local, full in found.names.items():
            others = {one.names.get(local, full) for one in taken.handlers}
            if others - {full} or local in ("app", "moved", "first"):
                raise Stays(f"{local} means something else in the file that is written")
        taken.names[name] += 1
        if taken.names[name] > 1:
            raise Stays(f"another route that is moved is called {name} too")
    except Stays as error:
        is_new = error.mend not in taken.told
        taken.told.add(error.mend)
        adoption.note(Kind.STAYS, place, f"{name}: {error.why}", error.mend if is_new else "")
        return
    taken.handlers.append(found)
    adoption.note(Kind.REWRITTEN, place, f"{name} is answered by trivet_app.py, before Flask")


def _prefix(project: Project, view: View) -> str:
    """Give the prefix under which a view's routes are served; raises `Stays`."""
    if any(one.variable == view.owner and one.file == view.file for one in project.applications):
        return ""
    blueprint = _blueprint(project, view)
    module = project.files[view.file].module
    given = [
        prefix
        for file, what, prefix in project.registered
        if _resolved(project, file, what) == f"{module}.{view.owner}"
    ]
    if len(given) != 1 or given[0] == "\0":
        raise Stays(f"nobody can see at which prefix {view.owner} is registered")
    return blueprint.prefix if given[0] is None else given[0]


def _resolved(project: Project, file: str, what: str) -> str:
    home = project.files[file]
    full = project.full(home, what)
    made = project.made_at(full)
    return f"{made[0].module}.{full.rpartition('.')[2]}" if made else full


def _blueprint(project: Project, view: View) -> Maker:
    for one in project.blueprints:
        if one.variable == view.owner and one.file == view.file:
            return one
    raise Stays(f"{view.owner} is made where nobody can see it")


def _tell_found(adoption: Adoption, project: Project) -> None:
    for app in project.applications:
        where = f", in {app.factory}()" if app.factory else ""
        what = f"the application {app.variable}{where}"
        adoption.note(Kind.FOUND, f"{app.file}:{app.line}", what)
    for blueprint in project.blueprints:
        prefix = f" at {blueprint.prefix}" if blueprint.prefix else ""
        adoption.note(
            Kind.FOUND,
            f"{blueprint.file}:{blueprint.line}",
            f"the blueprint {blueprint.variable}{prefix}",
        )
    for view in project.views:
        for path in view.paths:
            adoption.note(
                Kind.FOUND, f"{view.file}:{view.line}", f"{path}  {view.function.name.value}"
            )
    for hook in project.hooks:
        adoption.note(Kind.FOUND, f"{hook.file}:{hook.line}", f"{hook.owner}.{hook.kind}")
    pages = sum(1 for _ in other_files(adoption.root, ".html", ".jinja", ".j2"))
    if pages:
        adoption.note(Kind.FOUND, "", f"{pages} templates; Trivet's are of Jinja2 too")


def _tell_decisions(adoption: Adoption, project: Project) -> None:
    for file in project.files.values():
        for name, line in file.extensions.items():
            adoption.note(
                Kind.DECIDE,
                f"{file.source.name}:{line}",
                f"{name} works for what is mounted, and not for what is moved",
                "leave what needs it to Flask, or use Trivet's own part",
            )
    for name, lines in other_files(adoption.root, *_OTHER):
        for number, text in enumerate(lines, 1):
            if _START.search(text):
                adoption.note(
                    Kind.DECIDE, f"{name}:{number}", text.strip(), "trivet run trivet_app.py"
                )
