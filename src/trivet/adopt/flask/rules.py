"""The rules of a Flask project: which paths there are, who answers them, and which may collide.

Flask asks rules by how exact they are, Trivet by their order. So a rule with a variable is moved
only where no other fits what it fits.
"""

from __future__ import annotations

import re
from dataclasses import dataclass, field

import libcst as cst

from trivet.adopt.flask.facts import Facts, Maker, View, option
from trivet.adopt.flask.stays import Stays
from trivet.adopt.project import Project, text_of

__all__ = ["VARIABLE", "Rule", "Rules", "blueprint_of", "path_of", "rules_of"]

VARIABLE = re.compile(r"<(?:(?P<kind>[^:<>]+):)?(?P<name>\w+)>")
_KINDS = {"int": (":int", "int"), "string": ("", "str"), None: ("", "str")}
_SEEN = {"methods", "endpoint", "rule", "view_func"}
_MAP = re.compile(r"\b(url_map|add_url_rule\s*=|subdomain_matching|host_matching)\b")


@dataclass(frozen=True, slots=True)
class Rule:
    """One rule of Flask's map."""

    endpoint: str | None
    path: str
    methods: frozenset[str] | None = None
    """None for those that nobody can see."""
    view: View | None = None
    is_simple: bool = True
    """False where it has defaults, a host, or other options."""


@dataclass
class Rules:
    """All rules; `is_whole` is False where some cannot be seen."""

    rules: list[Rule] = field(default_factory=list)
    is_whole: bool = True

    def endpoint(self, name: str) -> Rule:
        """Give the only rule of an endpoint; raises `Stays` where its path cannot be told."""
        found = [one for one in self.rules if one.endpoint == name]
        if not self.is_whole or len(found) != 1 or not found[0].is_simple:
            raise Stays(f"nobody can see which path {name!r} has", MEND)
        return found[0]

    def check_alone(self, view: View) -> None:
        """Raise `Stays` where another rule may answer what a view's rule would."""
        own = next((one for one in self.rules if one.view is view), None)
        if own is None:
            return
        has_variables = "<" in own.path
        if has_variables and not self.is_whole:
            raise Stays("some of the project's rules cannot be seen, and one may fit its path too")
        for other in self.rules:
            if other.view is view or not _share(own.methods, other.methods):
                continue
            if own.path == other.path or (has_variables and _may_meet(own.path, other.path)):
                raise Stays(f"{other.path} may fit what {own.path} does")


MEND = '`request.url_for("name", id=1)`'


def path_of(path: str) -> tuple[str, dict[str, str]]:
    """Give a path in Trivet's form, and the types of its parameters; raises `Stays`."""
    types: dict[str, str] = {}
    if "{" in path or "}" in path:
        raise Stays("its path has a brace, which begins a variable in Trivet's")

    def replaced(found: re.Match[str]) -> str:
        if found["kind"] not in _KINDS:
            raise Stays(f"<{found['kind']}:…> matches other texts than Trivet's {{name}} does")
        suffix, python = _KINDS[found["kind"]]
        types[found["name"]] = python
        return "{" + found["name"] + suffix + "}"

    return VARIABLE.sub(replaced, path), types


def blueprint_of(facts: Facts, view: View) -> tuple[Maker, str] | None:
    """Give a view's blueprint and its prefix; None for one of the application's own.

    Raises `Stays` where its place cannot be told.
    """
    for one in facts.applications:
        if one.variable == view.owner and one.file == view.file and one.factory == view.factory:
            return None
    made = [
        one
        for one in facts.blueprints
        if one.variable == view.owner and one.file == view.file and one.factory == view.factory
    ]
    if len(made) != 1:
        raise Stays(f"{view.owner} is made where nobody can see it")
    return made[0], _prefix(facts, made[0])


def _prefix(facts: Facts, blueprint: Maker) -> str:
    project = facts.project
    module = project.files[blueprint.file].module
    makers = {f"{project.files[one.file].module}.{one.variable}" for one in facts.blueprints}
    given = [
        one
        for one in facts.registered
        if _resolved(project, one.what) == f"{module}.{blueprint.variable}"
    ]
    unseen = Stays(f"nobody can see at which prefix {blueprint.variable} is registered")
    if len(given) != 1 or not given[0].is_seen:
        raise unseen
    owner = project.full(project.files[given[0].file], given[0].owner)
    if _resolved(project, owner) in makers:
        raise Stays(f"{blueprint.variable} is registered in another blueprint")
    prefix = blueprint.prefix if given[0].prefix is None else given[0].prefix
    if prefix is None or {name for name, _ in blueprint.options} & {"subdomain", "url_defaults"}:
        raise unseen
    return prefix


def _resolved(project: Project, full: str) -> str:
    """Follow a full name to the module that makes it."""
    made = project.made_at(full)
    return f"{made[0].module}.{full.rpartition('.')[2]}" if made else full


def rules_of(facts: Facts) -> Rules:
    """Read all rules of a project."""
    found = Rules()
    found.is_whole = not any(
        _MAP.search(file.source.module.code) for file in facts.project.files.values()
    )
    if any("url_defaults" in hook.kind for hook in facts.hooks):
        found.is_whole = False
    for view in facts.views:
        for call, path in zip(view.routes, view.paths, strict=True):
            _note(facts, found, view, call, path)
    for _file, owner, call in facts.added:
        text = text_of(option(call, "rule") or call.args[0].value) if call.args else None
        name = option(call, "endpoint") or (call.args[1].value if len(call.args) > 1 else None)
        endpoint = text_of(name)
        is_app = owner in {one.variable for one in facts.applications}
        if not is_app or text is None or endpoint is None:
            found.is_whole = False
            continue
        found.rules.append(Rule(endpoint, text, None, None, _is_simple(call)))
    for application in facts.applications:
        found.rules.append(_static(application))
    for blueprint in facts.blueprints:
        if {"static_folder", "static_url_path"} & {name for name, _ in blueprint.options}:
            try:
                prefix = _prefix(facts, blueprint)
            except Stays:
                found.is_whole = False
                continue
            path = joined(prefix, "/<path:filename>")
            found.rules.append(Rule(f"{blueprint.name}.static", path, is_simple=False))
    return found


def _note(facts: Facts, found: Rules, view: View, call: cst.Call, path: str) -> None:
    try:
        place = blueprint_of(facts, view)
    except Stays:
        found.is_whole = False
        return
    given = option(call, "endpoint")
    endpoint = text_of(given) if given is not None else view.function.name.value
    if path == "?" or endpoint is None or not view.is_certain or any(one.star for one in call.args):
        found.is_whole = False
    if place is not None:
        blueprint, prefix = place
        path = joined(prefix, path)
        endpoint = f"{blueprint.name}.{endpoint}" if endpoint and blueprint.name else None
    found.rules.append(Rule(endpoint, path, methods_of(call), view, _is_simple(call)))


def joined(prefix: str, path: str) -> str:
    """Give a blueprint's prefix and the path of a route as one, as Flask joins them."""
    return f"{prefix.rstrip('/')}/{path.lstrip('/')}" if path else prefix


def methods_of(call: cst.Call) -> frozenset[str] | None:
    """Give the methods of a route; None where they are not written out."""
    assert isinstance(call.func, cst.Attribute), "it was read as one"
    verb = call.func.attr.value
    if verb != "route":
        return frozenset({verb.upper()})
    given = option(call, "methods")
    if given is None:
        return frozenset({"GET"})
    if not isinstance(given, cst.List | cst.Tuple | cst.Set):
        return None
    methods = [text_of(one.value) for one in given.elements]
    return None if None in methods else frozenset(one.upper() for one in methods if one)


def _is_simple(call: cst.Call) -> bool:
    named = {one.keyword.value for one in call.args if one.keyword}
    return named <= _SEEN and not any(one.star for one in call.args)


def _static(application: Maker) -> Rule:
    options = dict(application.options)
    path = options.get("static_url_path")
    if path is not None:
        return Rule("static", f"{path.rstrip('/')}/<path:filename>")
    if {"static_folder", "static_url_path", "static_host"} & options.keys():
        return Rule("static", "/<path:filename>", is_simple=False)
    return Rule("static", "/static/<path:filename>")


def _share(one: frozenset[str] | None, other: frozenset[str] | None) -> bool:
    if one is None or other is None:
        return True
    return bool(_with_head(one) & _with_head(other))


def _with_head(methods: frozenset[str]) -> frozenset[str]:
    return methods | {"HEAD"} if "GET" in methods else methods


def _may_meet(one: str, other: str) -> bool:
    """Tell whether there may be a path that fits both; a slash at the end counts for nothing."""
    ones, others = one.strip("/").split("/"), other.strip("/").split("/")
    for mine, theirs in zip(ones, others, strict=False):
        kinds = {found["kind"] for each in (mine, theirs) for found in VARIABLE.finditer(each)}
        if not kinds <= _KINDS.keys():
            return True  # it may fit several parts
        if not _may_be_same(mine, theirs):
            return False
    longer = ones[len(others) :] or others[len(ones) :]
    return not longer


def _may_be_same(mine: str, theirs: str) -> bool:
    if "<" in mine and "<" in theirs:
        return True
    if "<" not in mine and "<" not in theirs:
        return mine == theirs
    pattern, text = (mine, theirs) if "<" in mine else (theirs, mine)
    expression, end = "", 0
    for found in VARIABLE.finditer(pattern):
        expression += re.escape(pattern[end : found.start()])
        expression += r"\d+" if found["kind"] == "int" else ".+"
        end = found.end()
    return re.fullmatch(expression + re.escape(pattern[end:]), text) is not None
