"""`fastapi.applications`: the application class under FastAPI's name and with its defaults."""

from __future__ import annotations

from typing import Any

from typing_extensions import Unpack

from trivet.app.application import App
from trivet.app.options import AppOptions
from trivet.dropin.fastapi.routing import APIRouter
from trivet.openapi.assets import CDN

__all__ = ["FastAPI"]


class FastAPI(App):
    """A Trivet application with the defaults that FastAPI's programs expect."""

    router_class = APIRouter
    gates_asgi = False  # FastAPI leaves that to the server in front; on our own socket it stays
    answers_head = False  # FastAPI answers HEAD with 405 where only GET was declared

    def __init__(self, **options: Unpack[AppOptions]) -> None:
        options.setdefault("title", "FastAPI")
        options.setdefault("page_urls", CDN)  # as FastAPI has it
        options.pop("telemetry", None)  # type: ignore[typeddict-item]
        super().__init__(**options)

    def route(self, path: str, methods: Any = None, **options: Any) -> Any:
        """Declare a plain Starlette route, as FastAPI does."""

        def declare(function: Any) -> Any:
            self.router.add_route(path, function, methods=methods, **options)
            return function

        return declare
