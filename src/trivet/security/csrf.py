"""The guard against cross-site requests with what pages need for it, as a part."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from typing import Any

from starlette.requests import HTTPConnection

from trivet.app.part import Part
from trivet.errors import SetupError
from trivet.middleware.csrf import Csrf, csrf_field, csrf_token
from trivet.middleware.csrf_tokens import CsrfField
from trivet.middleware.hook import Hook

__all__ = ["CsrfGuard"]


class CsrfGuard(Part):
    """Guard all routes by a `Csrf` with tokens, and let templates write them.

    ``app.use(CsrfGuard())`` gives templates ``{{ csrf_field() }}``, the hidden input of a form, and
    ``{{ csrf_token() }}``, the token alone. `hook` is the guard; raises SetupError for one without
    tokens.
    """

    name = "csrf"

    def __init__(self, hook: Csrf | None = None) -> None:
        self.hook = Csrf(tokens=True) if hook is None else hook
        if not self.hook.tokens:
            raise SetupError(
                "CsrfGuard lets templates write tokens, and its hook does not check them",
                code="security.csrf",
                mend="app.use(CsrfGuard(Csrf(tokens=True, …)))",
            )

    def hooks(self) -> Sequence[Hook]:
        """Give the guard."""
        return [self.hook]

    def template_functions(self) -> Mapping[str, Callable[..., Any]]:
        """Give `csrf_field` and `csrf_token`."""
        return {"csrf_field": _field, "csrf_token": _token}


def _field(request: HTTPConnection | None) -> CsrfField:
    return csrf_field(_there(request))


def _token(request: HTTPConnection | None) -> str:
    return csrf_token(_there(request))


def _there(request: HTTPConnection | None) -> HTTPConnection:
    if request is None:
        raise SetupError(
            "a template asked for a CSRF token outside of a request",
            code="security.csrf",
            mend='await templates.render("page.html", request=request)',
        )
    return request
