"""What goes wrong in a template, as an error that says where in it and what to write instead.

Jinja2's errors are translated here, once; those of the user's own objects pass as they are.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from difflib import get_close_matches
from functools import partial
from types import TracebackType
from typing import Any

from jinja2 import StrictUndefined, Template, TemplateNotFound, TemplateSyntaxError, UndefinedError

from trivet.errors import SetupError

__all__ = ["Unknown", "faults_told", "no_block", "syntax_fault"]

_SHOWN = 20  # names that a message lists


class UnknownName(UndefinedError):
    """A name that is not there, with what it was looked for in."""

    def __init__(self, message: str | None = None, *, owner: Any = None, name: Any = None) -> None:
        super().__init__(message)
        self.owner = owner
        self.name = name


class Unknown(StrictUndefined):
    """What stands for a name that is not there: any use of it but `is defined` is an error."""

    __slots__ = ()

    def __init__(
        self, hint: Any = None, obj: Any = None, name: Any = None, exc: Any = None
    ) -> None:
        # Jinja2's own sign for "no object" is a parameter that is not given.
        given = {} if obj is None else {"obj": obj}
        kind = partial(UnknownName, owner=obj, name=name)
        super().__init__(hint, name=name, exc=kind, **given)  # type: ignore[arg-type]


@contextmanager
def faults_told(
    context: Mapping[str, Any], known: Callable[[], Sequence[str]] = list
) -> Iterator[None]:
    """Translate what Jinja2 raises within; `context` are the names of the page.

    `known` gives the names of all templates. Raises `SetupError`.
    """
    try:
        yield
    except UndefinedError as error:
        raise _undefined(error, context) from error
    except TemplateNotFound as error:
        raise _not_found(error, known()) from error
    except TemplateSyntaxError as error:
        raise syntax_fault(error) from error


def _undefined(error: UndefinedError, context: Mapping[str, Any]) -> SetupError:
    owner, name = getattr(error, "owner", None), getattr(error, "name", None)
    there = context if owner is None else _names_of(owner)
    return SetupError(
        f"The template uses what is not there: {error.message}",
        code="templates.undefined",
        where=_place(error.__traceback__),
        mend=_advice(name, there, "pass it, or ask first: {% if name is defined %}"),
    )


def _not_found(error: TemplateNotFound, known: Sequence[str]) -> SetupError:
    return SetupError(
        f"There is no template {error.name!r} in the folders of templates",
        code="templates.not-found",
        where=_place(error.__traceback__),
        mend=_advice(error.name, known, "make the file, or name one that is there"),
    )


def syntax_fault(error: TemplateSyntaxError) -> SetupError:
    """Give the error for a template that cannot be read."""
    source = (error.source or "").splitlines()
    line = source[error.lineno - 1].strip() if 0 < error.lineno <= len(source) else ""
    return SetupError(
        f"The template cannot be read: {error.message}" + (f", in: {line}" if line else ""),
        code="templates.syntax",
        where=f"{error.filename or error.name or 'a template'}:{error.lineno}",
        mend="what Jinja2 can read: {{ value }}, {% if … %} … {% endif %},"
        " {% block name %} … {% endblock %}",
    )


def no_block(template: Template, fragment: str) -> SetupError:
    """Give the error for a fragment that the template does not have."""
    return SetupError(
        f"The template {template.name!r} has no block {fragment!r} of its own",
        code="templates.no-block",
        where=template.filename,
        mend=_advice(fragment, template.blocks, f"{{% block {fragment} %}} … {{% endblock %}}"),
    )


def _advice(name: Any, there: Iterable[str], otherwise: str) -> str:
    names = sorted(str(one) for one in there if not str(one).startswith("_"))
    near = get_close_matches(str(name), names, 1)
    more = ", …" if len(names) > _SHOWN else ""
    listed = f" (there are: {', '.join(names[:_SHOWN])}{more})" if names else " (there are none)"
    return (repr(near[0]) if near else otherwise) + listed


def _names_of(owner: Any) -> Iterable[str]:
    if isinstance(owner, Mapping):
        return [str(key) for key in owner]
    return dir(owner)


def _place(trace: TracebackType | None) -> str | None:
    """Give the file and line of the innermost template that a traceback passes through."""
    place = None
    while trace is not None:
        # Jinja2 puts this name into the frames that stand for lines of templates.
        if "__jinja_exception__" in trace.tb_frame.f_globals:
            place = f"{trace.tb_frame.f_code.co_filename}:{trace.tb_lineno}"
        trace = trace.tb_next
    return place
