"""What an expression of a view can be, and whether it can raise; by its code alone.

A kind is the name of a type. What is not shown to be of known kinds, and to raise nothing, is
refused: so an answer that is written from it is the one that Django gives.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field, replace

import libcst as cst

__all__ = ["JSON", "Facts", "Kinds", "Unknown", "Valuer", "code_of", "dotted"]

Kinds = frozenset[str]

JSON: Kinds = frozenset({"str", "int", "float", "bool", "none", "list", "dict"})
"""What `json.dumps` writes without help; lists and dictionaries have nothing else in them."""
_NUMBERS: Kinds = frozenset({"int", "float", "bool"})
_TEXT: Kinds = frozenset({"str"})
_BOOL: Kinds = frozenset({"bool"})
_NONE: Kinds = frozenset({"none"})
_ITERABLE: Kinds = frozenset({"str", "list", "dict", "view"})
_SHOWN: Kinds = JSON | {"uuid"}
_HASHED: Kinds = frozenset({"str", "int", "float", "bool", "none", "uuid"})

_KEYS: Kinds = frozenset({"str", "int"})

# Methods of texts that take nothing, or texts, and give a text, a truth or a list.
_METHODS: dict[str, tuple[str, frozenset[int]]] = {
    **dict.fromkeys(("upper", "lower", "title", "capitalize", "casefold", "swapcase"),
                    ("str", frozenset({0}))),
    **dict.fromkeys(("strip", "lstrip", "rstrip"), ("str", frozenset({0, 1}))),
    **dict.fromkeys(("removeprefix", "removesuffix"), ("str", frozenset({1}))),
    **dict.fromkeys(("isdigit", "isalpha", "isalnum", "isupper", "islower", "isspace"),
                    ("bool", frozenset({0}))),
    **dict.fromkeys(("startswith", "endswith"), ("bool", frozenset({1}))),
    "replace": ("str", frozenset({2})),
    "splitlines": ("list", frozenset({0})),
}  # fmt: skip


class Unknown(Exception):
    """An expression of which it is not shown what it gives, or that it raises nothing."""


@dataclass
class Facts:
    """What is known at one place of a function: what names are, and which keys are there."""

    names: dict[str, Kinds] = field(default_factory=dict)
    keys: frozenset[tuple[str, str]] = frozenset()

    def with_name(self, name: str, kinds: Kinds) -> Facts:
        """Give them once a name is bound; what was known of keys may be of the old value."""
        return Facts(self.names | {name: kinds})

    def narrowed(self, name: str, without: Kinds) -> Facts:
        """Give them where a name is known not to be some kinds."""
        if name not in self.names:
            return self
        return replace(self, names=self.names | {name: self.names[name] - without})

    def joined(self, other: Facts) -> Facts:
        """Give what is known after either of two ways."""
        both = self.names.keys() & other.names.keys()
        names = {name: self.names[name] | other.names[name] for name in both}
        return Facts(names, self.keys & other.keys)


def dotted(node: cst.CSTNode | None) -> str:
    """Give a name with its attributes, ``a.b.c``; nothing for what is more than that."""
    if isinstance(node, cst.Name):
        return node.value
    owner = dotted(node.value) if isinstance(node, cst.Attribute) else ""
    return f"{owner}.{node.attr.value}" if owner and isinstance(node, cst.Attribute) else ""


def code_of(node: cst.CSTNode) -> str:
    """Give the code of a node."""
    return cst.Module([]).code_for_node(node).strip()


class Valuer:
    """Values expressions; `asked` knows calls of the request, `constant` the module's names."""

    def __init__(
        self,
        asked: Callable[[cst.BaseExpression, Callable[[cst.BaseExpression], Kinds]], Kinds | None],
        constant: Callable[[str], cst.BaseExpression | None],
        is_builtin: Callable[[str], bool],
    ) -> None:
        self._asked, self._constant, self._is_builtin = asked, constant, is_builtin

    def kinds(self, node: cst.BaseExpression, facts: Facts) -> Kinds:
        """Give what an expression can be; raises `Unknown`."""
        found = self._asked(node, lambda one: self.kinds(one, facts))
        if found is not None:
            return found
        if isinstance(node, cst.SimpleString | cst.ConcatenatedString):
            return _TEXT if isinstance(node.evaluated_value, str) else frozenset({"bytes"})
        if isinstance(node, cst.Integer | cst.Float):
            return frozenset({"int" if isinstance(node, cst.Integer) else "float"})
        if isinstance(node, cst.Name):
            return self._name(node.value, facts)
        if isinstance(node, cst.FormattedString):
            return self._formatted(node, facts)
        if isinstance(node, cst.List | cst.Tuple | cst.Dict | cst.ListComp | cst.DictComp):
            return self._collection(node, facts)
        if isinstance(node, cst.Call):
            return self._call(node, facts)
        if isinstance(node, cst.Subscript):
            return self._subscript(node, facts)
        return self._operation(node, facts)

    def after(self, test: cst.BaseExpression, facts: Facts, *, is_true: bool) -> Facts:
        """Give what is known where a test came out so."""
        if isinstance(test, cst.UnaryOperation) and isinstance(test.operator, cst.Not):
            return self.after(test.expression, facts, is_true=not is_true)
        if isinstance(test, cst.BooleanOperation):
            if isinstance(test.operator, cst.And if is_true else cst.Or):
                left = self.after(test.left, facts, is_true=is_true)
                return self.after(test.right, left, is_true=is_true)
            return facts
        if isinstance(test, cst.Name):
            return facts.narrowed(test.value, _NONE) if is_true else facts
        if not isinstance(test, cst.Comparison) or len(test.comparisons) != 1:
            return facts
        target = test.comparisons[0]
        operator, right = target.operator, target.comparator
        is_none = isinstance(right, cst.Name) and right.value == "None"
        if isinstance(test.left, cst.Name) and is_none:
            says_none = isinstance(operator, cst.Is) == is_true
            if isinstance(operator, cst.Is | cst.IsNot) and not says_none:
                return facts.narrowed(test.left.value, _NONE)
        if isinstance(operator, cst.In if is_true else cst.NotIn):
            return replace(facts, keys=facts.keys | {(code_of(test.left), code_of(right))})
        return facts

    def _name(self, name: str, facts: Facts) -> Kinds:
        known = {"True": _BOOL, "False": _BOOL, "None": _NONE}
        if name in known or name in facts.names:
            return known.get(name) or facts.names[name]
        node = self._constant(name)
        if node is None:
            raise Unknown(f"{name} is no data that is written out")
        return self.kinds(node, Facts())

    def _formatted(self, node: cst.FormattedString, facts: Facts) -> Kinds:
        for part in node.parts:
            if isinstance(part, cst.FormattedStringExpression):
                if part.format_spec is not None:
                    raise Unknown(f"{code_of(part)} may raise")
                self._need(part.expression, facts, _SHOWN)
        return _TEXT

    def _collection(self, node: cst.BaseExpression, facts: Facts) -> Kinds:
        inside: list[Kinds] = []
        name = "list" if isinstance(node, cst.List | cst.Tuple | cst.ListComp) else "dict"
        if isinstance(node, cst.List | cst.Tuple):
            for one in node.elements:
                if not isinstance(one, cst.Element):
                    raise Unknown(f"{code_of(one)} may be more than plain data")
                inside.append(self.kinds(one.value, facts))
        elif isinstance(node, cst.Dict):
            for each in node.elements:
                if not isinstance(each, cst.DictElement):
                    raise Unknown(f"{code_of(each)} may be more than plain data")
                self._need(each.key, facts, _KEYS)
                inside.append(self.kinds(each.value, facts))
        elif isinstance(node, cst.ListComp):
            inside.append(self.kinds(node.elt, self._looped(node.for_in, facts)))
        elif isinstance(node, cst.DictComp):
            within = self._looped(node.for_in, facts)
            self._need(node.key, within, _KEYS)
            inside.append(self.kinds(node.value, within))
        return frozenset({name}) if all(one <= JSON for one in inside) else frozenset({"opaque"})

    def _looped(self, loop: cst.CompFor, facts: Facts) -> Facts:
        kinds = self._need(loop.iter, facts, _ITERABLE)
        if loop.asynchronous or loop.inner_for_in or not isinstance(loop.target, cst.Name):
            raise Unknown("it has a loop of which not all is followed")
        element = _TEXT if kinds == _TEXT else self._elements(loop.iter)
        found = facts.with_name(loop.target.value, element)
        for one in loop.ifs:
            self.kinds(one.test, found)
            found = self.after(one.test, found, is_true=True)
        return found

    def _elements(self, node: cst.BaseExpression) -> Kinds:
        """Give what is in a collection: known for those that are written out, else any data."""
        made = self._constant(node.value) if isinstance(node, cst.Name) else node
        if isinstance(made, cst.List | cst.Tuple):
            return frozenset().union(*(self.kinds(one.value, Facts()) for one in made.elements))
        if isinstance(made, cst.Dict):
            return frozenset({"str", "int"})
        return JSON

    def _values(self, node: cst.BaseExpression) -> Kinds:
        """Give what the values of a dictionary are."""
        made = self._constant(node.value) if isinstance(node, cst.Name) else None
        if not isinstance(made, cst.Dict):
            return JSON
        return frozenset().union(*(self.kinds(one.value, Facts()) for one in made.elements))

    def _call(self, node: cst.Call, facts: Facts) -> Kinds:
        if any(one.keyword or one.star for one in node.args):
            raise Unknown(f"{code_of(node)} is not followed")
        given = [one.value for one in node.args]
        if isinstance(node.func, cst.Name) and self._is_builtin(node.func.value):
            return self._builtin(node, node.func.value, given, facts)
        if isinstance(node.func, cst.Attribute):
            return self._method(node, node.func, given, facts)
        raise Unknown(f"it calls {code_of(node.func)}(), which is not followed")

    def _builtin(
        self, node: cst.Call, name: str, given: list[cst.BaseExpression], facts: Facts
    ) -> Kinds:
        takes = {
            "len": (_ITERABLE, "int"), "str": (_SHOWN, "str"), "bool": (_SHOWN, "bool"),
            "int": (_NUMBERS - {"float"}, "int"), "abs": (frozenset({"int"}), "int"),
            "list": (_ITERABLE - {"view"}, "list"),
        }.get(name)  # fmt: skip
        if takes is None or len(given) != 1:
            raise Unknown(f"it calls {code_of(node)}, which may raise or give anything")
        self._need(given[0], facts, takes[0])
        return frozenset({takes[1]})

    def _method(
        self, node: cst.Call, func: cst.Attribute, given: list[cst.BaseExpression], facts: Facts
    ) -> Kinds:
        name = func.attr.value
        owner = self.kinds(func.value, facts)
        if owner == {"dict"} and name == "get" and len(given) in (1, 2):
            self._need(given[0], facts, _HASHED)
            default = self.kinds(given[1], facts) if len(given) == 2 else _NONE
            return self._values(func.value) | default
        if owner == {"dict"} and name in ("keys", "values") and not given:
            return frozenset({"view"})
        known = _METHODS.get(name)
        if owner != _TEXT or known is None or len(given) not in known[1]:
            raise Unknown(f"{code_of(node)} may raise or give anything")
        for one in given:
            self._need(one, facts, _TEXT)
        return frozenset({known[0]})

    def _subscript(self, node: cst.Subscript, facts: Facts) -> Kinds:
        index = node.slice[0].slice if len(node.slice) == 1 else None
        owner = self.kinds(node.value, facts)
        if isinstance(index, cst.Index) and owner == {"dict"}:
            key = (code_of(index.value), code_of(node.value))
            if key in facts.keys:
                return self._values(node.value)
        raise Unknown(f"{code_of(node)} may raise")

    def _operation(self, node: cst.BaseExpression, facts: Facts) -> Kinds:
        if isinstance(node, cst.Comparison):
            return self._comparison(node, facts)
        if isinstance(node, cst.UnaryOperation):
            if isinstance(node.operator, cst.Not):
                self.kinds(node.expression, facts)
                return _BOOL
            return self._need(node.expression, facts, frozenset({"int", "float"}))
        if isinstance(node, cst.BooleanOperation):
            left = self.kinds(node.left, facts)
            is_or = isinstance(node.operator, cst.Or)
            within = self.after(node.left, facts, is_true=not is_or)
            return (left - _NONE if is_or else left) | self.kinds(node.right, within)
        if isinstance(node, cst.IfExp):
            self.kinds(node.test, facts)
            first = self.kinds(node.body, self.after(node.test, facts, is_true=True))
            return first | self.kinds(node.orelse, self.after(node.test, facts, is_true=False))
        if isinstance(node, cst.BinaryOperation):
            left, right = self.kinds(node.left, facts), self.kinds(node.right, facts)
            if isinstance(node.operator, cst.Add) and left == right and left <= {"str"}:
                return left
            is_plain = isinstance(node.operator, cst.Add | cst.Subtract)
            if is_plain and left == right == {"int"}:
                return left
        raise Unknown(f"{_short(node)} is not followed")

    def _comparison(self, node: cst.Comparison, facts: Facts) -> Kinds:
        left = self.kinds(node.left, facts)
        for one in node.comparisons:
            right = self.kinds(one.comparator, facts)
            operator = one.operator
            if isinstance(operator, cst.In | cst.NotIn):
                is_fine = (right == _TEXT and left == _TEXT) or right == {"list"} or (
                    right == {"dict"} and left <= _HASHED
                )  # fmt: skip
            elif isinstance(operator, cst.Equal | cst.NotEqual | cst.Is | cst.IsNot):
                is_fine = True
            else:
                is_fine = (left <= _NUMBERS and right <= _NUMBERS) or left == right == _TEXT
            if not is_fine:
                raise Unknown(f"{_short(node)} may raise")
            left = right
        return _BOOL

    def _need(self, node: cst.BaseExpression, facts: Facts, allowed: Kinds) -> Kinds:
        found = self.kinds(node, facts)
        if not found <= allowed:
            raise Unknown(f"{_short(node)} may be something else")
        return found


def _short(node: cst.CSTNode) -> str:
    lines = code_of(node).splitlines()
    return lines[0] if len(lines) == 1 else f"{lines[0]} …"
