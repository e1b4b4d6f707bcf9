"""The markers as functions, for `Annotated[...]` and for default values.

They give `Any`, so that ``q: str = Query("x")`` passes type checkers; the objects that they make
are the classes of `params.py`.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Any, Literal

from pydantic_core import PydanticUndefined
from typing_extensions import Unpack

from trivet.binding import params
from trivet.binding.params import MarkerOptions

__all__ = ["Body", "Cookie", "Depends", "File", "Form", "Header", "Path", "Query", "Security"]


def Path(default: Any = ..., **options: Unpack[MarkerOptions]) -> Any:  # noqa: N802
    """Declare a parameter of the path, with constraints and text for the document."""
    return params.Path(default, **options)


def Query(default: Any = PydanticUndefined, **options: Unpack[MarkerOptions]) -> Any:  # noqa: N802
    """Declare a parameter of the query string."""
    return params.Query(default, **options)


def Header(  # noqa: N802
    default: Any = PydanticUndefined,
    *,
    convert_underscores: bool = True,
    **options: Unpack[MarkerOptions],
) -> Any:
    """Declare a header; ``x_token`` reads ``x-token`` unless `convert_underscores` is False."""
    return params.Header(default, convert_underscores=convert_underscores, **options)


def Cookie(default: Any = PydanticUndefined, **options: Unpack[MarkerOptions]) -> Any:  # noqa: N802
    """Declare a cookie."""
    return params.Cookie(default, **options)


def Body(  # noqa: N802
    default: Any = PydanticUndefined,
    *,
    embed: bool | None = None,
    media_type: str = "application/json",
    **options: Unpack[MarkerOptions],
) -> Any:
    """Declare a value of the JSON body; `embed` expects a lone one under its own name."""
    return params.Body(default, embed=embed, media_type=media_type, **options)


def Form(  # noqa: N802
    default: Any = PydanticUndefined,
    *,
    media_type: str = "application/x-www-form-urlencoded",
    **options: Unpack[MarkerOptions],
) -> Any:
    """Declare a field of a form, or a model of all its fields."""
    return params.Form(default, media_type=media_type, **options)


def File(  # noqa: N802
    default: Any = PydanticUndefined,
    *,
    media_type: str = "multipart/form-data",
    **options: Unpack[MarkerOptions],
) -> Any:
    """Declare an uploaded file: `bytes` reads it whole, `UploadFile` leaves it on disk."""
    return params.File(default, media_type=media_type, **options)


def Depends(  # noqa: N802
    dependency: Callable[..., Any] | None = None,
    *,
    use_cache: bool = True,
    scope: Literal["function", "request"] | None = None,
    max_concurrency: int | None = None,
) -> Any:
    """Declare a parameter that `dependency` gives; without it the annotation is called."""
    return params.Depends(dependency, use_cache, scope, max_concurrency=max_concurrency)


def Security(  # noqa: N802
    dependency: Callable[..., Any] | None = None,
    *,
    scopes: Sequence[str] | None = None,
    use_cache: bool = True,
) -> Any:
    """Declare a dependency that checks who asks, and the OAuth2 scopes that they need."""
    return params.Security(dependency, use_cache, scopes=scopes)
