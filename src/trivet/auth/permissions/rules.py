"""Rules: who may do what with which rows, said once and asked everywhere.

A rule is a function. With one parameter, the account, it gives a condition on the model: such
rules narrow lists, and a single row is asked about by the same condition, so that the two agree.
With two, the account and the row, it gives True or False and may wait; lists cannot ask it, and
say so.
"""

from __future__ import annotations

import inspect
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from typing import Any, TypeVar

from trivet.auth.permissions.names import checked_name
from trivet.errors import SetupError, place_of

__all__ = ["Rule", "Rules"]

Function = TypeVar("Function", bound=Callable[..., Any])


@dataclass(frozen=True, slots=True)
class Rule:
    """One rule, as it was declared."""

    function: Callable[..., Any]
    action: str
    model: Any
    allows: bool
    fields: frozenset[str] | None
    anonymous: bool
    is_filter: bool

    @property
    def place(self) -> str | None:
        """Where the function is written."""
        place = place_of(self.function)
        return f"{place['file']}:{place['line']}" if "file" in place else None


class Rules:
    """The rules and roles of an application; `Auth` has one: ``auth.rules``."""

    def __init__(self) -> None:
        self._rules: list[Rule] = []
        self._roles: dict[str, frozenset[str]] = {}
        self._found: dict[tuple[str, Any], tuple[Rule, ...]] = {}

    def allow(
        self,
        action: str,
        model: Any,
        *,
        fields: Sequence[str] | None = None,
        anonymous: bool = False,
    ) -> Callable[[Function], Function]:
        """Allow `action` on the rows of `model` that the function says; a decorator.

        ``def own(user): return Post.author_id == user.id`` is a condition and narrows lists too;
        ``def own(user, post): return …`` tells of single rows alone. `fields` that a rule names
        are from then on for those alone that such a rule, or a permission, gives them to. Nobody
        asks a rule about who is not signed in, unless it says `anonymous`; `user` is None then.
        """
        return self._declaring(action, model, fields, anonymous, allows=True)

    def deny(
        self, action: str, model: Any, *, fields: Sequence[str] | None = None
    ) -> Callable[[Function], Function]:
        """Deny `action` on the rows that the function says, whoever asks, superusers too."""
        return self._declaring(action, model, fields, anonymous=True, allows=False)

    def role(self, name: str, permissions: Sequence[str]) -> None:
        """Declare a role: what accounts and groups that have it may.

        Raises `SetupError` for a role that is there, and for what is no name of a permission.
        """
        if name in self._roles:
            raise SetupError(
                f"there are two roles called {name!r}",
                code="auth.role",
                mend="one of them with the permissions of both, or another name",
            )
        self._roles[name] = frozenset(checked_name(one) for one in permissions)

    @property
    def roles(self) -> dict[str, frozenset[str]]:
        """The roles that are declared, with their permissions."""
        return dict(self._roles)

    def of_role(self, name: str) -> frozenset[str]:
        """Give the permissions of a role; none for one that the code no longer declares."""
        return self._roles.get(name, frozenset())

    def about(self, action: str, model: Any) -> tuple[Rule, ...]:
        """Give the rules about an action on a model, those of its parents included."""
        key = (action, model)
        found = self._found.get(key)
        if found is None:
            found = self._found[key] = tuple(
                rule
                for rule in self._rules
                if rule.action in (action, "*") and issubclass(model, rule.model)
            )
        return found

    def __iter__(self) -> Iterator[Rule]:
        return iter(self._rules)

    def _declaring(
        self,
        action: str,
        model: Any,
        fields: Sequence[str] | None,
        anonymous: bool,
        *,
        allows: bool,
    ) -> Callable[[Function], Function]:
        if isinstance(fields, str):
            raise _wrong_fields(fields)
        named = None if fields is None else frozenset(fields)

        def declare(function: Function) -> Function:
            is_filter = _is_filter(function)
            rule = Rule(function, action, model, allows, named, anonymous, is_filter)
            self._rules.append(rule)
            self._found.clear()
            return function

        return declare


def _is_filter(function: Callable[..., Any]) -> bool:
    wanted = (inspect.Parameter.POSITIONAL_ONLY, inspect.Parameter.POSITIONAL_OR_KEYWORD)
    given = [one for one in inspect.signature(function).parameters.values() if one.kind in wanted]
    is_filter = len(given) == 1
    if len(given) not in (1, 2) or (is_filter and inspect.iscoroutinefunction(function)):
        place = place_of(function)
        raise SetupError(
            f"{getattr(function, '__name__', function)!r} is no rule: it takes {len(given)}"
            f" parameters{' and waits' if inspect.iscoroutinefunction(function) else ''}",
            code="auth.rule",
            where=f"{place['file']}:{place['line']}" if "file" in place else None,
            mend="def own(user): return Post.author_id == user.id   # or: def own(user, post): …",
        )
    return is_filter


def _wrong_fields(given: str) -> SetupError:
    return SetupError(
        f"fields={given!r} is a text, and would be read as its letters",
        code="auth.rule-fields",
        mend=f"fields=[{given!r}]",
    )
