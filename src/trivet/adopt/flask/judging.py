"""Which routes can be moved: those whose answers are the same in Trivet, shown by their code.

A route stays where anything that it reads, calls or returns could not be followed. So a reason to
stay is never a mistake; a route that is moved must be none either.
"""

from __future__ import annotations

import re

import libcst as cst

from trivet.adopt.flask.before import what_it_does
from trivet.adopt.flask.facts import Facts, Hook, View
from trivet.adopt.flask.stays import Stays
from trivet.adopt.project import File, names_in

__all__ = ["ASKED", "SENT", "Judge"]

# What Trivet has in place of Flask's names, as a line for the report.
MENDS = {
    "flask.g": "a dependency: `db: Annotated[Db, Depends(get_db)]`",
    "flask.session": "`request.session`, with the hook trivet.middleware.sessions.Sessions",
    "flask.flash": "`session.flash(...)` of trivet.sessions",
    "flask.render_template": "`trivet.templates`, whose templates are Jinja2's too",
    "flask.url_for": '`request.url_for("name", id=1)`',
    "flask.redirect": "`return RedirectResponse(url, status_code=302)`",
    "flask.current_app": "settings that are imported, or a dependency",
    "flask.request.form": "`title: Annotated[str, Form()]`",
    "flask.request.json": "a parameter whose type is a Pydantic model",
    "flask.request.get_json": "a parameter whose type is a Pydantic model",
    "flask.request.files": "`file: UploadFile`",
}
_HARMLESS = frozenset({"flask_sqlalchemy", "flask_migrate"})
# What changes how Flask takes requests or makes answers, wherever it stands.
_ALL = re.compile(
    r"\b(TRUSTED_HOSTS|TRAP_HTTP_EXCEPTIONS|TRAP_BAD_REQUEST_ERRORS|subdomain_matching|host_matching"
    r"|json_provider_class|json_encoder|JSONIFY_MIMETYPE)\b"
    r"|\.permanent\s*=(?!=)"  # such a session is sent anew with each answer
    r"|\.json\.(mimetype|default|dumps|loads|response)\s*=(?!=)"
    r"|\.(response_class|request_class|make_response|process_response|preprocess_request"
    r"|dispatch_request|full_dispatch_request|finalize_request|handle_\w*exception|json"
    r"|json_module)\s*=(?!=)"
)
_BEFORE = ("before_request", "before_app_request")
_REWRITTEN = frozenset(
    f"flask.{one}"
    for one in ("abort", "jsonify", "make_response", "redirect", "render_template", "Response",
                "url_for")
)  # fmt: skip
# What is read of a request's head and of its body, as Flask reads it.
ASKED = frozenset(
    {"args", "headers", "cookies", "path", "full_path", "url", "base_url", "host", "host_url",
     "url_root", "root_url", "query_string", "scheme", "is_secure", "remote_addr", "referrer",
     "user_agent", "accept_mimetypes", "accept_languages", "authorization"}
)  # fmt: skip
SENT = frozenset(
    {"form", "values", "json", "get_json", "is_json", "files", "data", "get_data", "mimetype"}
)


class Judge:
    """Judges the views of one project."""

    def __init__(self, facts: Facts) -> None:
        self._facts = facts
        self._project = facts.project
        self._touching: dict[str, str | None] = {}

    # -- what stands around all routes -----------------------------------------------------------

    def around(self, view: View) -> None:
        """Raise `Stays` where something that answers stands around a view."""
        for file in self._project.files.values():
            place = file.source.name
            for name, line in self._facts.extensions.get(place, {}).items():
                if name not in _HARMLESS:
                    raise Stays(f"{name} ({place}:{line}) may stand around every request")
            changed = _ALL.search(file.source.module.code)
            if changed is not None:
                raise Stays(f"{place} changes every answer, by {changed[0].strip(' .=')}")
            if place in self._facts.wsgi:
                raise Stays(f"{place}:{self._facts.wsgi[place]} puts WSGI middleware around all")
        owners = {one.variable for one in self._facts.blueprints if one.file == view.file}
        for hook in self._facts.hooks:
            is_its_own = hook.file == view.file and hook.owner == view.owner
            blueprints = {one.variable for one in self._facts.blueprints}
            is_others = hook.owner in blueprints and "app" not in hook.kind and not is_its_own
            if is_others or (hook.owner in owners and hook.owner != view.owner):
                continue
            self._judge_hook(hook)

    def _judge_hook(self, hook: Hook) -> None:
        place = f"{hook.file}:{hook.line}"
        if hook.kind.startswith(("teardown", "context", "app_context")):
            return
        if hook.kind in _BEFORE and hook.function is not None:
            does = what_it_does(self._project, self._project.files[hook.file], hook.function)
            if does is not None:
                raise Stays(f"{hook.kind} at {place} {does}")
            return
        if "error" in hook.kind and hook.of is not None and hook.of < 500:
            return  # asked where something is aborted
        raise Stays(f"{hook.kind} at {place} may change or give its answer")

    @property
    def has_error_handlers(self) -> bool:
        """True where pages of errors are the project's own."""
        return any("error" in hook.kind for hook in self._facts.hooks)

    # -- names -----------------------------------------------------------------------------------

    def touches(self, full: str) -> str | None:
        """Give which of Flask's names something of the project needs to work, if any."""
        if full.split(".")[0] == "flask" or full.startswith(("flask_", "werkzeug.local")):
            return full
        if self.has_error_handlers and full.startswith("werkzeug.exceptions"):
            return full
        if full in self._touching:
            return self._touching[full]
        self._touching[full] = None  # of itself, a name needs nothing
        made = self._project.made_at(full)
        if made is None:
            return None
        file, node = made
        if isinstance(node, cst.FunctionDef) and _makes_application(self._facts, node):
            return None
        for name in names_in(node):
            found = self.touches(self._project.full(file, name))
            if found is None and "." in name:
                found = self.touches(self._project.full(file, name.split(".")[0]))
            if found is not None:
                self._touching[full] = found
                return found
        return None

    def foreign(self, file: File, view: View) -> None:
        """Raise `Stays` for a name of Flask's that has no like, directly or by what is called."""
        for name in names_in(view.function.body):
            full = self._project.full(file, name)
            if full in _REWRITTEN or _is_read(full):
                continue
            found = self.touches(full) or self.touches(self._project.full(file, name.split(".")[0]))
            if found is None:
                continue
            mend = next((MENDS[one] for one in MENDS if found.startswith(one)), "")
            by = "" if found == full else f", by {name}"
            raise Stays(f"it needs {found.replace('flask.', '')}{by}", mend)

    def is_plain_name(self, file: File, name: str) -> bool:
        """Tell whether a name of a module is data that is written out, and never changed."""
        value = self.constant(file, name)
        return value is not None and _is_written_out(value)

    def constant(self, file: File, name: str) -> cst.BaseExpression | None:
        """Give the value of a name of a module that is never changed; None for another."""
        full = self._project.full(file, name)
        made = self._project.made_at(full)
        if made is None:
            return None
        home, node = made
        if full.rpartition(".")[2] in home.changed or name in file.changed:
            return None
        return node.value if isinstance(node, cst.Assign | cst.AnnAssign) else None


def _is_read(full: str) -> bool:
    parts = full.split(".")
    is_request = parts[:2] == ["flask", "request"] and len(parts) > 2
    return is_request and (parts[2] == "method" or parts[2] in ASKED or parts[2] in SENT)


def _makes_application(facts: Facts, node: cst.FunctionDef) -> bool:
    return any(one.factory == node.name.value for one in facts.applications)


def _is_written_out(node: cst.BaseExpression) -> bool:
    if isinstance(node, cst.List | cst.Tuple):
        return all(_is_written_out(one.value) for one in node.elements)
    if isinstance(node, cst.Dict):
        return all(
            isinstance(one, cst.DictElement)
            and _is_written_out(one.key)
            and _is_written_out(one.value)
            for one in node.elements
        )
    if isinstance(node, cst.UnaryOperation):
        return _is_written_out(node.expression)
    if isinstance(node, cst.Name):
        return node.value in ("True", "False", "None")
    return isinstance(node, cst.Integer | cst.Float) or (
        isinstance(node, cst.SimpleString) and "b" not in node.prefix
    )
