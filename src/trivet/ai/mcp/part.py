"""A server of the Model Context Protocol as a part: ``mcp = app.use(MCP())`` serves ``/mcp``."""

from __future__ import annotations

from collections.abc import AsyncIterator, Callable, Sequence
from contextlib import AbstractAsyncContextManager, asynccontextmanager
from typing import Any, TypeVar

from starlette.requests import Request
from starlette.responses import Response

from trivet.ai.inside import ReplyLimits
from trivet.ai.mcp.declared import prompt_of, resource_of
from trivet.ai.mcp.protected import WELL_KNOWN, OAuthResource, Protecting
from trivet.ai.mcp.serving import Declarations, manager_of
from trivet.ai.toolbox import Choice, Toolbox
from trivet.app.application import App
from trivet.app.part import Part
from trivet.checks import Finding, Level
from trivet.errors import SetupError
from trivet.http.exchange import Receive, Scope, Send
from trivet.routing.enclosing import enclosed
from trivet.routing.router import Router

__all__ = ["MCP"]

Handler = TypeVar("Handler", bound=Callable[..., Any])

_MOST_BODY = 4 * 1024 * 1024  # bytes of a message


class MCP(Part):
    """Serves tools, resources and prompts to programs that speak to models.

    Tools are the routes that are marked by `tool`, or those of `tools`: handlers, routes' names,
    routers. `dependencies` are asked before any message is read, such as ``Depends(current_user)``.
    Pages in browsers may speak to it from `origins` alone, and on this machine from this machine.
    `oauth` says where clients get tokens. A mistake is raised as `SetupError` when the application
    starts, and told by ``trivet check``.
    """

    name = "mcp"
    may_be_several = True

    def __init__(
        self,
        path: str = "/mcp",
        *,
        tools: Sequence[Choice] | None = None,
        dependencies: Sequence[Any] = (),  # Any: what Depends gives
        origins: Sequence[str] = (),
        oauth: OAuthResource | None = None,
        instructions: str | None = None,
        limits: ReplyLimits | None = None,
    ) -> None:
        if not path.startswith("/") or path.endswith("/"):
            raise SetupError(
                f"the MCP server cannot be served at {path!r}",
                code="ai.mcp-path",
                mend='MCP("/mcp")',
            )
        self.path = path
        self._tools = tools
        self._dependencies = list(dependencies)
        self._origins = tuple(origins)
        self._oauth = oauth
        self._instructions = instructions
        self._limits = limits
        self._offered: Declarations | None = None
        self._running: Any = None  # Any: the library's manager, while the application runs

    # -- what is offered -------------------------------------------------------------------------

    @property
    def offered(self) -> Declarations:
        """All that is offered; there once the part is used by an application."""
        if self._offered is None:
            raise SetupError(
                "this MCP server belongs to no application yet",
                code="ai.mcp-not-used",
                mend="mcp = app.use(MCP())",
            )
        return self._offered

    @property
    def toolbox(self) -> Toolbox:
        """The tools."""
        return self.offered.toolbox

    def prompt(
        self, function: Handler | None = None, /, *, name: str | None = None
    ) -> Any:  # Any: the function, or what takes it
        """Offer what a function gives as a prompt: a text, or a list of `Message`.

        Its parameters are the arguments; it may have dependencies as a handler has.
        """

        def declare(declared: Handler) -> Handler:
            found = prompt_of(declared, name)
            self.offered.prompts[found.name] = found
            return declared

        return declare if function is None else declare(function)

    def resource(
        self, address: str, *, name: str | None = None, media_type: str | None = None
    ) -> Callable[[Handler], Handler]:
        """Offer what a function gives as a resource: ``@mcp.resource("notes://{id}")``.

        A text, a value that becomes JSON, or a response. What the address has in braces is given to
        the parameters of that name.
        """

        def declare(declared: Handler) -> Handler:
            self.offered.resources.append(resource_of(address, declared, name, media_type))
            return declared

        return declare

    # -- the part --------------------------------------------------------------------------------

    def install(self, app: App) -> None:
        """Take the application: its routes are the tools."""
        self._offered = Declarations(Toolbox(app, self._tools, self._limits))

    def router(self) -> Router:
        """Give the server's route, and that of its metadata where there is OAuth."""
        router = Router(include_in_schema=False)
        protecting = Protecting(self.path, self._origins, self._oauth)

        @router.post(
            self.path,
            name="mcp",
            dependencies=self._dependencies,
            max_body_size=_MOST_BODY,
        )
        @enclosed(protecting)
        async def serve(request: Request) -> Response:
            return _Speaking(self)

        oauth = self._oauth
        if oauth is not None:
            title = self.toolbox.app.title

            @router.get(WELL_KNOWN + self.path, name="mcp_metadata")
            async def metadata(request: Request) -> dict[str, Any]:
                return oauth.metadata(request, self.path, title)

        return router

    def lifespan(self, app: App) -> AbstractAsyncContextManager[Any]:
        """Check the tools, and keep one manager while the application runs."""
        return self._run()

    @asynccontextmanager
    async def _run(self) -> AsyncIterator[None]:
        self.toolbox.checked()
        manager = manager_of(self.offered, self._instructions)
        async with manager.run():
            self._running = manager
            try:
                yield
            finally:
                self._running = None

    def checks(self, app: App) -> Sequence[Finding]:
        """Tell what keeps the server from starting."""
        self.toolbox.checked()
        return ()

    def deploy_checks(self, app: App) -> Sequence[Finding]:
        """Tell of tools that change something and ask nobody who they are."""
        if self._dependencies:
            return ()
        return [
            Finding(
                Level.WARNING,
                "ai.open-tool",
                f"anybody may call the tool {one.name!r}, and it changes something",
                "ask for a permission: dependencies=[requires(…)], on the route or of MCP(…)",
            )
            for one in self.toolbox.checked().values()
            if not one.reads_only and one.guard is None
        ]


class _Speaking(Response):
    """The answer to one message, written by the library."""

    def __init__(self, part: MCP) -> None:
        super().__init__()
        self._part = part

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        running = self._part._running
        if running is not None:
            await running.handle_request(scope, receive, send)
            return
        # Without a lifespan, as in a mounted application: it keeps nothing, so one more will do.
        manager = manager_of(self._part.offered, self._part._instructions)
        async with manager.run():
            await manager.handle_request(scope, receive, send)
