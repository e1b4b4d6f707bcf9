"""One file's imports of FastAPI's names, and the names that change with them.

Whatever else is in the file stays letter for letter. An import is taken apart where its names have
several homes, except where comments stand within it: then it goes to the drop-in as a whole.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from importlib.util import find_spec
from typing import Any

import libcst as cst
from libcst.helpers import get_full_name_for_node
from libcst.metadata import MetadataWrapper, PositionProvider, ScopeProvider

from trivet.adopt.fastapi.names import DROPIN, RENAMED, home_of

__all__ = ["Rewritten", "is_there", "rewrite", "whole_imports"]

_WIDTH = 88
_FRAMEWORK = "fastapi"


class Rewritten:
    """What became of a file."""

    def __init__(self, module: cst.Module, lines: Sequence[tuple[int, str]]) -> None:
        self.module = module
        self.lines = lines
        """Numbers of lines of the old file, and what was done there."""


def whole_imports(module: cst.Module) -> frozenset[str]:
    """Give the renamed names that are imported by statements which cannot be taken apart."""
    found: set[str] = set()

    class Look(cst.CSTVisitor):
        def visit_ImportFrom(self, node: cst.ImportFrom) -> None:
            if not _is_of_fastapi(node) or isinstance(node.names, cst.ImportStar):
                return
            if "#" in module.code_for_node(node) and len(_homes(node, frozenset())) > 1:
                found.update(RENAMED.keys() & {_name(one) for one in node.names})

    module.visit(Look())
    return frozenset(found)


def rewrite(wrapper: MetadataWrapper, kept: frozenset[str], passed_on: frozenset[str]) -> Rewritten:
    """Rewrite a file; `kept` names stay FastAPI's, those in `passed_on` keep their name here."""
    change = _Change(wrapper.module, kept, passed_on)
    module = wrapper.visit(change)
    return Rewritten(_merged(module), sorted(change.lines))


class _Change(cst.CSTTransformer):
    METADATA_DEPENDENCIES = (PositionProvider, ScopeProvider)

    def __init__(self, module: cst.Module, kept: frozenset[str], passed_on: frozenset[str]) -> None:
        super().__init__()
        self.lines: list[tuple[int, str]] = []
        self._module = module
        self._kept = kept
        taken = _words_of(module)
        # By another name only where ours is free: `App as FastAPI` says what it is, too.
        self._aliased = passed_on | {old for old, (_, new) in RENAMED.items() if new in taken}
        self._renames: dict[int, str] = {}  # by the identity of a node
        self._applications: set[int] = set()

    def visit_Module(self, node: cst.Module) -> None:
        for scope in set(self._metadata_scopes(node)):
            for assignment in scope.assignments:
                found = self._renamed(assignment)
                if found is None:
                    continue
                for access in assignment.references:
                    name = _leftmost(access.node)
                    if name.value == found and found not in self._aliased:
                        self._renames[id(name)] = RENAMED[found][1]
                    if found == "FastAPI":
                        self._applications.add(id(name))

    def _metadata_scopes(self, node: cst.Module) -> Sequence[Any]:
        return [one for one in self.metadata[ScopeProvider].values() if one is not None]

    def _renamed(self, assignment: Any) -> str | None:  # Any: one of LibCST's kinds of assignment
        node = getattr(assignment, "node", None)
        if not isinstance(node, cst.ImportFrom) or isinstance(node.names, cst.ImportStar):
            return None
        if not _is_of_fastapi(node):
            return None
        for one in node.names:
            local = get_full_name_for_node(one.asname.name) if one.asname else _name(one)
            name = _name(one)
            if local == assignment.name and name in RENAMED and name not in self._kept:
                return name
        return None

    # -- uses ------------------------------------------------------------------------------------

    def leave_Name(self, original_node: cst.Name, updated_node: cst.Name) -> cst.Name:
        new = self._renames.get(id(original_node))
        return updated_node if new is None else updated_node.with_changes(value=new)

    def leave_Call(self, original_node: cst.Call, updated_node: cst.Call) -> cst.Call:
        if id(original_node.func) not in self._applications:
            return updated_node
        line = self.get_metadata(PositionProvider, original_node).start.line
        self.lines.append((line, "FastAPI(…) → App(…)"))
        if any(one.keyword and one.keyword.value == "title" for one in updated_node.args):
            return updated_node
        return _with_title(updated_node)

    # -- imports ---------------------------------------------------------------------------------

    def leave_SimpleStatementLine(
        self, original_node: cst.SimpleStatementLine, updated_node: cst.SimpleStatementLine
    ) -> Any:  # Any: a line, or LibCST's several of them
        body: list[cst.BaseSmallStatement] = []
        line = self.get_metadata(PositionProvider, original_node).start.line
        is_changed = False
        for old, new in zip(original_node.body, updated_node.body, strict=True):
            made = self._imports(old)
            if made is None:
                body.append(new)
                continue
            is_changed = True
            body += made
            told = " · ".join(self._module.code_for_node(one).strip() for one in made)
            self.lines.append((line, " ".join(told.replace("\n", " ").split())))
        if not is_changed:
            return updated_node
        if len(original_node.body) > 1 or len(body) == 1:
            return updated_node.with_changes(body=body)
        first = updated_node.with_changes(body=body[:1])
        rest = [cst.SimpleStatementLine([one]) for one in body[1:]]
        return cst.FlattenSentinel([first, *rest])

    def _imports(self, node: cst.BaseSmallStatement) -> list[cst.BaseSmallStatement] | None:
        if isinstance(node, cst.Import):
            return self._plain_import(node)
        if not isinstance(node, cst.ImportFrom) or not _is_of_fastapi(node):
            return None
        if not is_there(node):
            return None
        module = str(get_full_name_for_node(node.module))  # type: ignore[arg-type]
        if isinstance(node.names, cst.ImportStar):
            return [_from_module(node, _theirs(module))]
        homes = _homes(node, self._kept)
        if len(homes) == 1:
            return [self._in_place(node, module, next(iter(homes)))]
        if "#" in self._module.code_for_node(node):
            return [_from_module(node, _theirs(module))]
        return [_import_line(home, self._aliases(module, ones)) for home, ones in homes.items()]

    def _in_place(self, node: cst.ImportFrom, module: str, home: str) -> cst.ImportFrom:
        assert not isinstance(node.names, cst.ImportStar), "it has one home for each name"
        names = [self._alias(module, one) for one in node.names]
        if [_name(one) for one in names] != [_name(one) for one in node.names]:
            names = _in_order(node.names, names, self._module.code_for_node(node))
        return _from_module(node.with_changes(names=names), home)

    def _aliases(self, module: str, ones: Sequence[cst.ImportAlias]) -> list[cst.ImportAlias]:
        return [
            self._alias(module, one).with_changes(comma=cst.MaybeSentinel.DEFAULT) for one in ones
        ]

    def _alias(self, module: str, one: cst.ImportAlias) -> cst.ImportAlias:
        old = _name(one)
        _, new = home_of(module, old, self._kept)
        if new == old:
            return one
        if one.asname is None and old in self._aliased:
            return one.with_changes(name=cst.Name(new), asname=cst.AsName(cst.Name(old)))
        return one.with_changes(name=cst.Name(new))

    def _plain_import(self, node: cst.Import) -> list[cst.BaseSmallStatement] | None:
        theirs = [one for one in node.names if _root(one) == _FRAMEWORK]
        if not theirs:
            return None
        rest = [one for one in node.names if _root(one) != _FRAMEWORK]
        made: list[cst.BaseSmallStatement] = []
        if rest:
            rest[-1] = rest[-1].with_changes(comma=cst.MaybeSentinel.DEFAULT)
            made.append(node.with_changes(names=rest))
        is_bound = False
        for one in theirs:
            plain = one.with_changes(comma=cst.MaybeSentinel.DEFAULT)
            full = str(get_full_name_for_node(one.name))
            if full == _FRAMEWORK:
                made.append(_import_line("trivet.dropin", [plain]))
                is_bound = is_bound or one.asname is None
                continue
            made.append(cst.Import([plain.with_changes(name=_dotted(_theirs(full)))]))
            if one.asname is None and not is_bound:  # `fastapi` itself is bound by it
                made.append(_import_line("trivet.dropin", [cst.ImportAlias(cst.Name(_FRAMEWORK))]))
                is_bound = True
        return made


# -- names and modules ---------------------------------------------------------------------------


def _is_of_fastapi(node: cst.ImportFrom) -> bool:
    module = get_full_name_for_node(node.module) if node.module else None
    return not node.relative and module is not None and module.split(".")[0] == _FRAMEWORK


def is_there(node: cst.ImportFrom) -> bool:
    """Tell whether the drop-in has the module from which something is imported."""
    module = str(get_full_name_for_node(node.module))  # type: ignore[arg-type]
    return find_spec(_theirs(module)) is not None


def _name(one: cst.ImportAlias) -> str:
    return str(get_full_name_for_node(one.name))


def _root(one: cst.ImportAlias) -> str:
    return _name(one).split(".")[0]


def _theirs(module: str) -> str:
    return DROPIN + module.removeprefix(_FRAMEWORK)


def _leftmost(node: Any) -> cst.Name:  # Any: a name, or an attribute of one
    while not isinstance(node, cst.Name):
        node = node.value
    return node


def _homes(node: cst.ImportFrom, kept: frozenset[str]) -> dict[str, list[cst.ImportAlias]]:
    """Give the names of an import by their new home, Trivet's own first."""
    module = str(get_full_name_for_node(node.module))  # type: ignore[arg-type]
    found: dict[str, list[cst.ImportAlias]] = {}
    assert not isinstance(node.names, cst.ImportStar), "a star has one home"
    for one in node.names:
        found.setdefault(home_of(module, _name(one), kept)[0], []).append(one)
    return dict(sorted(found.items()))


def _words_of(module: cst.Module) -> set[str]:
    found: set[str] = set()

    class Look(cst.CSTVisitor):
        def visit_Name(self, node: cst.Name) -> None:
            found.add(node.value)

    module.visit(Look())
    return found


# -- statements ----------------------------------------------------------------------------------


def _dotted(module: str) -> Any:  # Any: a name, or an attribute of one
    return cst.parse_expression(module)


def _in_order(
    old: Sequence[cst.ImportAlias], new: Sequence[cst.ImportAlias], code: str
) -> list[cst.ImportAlias]:
    """Let names that stood in order stand in order by what they are called now."""
    if "#" in code or sorted(map(_name, old), key=str.lower) != list(map(_name, old)):
        return list(new)
    ordered = sorted(new, key=lambda one: _name(one).lower())
    return [one.with_changes(comma=place.comma) for one, place in zip(ordered, new, strict=True)]


def _from_module(node: cst.ImportFrom, module: str) -> cst.ImportFrom:
    return node.with_changes(module=_dotted(module), semicolon=node.semicolon)


def _import_line(module: str, names: Sequence[cst.ImportAlias]) -> cst.ImportFrom:
    """Make `from module import …`, with a line for each name where one does not hold them."""
    ordered = sorted(names, key=lambda one: _name(one).lower())
    line = cst.ImportFrom(_dotted(module), ordered)
    if len(cst.Module([]).code_for_node(line)) <= _WIDTH:
        return line
    inner = cst.ParenthesizedWhitespace(indent=True, last_line=cst.SimpleWhitespace("    "))
    last = cst.ParenthesizedWhitespace(indent=True)
    commas = [cst.Comma(whitespace_after=inner)] * (len(ordered) - 1)
    commas.append(cst.Comma(whitespace_after=last))
    spread = [one.with_changes(comma=comma) for one, comma in zip(ordered, commas, strict=True)]
    return cst.ImportFrom(_dotted(module), spread, lpar=cst.LeftParen(inner), rpar=cst.RightParen())


def _with_title(call: cst.Call) -> cst.Call:
    """Give the title that FastAPI has where none is said, so that the document stays."""
    title = cst.Arg(
        cst.SimpleString('"FastAPI"'),
        keyword=cst.Name("title"),
        equal=cst.AssignEqual(cst.SimpleWhitespace(""), cst.SimpleWhitespace("")),
    )
    if not call.args:
        return call.with_changes(args=[title])
    space: Any = call.whitespace_before_args
    if not isinstance(space, cst.ParenthesizedWhitespace):
        comma = cst.Comma(whitespace_after=cst.SimpleWhitespace(" "))
        return call.with_changes(args=[title.with_changes(comma=comma), *call.args])
    plain = space.with_changes(
        first_line=space.first_line.with_changes(comment=None, whitespace=cst.SimpleWhitespace("")),
        empty_lines=[],
    )
    comma = cst.Comma(whitespace_after=plain)
    *others, last = call.args
    if "#" not in cst.Module([]).code_for_node(space) or not isinstance(last.comma, cst.Comma):
        return call.with_changes(args=[title.with_changes(comma=comma), *call.args])
    # A comment above the first argument stays its own: the title goes to the end.
    ending = [last.with_changes(comma=comma), title.with_changes(comma=last.comma)]
    return call.with_changes(args=[*others, *ending])


def _merged(module: cst.Module) -> cst.Module:
    """Let imports from `trivet` in one block be one statement."""
    body: list[Any] = []  # Any: LibCST's statements
    first: int | None = None
    for statement in module.body:
        node = _own_import(statement)
        if node is None:
            if not _is_import(statement):
                first = None
            body.append(statement)
            continue
        is_free = isinstance(statement, cst.SimpleStatementLine) and not (
            statement.trailing_whitespace.comment
        )
        if first is None or not is_free:
            first = len(body) if is_free else None
        elif not statement.leading_lines:
            before = _own_import(body[first])
            assert before is not None, "it was one when it was noted"
            body[first] = body[first].with_changes(body=[_joined(before, node)])
            continue
        body.append(statement)
    return module.with_changes(body=body)


def _joined(one: cst.ImportFrom, other: cst.ImportFrom) -> cst.ImportFrom:
    names: Mapping[str, cst.ImportAlias] = {
        cst.Module([]).code_for_node(plain): plain
        for node in (one, other)
        for alias in node.names  # type: ignore[union-attr]  # no star: see _own_import
        for plain in [alias.with_changes(comma=cst.MaybeSentinel.DEFAULT)]
    }
    return _import_line("trivet", list(names.values()))


def _own_import(statement: Any) -> cst.ImportFrom | None:
    if not isinstance(statement, cst.SimpleStatementLine) or len(statement.body) != 1:
        return None
    node = statement.body[0]
    if not isinstance(node, cst.ImportFrom) or isinstance(node.names, cst.ImportStar):
        return None
    is_own = node.module is not None and get_full_name_for_node(node.module) == "trivet"
    return node if is_own and "#" not in cst.Module([]).code_for_node(node) else None


def _is_import(statement: Any) -> bool:
    return isinstance(statement, cst.SimpleStatementLine) and all(
        isinstance(one, cst.Import | cst.ImportFrom) for one in statement.body
    )
