"""`fastapi.dependencies.models`: a plan under the names that extensions for FastAPI know."""

from __future__ import annotations

import inspect
from collections.abc import Callable, Iterable, MutableSequence
from typing import Any, overload

from trivet.binding.plan import Call, Injected, Kind
from trivet.schema.field import Field

__all__ = ["Dependant"]

_WITH_AWAIT = {Kind.SYNC: Kind.ASYNC, Kind.ASYNC: Kind.ASYNC}
_WITHOUT_AWAIT = {Kind.SYNC: Kind.SYNC, Kind.ASYNC: Kind.SYNC}


class Dependant:
    """One function of a plan; what is changed here is changed in the plan."""

    def __init__(self, plan: Call) -> None:
        self.plan = plan

    @property
    def call(self) -> Callable[..., Any]:
        return self.plan.function

    @call.setter
    def call(self, function: Callable[..., Any]) -> None:
        self.plan.function = function
        kinds = _WITH_AWAIT if inspect.iscoroutinefunction(function) else _WITHOUT_AWAIT
        self.plan.kind = kinds.get(self.plan.kind, self.plan.kind)

    @property
    def dependencies(self) -> MutableSequence[Dependant]:
        return _Dependencies(self.plan)

    @property
    def name(self) -> str | None:
        return self.plan.name

    @property
    def path(self) -> str:
        return self.plan.path_pattern

    @property
    def use_cache(self) -> bool:
        return self.plan.use_cache

    @property
    def scope(self) -> str | None:
        return self.plan.scope

    @property
    def path_params(self) -> list[Field]:
        return self.plan.path

    @property
    def query_params(self) -> list[Field]:
        return self.plan.query

    @property
    def header_params(self) -> list[Field]:
        return self.plan.header

    @property
    def cookie_params(self) -> list[Field]:
        return self.plan.cookie

    @property
    def body_params(self) -> list[Field]:
        return self.plan.body

    @property
    def own_oauth_scopes(self) -> list[str]:
        return self.plan.own_scopes

    @property
    def parent_oauth_scopes(self) -> list[str]:
        return self.plan.parent_scopes

    @property
    def request_param_name(self) -> str | None:
        return self._injected(Injected.REQUEST)

    @property
    def websocket_param_name(self) -> str | None:
        return self._injected(Injected.WEBSOCKET)

    @property
    def http_connection_param_name(self) -> str | None:
        return self._injected(Injected.CONNECTION)

    @property
    def response_param_name(self) -> str | None:
        return self._injected(Injected.RESPONSE)

    @property
    def background_tasks_param_name(self) -> str | None:
        return self._injected(Injected.TASKS)

    @property
    def security_scopes_param_name(self) -> str | None:
        return self._injected(Injected.SCOPES)

    def _injected(self, what: Injected) -> str | None:
        return next((name for name, kind in self.plan.injected.items() if kind is what), None)


class _Dependencies(MutableSequence[Dependant]):
    """What a plan calls first, as a list that may be changed."""

    def __init__(self, plan: Call) -> None:
        self._calls = plan.dependencies

    def __len__(self) -> int:
        return len(self._calls)

    @overload
    def __getitem__(self, index: int) -> Dependant: ...

    @overload
    def __getitem__(self, index: slice) -> MutableSequence[Dependant]: ...

    def __getitem__(self, index: int | slice) -> Dependant | MutableSequence[Dependant]:
        if isinstance(index, slice):
            return [Dependant(call) for call in self._calls[index]]
        return Dependant(self._calls[index])

    @overload
    def __setitem__(self, index: int, value: Dependant) -> None: ...

    @overload
    def __setitem__(self, index: slice, value: Iterable[Dependant]) -> None: ...

    def __setitem__(self, index: int | slice, value: Dependant | Iterable[Dependant]) -> None:
        if isinstance(index, slice):
            self._calls[index] = [one.plan for one in value]  # type: ignore[union-attr]
        else:
            self._calls[index] = value.plan  # type: ignore[union-attr]

    def __delitem__(self, index: int | slice) -> None:
        del self._calls[index]

    def insert(self, index: int, value: Dependant) -> None:
        self._calls.insert(index, value.plan)
