"""Actions: methods of a resource as routes, beside those that it has by itself.

``@action()`` above ``async def publish(self, row: Post)`` answers ``POST /posts/{id}/publish``; all
its other parameters are those of any handler.
"""

from __future__ import annotations

import inspect
from collections.abc import Awaitable, Callable, Iterator
from dataclasses import dataclass
from typing import Annotated, Any, TypeVar

from trivet.binding.markers import Depends
from trivet.binding.signature import return_annotation, typed_signature
from trivet.db import NotFound, Query
from trivet.resources.access import Access, Asking
from trivet.resources.plan import Plan
from trivet.resources.rows import check_parent, held, one_of

__all__ = ["Action", "action", "actions_of", "endpoint_of"]

Method = TypeVar("Method", bound=Callable[..., Any])
_MARK = "__trivet_action__"
_READING = ("GET", "HEAD")
Show = Callable[[Asking, Any, int], Awaitable[Any]]
"""What makes an answer of rows, without the fields that who asks may not see."""


@dataclass(frozen=True)
class Action:
    """A method of a resource that is a route."""

    method: str
    path: str | None
    permission: str | None
    status_code: int

    @property
    def is_reading(self) -> bool:
        """True for what changes nothing."""
        return self.method in _READING


def action(
    method: str = "POST",
    *,
    path: str | None = None,
    permission: str | None = None,
    status_code: int = 200,
) -> Callable[[Method], Method]:
    """Make a method of a resource a route: of one row where it has a parameter `row`.

    `path` is the last part of the address, by rule the method's name with dashes. Who calls it
    needs `permission`, by rule `view` for GET and `change` for the rest. The row is held until the
    request is through, unless it is a GET. A parameter `asking` is who asks.
    """

    def declare(function: Method) -> Method:
        setattr(function, _MARK, Action(method.upper(), path, permission, status_code))
        return function

    return declare


def actions_of(resource: Any) -> Iterator[tuple[str, Action]]:
    """Give the actions of a resource by the names of their methods, those of bases first."""
    found: dict[str, Action] = {}
    for cls in reversed(type(resource).__mro__):
        for name, value in vars(cls).items():
            declared = getattr(value, _MARK, None)
            if declared is not None:
                found[name] = declared
    yield from found.items()


def endpoint_of(
    plan: Plan, resource: Any, name: str, access: Access, path: list[inspect.Parameter], show: Show
) -> tuple[Callable[..., Any], bool, Any]:
    """Give an action as a handler, whether it is of one row, and what it is annotated to return."""
    declared: Action = getattr(getattr(type(resource), name), _MARK)
    method = getattr(resource, name)
    signature = typed_signature(method)
    given = dict(signature.parameters)
    asking = Annotated[Asking, Depends(access)]
    has_row = "row" in given
    parameters = []
    for one in given.values():
        if one.name == "row":
            rows = _row_of(plan, resource, access, declared, path)
            one = one.replace(annotation=Annotated[Any, Depends(rows)])
        elif one.name == "asking":
            one = one.replace(annotation=asking)
        parameters.append(one.replace(kind=inspect.Parameter.KEYWORD_ONLY))
    names = {one.name for one in parameters}
    hidden = [] if has_row else [one for one in path if one.name not in names]
    extra = inspect.Parameter("trivet_asking", inspect.Parameter.KEYWORD_ONLY, annotation=asking)

    async def endpoint(**values: Any) -> Any:
        asking: Asking = values.pop("trivet_asking")
        for one in hidden:
            values.pop(one.name)
        answer = method(**values)
        if inspect.isawaitable(answer):  # a coroutine, which may give a query
            answer = await answer
        if isinstance(answer, Query):
            answer = await answer
        return await show(asking, answer, declared.status_code)

    made: Any = endpoint
    made.__name__, made.__doc__ = name, method.__doc__
    made.__qualname__, made.__module__ = method.__qualname__, method.__module__
    made.__signature__ = inspect.Signature([*hidden, *parameters, extra])
    return made, has_row, return_annotation(method)


def _row_of(
    plan: Plan, resource: Any, access: Access, declared: Action, path: list[inspect.Parameter]
) -> Callable[..., Any]:
    """Give the dependency that finds the row of an action."""

    async def row(**values: Any) -> Any:
        asking: Asking = values.pop("trivet_asking")
        await check_parent(plan, asking, values)
        query = resource.query(asking)
        if not declared.is_reading:
            return await held(plan, asking, query, values, access.action)
        found = await (await asking.reachable("view", one_of(plan, query, values))).find()
        if found is None:
            raise NotFound(plan.model)
        await asking.require(access.action, found)
        return found

    made: Any = row
    asking = inspect.Parameter(
        "trivet_asking",
        inspect.Parameter.KEYWORD_ONLY,
        annotation=Annotated[Asking, Depends(access)],
    )
    made.__signature__ = inspect.Signature([*path, asking])
    return row
