"""What stands in one file of a FastAPI project, read from its tree: nothing is imported."""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import dataclass, field

import libcst as cst
from libcst.helpers import get_full_name_for_node
from libcst.metadata import MetadataWrapper, PositionProvider, QualifiedNameProvider

from trivet.adopt.fastapi.names import RENAMED
from trivet.adopt.fastapi.rewriting import is_there
from trivet.app.options import AppOptions

__all__ = ["Facts", "Spot", "read_facts"]

_METHODS = frozenset(
    {"get", "post", "put", "patch", "delete", "head", "options", "trace", "api_route", "websocket"}
)
_MODELS = frozenset({"pydantic.BaseModel", "sqlmodel.SQLModel"})
# What only FastAPI's own classes have, or mean otherwise than ours.
_THEIRS = frozenset({"route", "build_middleware_stack", "middleware_stack", "websocket_route"})
_MODULE_NAME = re.compile(r"fastapi(\.\w+)*")


@dataclass(frozen=True, slots=True)
class Spot:
    """A line, and what stands there."""

    line: int
    what: str


@dataclass
class Facts:
    """What one file has of FastAPI's."""

    applications: list[Spot] = field(default_factory=list)
    routers: list[Spot] = field(default_factory=list)
    routes: list[Spot] = field(default_factory=list)
    models: list[Spot] = field(default_factory=list)
    kept: dict[str, Spot] = field(default_factory=dict)
    """Names that must stay FastAPI's own here, with the reason."""
    passed_on: set[str] = field(default_factory=set)
    """Names that stand in `__all__`, or that another file takes from one of the project's."""
    strings: list[Spot] = field(default_factory=list)
    strangers: list[Spot] = field(default_factory=list)
    uploads: list[Spot] = field(default_factory=list)
    missing: list[Spot] = field(default_factory=list)
    """Modules of FastAPI's that the drop-in has not."""


def read_facts(wrapper: MetadataWrapper) -> Facts:
    """Read a file, once."""
    look = _Look(wrapper.module)
    wrapper.visit(look)
    return look.finished()


class _Look(cst.CSTVisitor):
    METADATA_DEPENDENCIES = (PositionProvider, QualifiedNameProvider)

    def __init__(self, module: cst.Module) -> None:
        super().__init__()
        self.facts = Facts()
        self._module = module
        self._bound: dict[str, str] = {}
        self._attributes: list[tuple[str, str, int]] = []
        self._annotations = 0

    def finished(self) -> Facts:
        for name, attribute, line in self._attributes:
            kind = self._bound.get(name)
            if kind is not None and attribute in _THEIRS:
                self._keep(kind, line, f"{name}.{attribute} is FastAPI's own")
        return self.facts

    def _line(self, node: cst.CSTNode) -> int:
        return int(self.get_metadata(PositionProvider, node).start.line)

    def _names(self, node: cst.CSTNode) -> set[str]:
        return {one.name for one in self.get_metadata(QualifiedNameProvider, node, set())}

    def _kind(self, node: cst.CSTNode) -> str | None:
        """Give which of the renamed classes an expression names, if any."""
        for name in self._names(node):
            module, _, last = name.rpartition(".")
            if last in RENAMED and module.split(".")[0] == "fastapi":
                return last
        return None

    def _keep(self, name: str, line: int, why: str) -> None:
        self.facts.kept.setdefault(name, Spot(line, why))

    # -- what is made and declared ---------------------------------------------------------------

    def visit_Call(self, node: cst.Call) -> None:
        kind = self._kind(node.func)
        if kind == "FastAPI":
            self.facts.applications.append(Spot(self._line(node), "an application"))
            self._check_options(node)
        elif kind == "APIRouter":
            self.facts.routers.append(Spot(self._line(node), "a router"))
        if self._names(node.func) & {"fastapi.File"}:
            self.facts.uploads.append(Spot(self._line(node), "takes files"))

    def _check_options(self, node: cst.Call) -> None:
        for argument in node.args:
            if argument.star or argument.keyword is None:
                why = "its options are not written out, so that nobody can see what they are"
            elif argument.keyword.value not in AppOptions.__annotations__:
                why = f"it is given {argument.keyword.value}=, which App does not take"
            else:
                continue
            self._keep("FastAPI", self._line(node), why)

    def visit_Assign(self, node: cst.Assign) -> None:
        for target in node.targets:
            self._bind(target.target, node.value)
            if get_full_name_for_node(target.target) == "__all__":
                self.facts.passed_on |= RENAMED.keys() & set(_texts(node.value))

    def visit_AnnAssign(self, node: cst.AnnAssign) -> None:
        if node.value is not None:
            self._bind(node.target, node.value)

    def _bind(self, target: cst.BaseExpression, value: cst.BaseExpression) -> None:
        name = get_full_name_for_node(target)
        if name is not None and isinstance(value, cst.Call):
            kind = self._kind(value.func)
            if kind is not None:
                self._bound[name] = kind

    def visit_ClassDef(self, node: cst.ClassDef) -> None:
        for base in node.bases:
            kind = self._kind(base.value)
            if kind in ("FastAPI", "APIRouter"):
                self._keep(kind, self._line(node), f"{node.name.value} is a class made from it")
            if self._names(base.value) & _MODELS:
                self.facts.models.append(Spot(self._line(node), node.name.value))

    def visit_Decorator(self, node: cst.Decorator) -> None:
        call = node.decorator
        if not isinstance(call, cst.Call) or not isinstance(call.func, cst.Attribute):
            return
        method = call.func.attr.value
        owner = get_full_name_for_node(call.func.value)
        path = next(iter(_texts(call.args[0].value)), None) if call.args else ""
        if method not in _METHODS or owner is None or path is None:
            return
        if owner in self._bound or path.startswith("/"):
            self.facts.routes.append(Spot(self._line(node), f"{method.upper():<6} {path}"))

    def visit_Attribute(self, node: cst.Attribute) -> None:
        name = get_full_name_for_node(node.value)
        if name is not None:
            self._attributes.append((name, node.attr.value, self._line(node)))

    # -- names that stand elsewhere --------------------------------------------------------------

    def visit_ImportFrom(self, node: cst.ImportFrom) -> None:
        module = get_full_name_for_node(node.module) if node.module else ""
        first = (module or "").split(".")[0]
        names = [] if isinstance(node.names, cst.ImportStar) else list(node.names)
        if node.relative or first != "fastapi":
            taken = {str(get_full_name_for_node(one.name)) for one in names}
            self.facts.passed_on |= RENAMED.keys() & taken
        if not node.relative:
            self._stranger(module or "", node)
        if not node.relative and first == "fastapi" and not is_there(node):
            self.facts.missing.append(Spot(self._line(node), module or ""))
        if any(get_full_name_for_node(one.name) == "UploadFile" for one in names):
            self.facts.uploads.append(Spot(self._line(node), "takes files"))

    def visit_Import(self, node: cst.Import) -> None:
        for one in node.names:
            self._stranger(get_full_name_for_node(one.name) or "", node)

    def _stranger(self, module: str, node: cst.CSTNode) -> None:
        parts = module.split(".")
        is_bridge = "fastapi" in parts[1:] and parts[0] not in ("fastapi", "trivet")
        if is_bridge or parts[0].startswith("fastapi_"):
            self.facts.strangers.append(Spot(self._line(node), module))

    def visit_Annotation(self, node: cst.Annotation) -> None:
        self._annotations += 1

    def leave_Annotation(self, original_node: cst.Annotation) -> None:
        self._annotations -= 1

    def visit_SimpleString(self, node: cst.SimpleString) -> None:
        value = node.evaluated_value
        if not isinstance(value, str):
            return
        if self._annotations and _is_expression(value):
            for name in RENAMED:
                if re.search(rf"\b{name}\b", value):
                    self._keep(name, self._line(node), f"the annotation {value!r} is a text")
        elif _MODULE_NAME.fullmatch(value):
            self.facts.strings.append(Spot(self._line(node), value))


def _is_expression(text: str) -> bool:
    try:
        cst.parse_expression(text)
    except (cst.ParserSyntaxError, SyntaxError):
        return False
    return True


def _texts(node: cst.BaseExpression) -> Sequence[str]:
    """Give a text, or those of a list, as far as they are written out."""
    if isinstance(node, cst.List | cst.Tuple):
        return [text for one in node.elements for text in _texts(one.value)]
    if isinstance(node, cst.SimpleString | cst.ConcatenatedString):
        value = node.evaluated_value
        return [value] if isinstance(value, str) else []
    return []
