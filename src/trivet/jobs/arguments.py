"""What a job's function is called with: its arguments, kept as JSON, and its dependencies.

The function's parameters are taken apart once, when the job is declared: a first one of type `Run`
is told of the attempt, those with `Depends` are resolved by the plan that requests have, and the
rest are the job's arguments. They are validated when a job is put in, where who wrote the mistake
reads of it, and again when it runs, as the code may be another one by then.
"""

from __future__ import annotations

import inspect
from collections.abc import Callable, Mapping
from typing import Any, ForwardRef, NotRequired

from pydantic import ConfigDict, PydanticSchemaGenerationError, TypeAdapter, ValidationError
from typing_extensions import TypedDict

from trivet.binding.outside import is_dependency
from trivet.binding.signature import return_annotation, typed_signature
from trivet.errors import SetupError
from trivet.jobs.run import Run
from trivet.schema.foreign import adapted

__all__ = ["Arguments", "BadArguments"]

_typed_dict: Any = TypedDict
_ALONE = (inspect.Parameter.VAR_POSITIONAL, inspect.Parameter.VAR_KEYWORD)


class BadArguments(Exception):  # as Pydantic's own
    """Arguments that do not fit a job's function; the message says which and why."""


class Arguments:
    """The parameters of one job's function, taken apart."""

    def __init__(self, function: Callable[..., Any], name: str, where: str | None) -> None:
        self._name = name
        signature = typed_signature(function)
        given: list[inspect.Parameter] = []
        dependencies: list[inspect.Parameter] = []
        self.wants_run = False
        for index, parameter in enumerate(signature.parameters.values()):
            if parameter.kind in _ALONE:
                raise SetupError(
                    f"the job {name!r} takes {parameter}, and what is kept for it needs names",
                    code="jobs.parameter",
                    where=where,
                    mend=f"{parameter.name}: list[...]",
                )
            if parameter.annotation is Run:
                if index:
                    raise SetupError(
                        f"the job {name!r} has {parameter.name!r} of type Run behind others",
                        code="jobs.parameter",
                        where=where,
                        mend=f"let {parameter.name!r} be its first parameter",
                    )
                self.wants_run = True
            elif is_dependency(parameter):
                dependencies.append(parameter)
            else:
                given.append(parameter)
        self._signature = inspect.Signature(given)
        self.dependencies = tuple(dependencies)
        self._adapter = _adapter(given, name, where)
        result = return_annotation(function)
        self._result: TypeAdapter[Any] = _made(
            Any if result is None else result, name, "its result", where
        )

    def write(self, args: tuple[Any, ...], kwargs: Mapping[str, Any]) -> str:
        """Give the arguments as JSON; raises `BadArguments`, and `TypeError` as a call would."""
        try:
            bound = self._signature.bind(*args, **kwargs)
        except TypeError as error:
            raise TypeError(f"{self._name}: {error}") from None
        try:
            return self._adapter.dump_json(
                self._adapter.validate_python(bound.arguments), warnings="error"
            ).decode()
        except (ValidationError, ValueError, TypeError) as error:
            raise BadArguments(f"the job {self._name!r}: {error}") from error

    def bound(self, args: tuple[Any, ...], kwargs: Mapping[str, Any]) -> inspect.BoundArguments:
        """Give the arguments as a call has them, with the values of those that are left out."""
        bound = self._signature.bind(*args, **kwargs)
        bound.apply_defaults()
        return bound

    def read(self, text: str) -> dict[str, Any]:
        """Give the arguments that were kept; raises `BadArguments`."""
        try:
            return dict(self._adapter.validate_json(text))
        except ValidationError as error:
            raise BadArguments(f"the job {self._name!r}: {error}") from error

    def write_result(self, value: Any) -> str | None:
        """Give a result as JSON, None for None; raises `BadArguments`."""
        if value is None:
            return None
        try:
            return self._result.dump_json(value).decode()
        except (ValueError, TypeError) as error:
            raise BadArguments(f"the result of the job {self._name!r}: {error}") from error

    def read_result(self, text: str | None) -> Any:
        """Give a result that was kept."""
        return None if text is None else self._result.validate_json(text)


def _adapter(parameters: list[inspect.Parameter], name: str, where: str | None) -> TypeAdapter[Any]:
    fields: dict[str, Any] = {}
    for parameter in parameters:
        wanted = Any if parameter.annotation is parameter.empty else adapted(parameter.annotation)
        _made(wanted, name, f"its parameter {parameter.name!r}", where)
        is_required = parameter.default is parameter.empty
        fields[parameter.name] = wanted if is_required else NotRequired[wanted]
    # The functional form, by another name: checkers want its fields written out.
    shape: Any = _typed_dict("Arguments", fields)
    shape.__pydantic_config__ = ConfigDict(extra="forbid")
    return TypeAdapter(shape)


def _made(annotation: Any, name: str, what: str, where: str | None) -> TypeAdapter[Any]:
    if isinstance(annotation, ForwardRef):
        raise SetupError(
            f"the job {name!r} cannot keep {what}: nothing is known of"
            f" {annotation.__forward_arg__!r} where it is declared",
            code="jobs.parameter",
            where=where,
            mend="import the type at the top of the module, outside `if TYPE_CHECKING`",
        )
    try:
        return TypeAdapter(adapted(annotation))
    except PydanticSchemaGenerationError as error:
        raise SetupError(
            f"the job {name!r} cannot keep {what}: {annotation!r} has no form in JSON",
            code="jobs.parameter",
            where=where,
            mend="give the key of a row and read the row in the job, or mark it by Depends(…)",
        ) from error
