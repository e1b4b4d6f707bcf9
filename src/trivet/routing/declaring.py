"""The decorators with which routes are declared, the same on a router and on an application.

They only call the `add_…` methods below, which a router fulfils and an application hands on to its
router; each verb is written and documented here, once.
"""

from __future__ import annotations

from abc import ABC, abstractmethod
from collections.abc import Callable, Collection, Sequence
from typing import Any, TypeVar

from typing_extensions import Unpack

from trivet.routing.options import RouteOptions

__all__ = ["Declaring", "Handler"]

Handler = TypeVar("Handler", bound=Callable[..., Any])


class Declaring(ABC):
    """Whoever takes routes."""

    @abstractmethod
    def add_api_route(self, path: str, endpoint: Callable[..., Any], **options: Any) -> None:
        """Add a route; options are those of `RouteOptions`, and `methods`."""

    @abstractmethod
    def add_api_websocket_route(
        self,
        path: str,
        endpoint: Callable[..., Any],
        name: str | None = None,
        *,
        dependencies: Sequence[Any] | None = None,
    ) -> None:
        """Add a WebSocket route whose function has parameters and dependencies."""

    @abstractmethod
    def add_websocket_route(
        self, path: str, endpoint: Callable[..., Any], name: str | None = None
    ) -> None:
        """Add a plain Starlette WebSocket route."""

    @abstractmethod
    def add_event_handler(self, event_type: str, func: Callable[[], Any]) -> None:
        """Call `func` at "startup" or "shutdown"."""

    def api_route(
        self,
        path: str,
        *,
        methods: Collection[str] | None = None,
        **options: Unpack[RouteOptions],
    ) -> Callable[[Handler], Handler]:
        """Declare a route for several methods (GET where none is named)."""

        def declare(handler: Handler) -> Handler:
            self.add_api_route(path, handler, methods=methods, **options)
            return handler

        return declare

    def route(
        self,
        path: str,
        methods: Collection[str] | None = None,
        **options: Unpack[RouteOptions],
    ) -> Callable[[Handler], Handler]:
        """Declare a route as Flask does: GET, or the methods that are named."""
        return self.api_route(path, methods=methods, **options)

    def get(self, path: str, **options: Unpack[RouteOptions]) -> Callable[[Handler], Handler]:
        """Declare what answers GET at `path`."""
        return self.api_route(path, methods=["GET"], **options)

    def put(self, path: str, **options: Unpack[RouteOptions]) -> Callable[[Handler], Handler]:
        """Declare what answers PUT at `path`."""
        return self.api_route(path, methods=["PUT"], **options)

    def post(self, path: str, **options: Unpack[RouteOptions]) -> Callable[[Handler], Handler]:
        """Declare what answers POST at `path`."""
        return self.api_route(path, methods=["POST"], **options)

    def delete(self, path: str, **options: Unpack[RouteOptions]) -> Callable[[Handler], Handler]:
        """Declare what answers DELETE at `path`."""
        return self.api_route(path, methods=["DELETE"], **options)

    def options(self, path: str, **options: Unpack[RouteOptions]) -> Callable[[Handler], Handler]:
        """Declare what answers OPTIONS at `path`."""
        return self.api_route(path, methods=["OPTIONS"], **options)

    def head(self, path: str, **options: Unpack[RouteOptions]) -> Callable[[Handler], Handler]:
        """Declare what answers HEAD at `path`."""
        return self.api_route(path, methods=["HEAD"], **options)

    def patch(self, path: str, **options: Unpack[RouteOptions]) -> Callable[[Handler], Handler]:
        """Declare what answers PATCH at `path`."""
        return self.api_route(path, methods=["PATCH"], **options)

    def trace(self, path: str, **options: Unpack[RouteOptions]) -> Callable[[Handler], Handler]:
        """Declare what answers TRACE at `path`."""
        return self.api_route(path, methods=["TRACE"], **options)

    def websocket(
        self, path: str, name: str | None = None, *, dependencies: Sequence[Any] | None = None
    ) -> Callable[[Handler], Handler]:
        """Declare what serves WebSockets at `path`."""

        def declare(handler: Handler) -> Handler:
            self.add_api_websocket_route(path, handler, name=name, dependencies=dependencies)
            return handler

        return declare

    def websocket_route(self, path: str, name: str | None = None) -> Callable[[Handler], Handler]:
        """Declare a plain Starlette WebSocket route."""

        def declare(handler: Handler) -> Handler:
            self.add_websocket_route(path, handler, name=name)
            return handler

        return declare

    def on_event(self, event_type: str) -> Callable[[Handler], Handler]:
        """Call the function at "startup" or "shutdown"; a lifespan does both in one place."""

        def declare(handler: Handler) -> Handler:
            self.add_event_handler(event_type, handler)
            return handler

        return declare
