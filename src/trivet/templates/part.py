"""Templates as a part: `templates = app.use(Templates("templates"))`."""

from __future__ import annotations

import sys
from collections.abc import AsyncGenerator, Callable, Mapping, Sequence
from functools import partial
from pathlib import Path
from typing import Any, TypeVar

from jinja2 import Environment, Template, TemplateNotFound, TemplateSyntaxError
from starlette.requests import Request
from starlette.responses import HTMLResponse, StreamingResponse

from trivet.app.application import App
from trivet.app.hooks import secure_headers_of
from trivet.app.part import Part
from trivet.checks import Finding
from trivet.errors import SetupError
from trivet.middleware.headers import csp_nonce, page_policy
from trivet.templates.environment import made_environment
from trivet.templates.faults import faults_told, no_block, syntax_fault
from trivet.templates.links import linking
from trivet.templates.page import paged
from trivet.templates.present import rendering
from trivet.templates.risks import risks
from trivet.templates.streaming import pieces

__all__ = ["Templates"]

Function = TypeVar("Function", bound=Callable[..., Any])
_POLICY = "content-security-policy"


class Templates(Part):
    """The templates in some folders, the first that has a name winning.

    Folders are beside the file that names them, and those of other parts come behind. `awaits` lets
    templates call async functions and loop over async iterables; it makes every page slower. A
    template that was read is kept; with debug it is read again when its file has changed.
    """

    name = "templates"

    def __init__(self, *folders: str | Path, awaits: bool = False) -> None:
        beside = Path(sys._getframe(1).f_globals.get("__file__") or "main.py").resolve().parent
        self.folders = [beside / folder for folder in folders or ("templates",)]
        for folder in self.folders:
            if not folder.is_dir():
                raise SetupError(
                    f"There is no folder {str(folder)!r} for templates",
                    code="templates.no-folder",
                    mend="make the folder, or name one that is there, beside the file that says so",
                )
        self.awaits = awaits
        self._app: App | None = None
        self._functions: dict[str, Callable[..., Any]] = {}
        self._filters: dict[str, Callable[..., Any]] = {}
        self._environment: Environment | None = None
        self._known_parts = 0

    # -- rendering -------------------------------------------------------------------------------

    async def render(
        self,
        name: str,
        /,
        *,
        fragment: str | None = None,
        status_code: int = 200,
        headers: Mapping[str, str] | None = None,
        **context: Any,
    ) -> HTMLResponse:
        """Give a template as a response, or with `fragment` one of its blocks alone.

        Pass `request=request`, so that links know where the application is mounted. Raises
        `SetupError` with the template's file and line.
        """
        text = await self.written(name, context, fragment)
        sent = self._guarded(headers, context.get("request"))
        return HTMLResponse(text, status_code, sent)

    def has(self, name: str, /) -> bool:
        """Tell whether there is a template of this name, in any of the folders."""
        loader = self.environment().loader
        assert loader is not None
        try:
            loader.get_source(self.environment(), name)
        except TemplateNotFound:
            return False
        return True

    async def text(self, name: str, /, *, fragment: str | None = None, **context: Any) -> str:
        """Give a template as text, such as for a mail; escaped like a page."""
        return await self.written(name, context, fragment)

    def told(self, text: str, request: Any = None) -> str:
        """Give a text in the language of a request, as a page would show it."""
        environment = self.environment()
        with rendering(request, environment):
            return str(environment.globals["gettext"](text))  # type: ignore[operator]

    async def written(
        self, name: str, context: Mapping[str, Any], fragment: str | None = None
    ) -> str:
        """Give a template as text, with the names of a mapping, which may be any."""
        environment = self.environment()
        with rendering(context.get("request"), environment), faults_told(context, self._names):
            template = environment.get_template(name)
            if fragment is not None:
                return await self._block(template, fragment, context)
            if self.awaits:
                return await template.render_async(context)
            return template.render(context)

    async def stream(
        self,
        name: str,
        /,
        *,
        status_code: int = 200,
        headers: Mapping[str, str] | None = None,
        **context: Any,
    ) -> StreamingResponse:
        """Give a template as a response that is sent while it is rendered.

        An error in the first 16,000 characters is raised here; a later one ends the connection.
        """
        with faults_told(context, self._names):
            template = self.environment().get_template(name)
        request: Request | None = context.get("request")
        if request is not None:
            csp_nonce(request)  # what asks for it may come behind the headers
        rest = pieces(template, context)
        first = await anext(rest)
        sent = self._guarded(headers, request)
        return StreamingResponse(_joined(first, rest), status_code, sent, media_type="text/html")

    def page(self, name: str, *, fragments: Sequence[str] = ()) -> Callable[[Function], Function]:
        """Make a handler's value the names of a page, under the verb: ``@templates.page("a.html")``

        The value is a mapping, a model or a dataclass. Who prefers `application/json` is answered
        with it as JSON, where the return type says what is in that. A request of HTMX whose target
        is the id of one of `fragments` is answered with the block of this name alone.
        """
        return partial(self._paged, name=name, fragments=tuple(fragments))

    def policy(self, request: Request | None) -> str | None:
        """Give the Content-Security-Policy of a page of this application that is ready, or None.

        `SecureHeaders.pages` says it, and `ContentPolicy` what a route changes in it.
        """
        headers = None if self._app is None else secure_headers_of(self._app)
        return page_policy(None if headers is None else headers.pages, request)

    def _guarded(
        self, headers: Mapping[str, str] | None, request: Request | None
    ) -> Mapping[str, str] | None:
        """Give a page's headers with its policy, unless they have one already."""
        if headers is not None and any(name.lower() == _POLICY for name in headers):
            return headers
        policy = self.policy(request)
        return headers if policy is None else {**(headers or {}), _POLICY: policy}

    def _paged(self, handler: Any, *, name: str, fragments: Sequence[str]) -> Any:
        return paged(self, handler, name, fragments)

    async def _block(self, template: Template, fragment: str, context: Mapping[str, Any]) -> str:
        block = template.blocks.get(fragment)
        if block is None:
            raise no_block(template, fragment)
        values = template.new_context(dict(context))
        try:
            if self.awaits:
                return "".join([text async for text in block(values)])  # type: ignore[attr-defined]
            return "".join(block(values))
        except Exception:
            template.environment.handle_exception()

    # -- what templates know ---------------------------------------------------------------------

    def function(self, function: Function) -> Function:
        """Let templates call a function by its own name; `request` as its first is passed to it."""
        self._functions[function.__name__] = function
        self._environment = None
        return function

    def filter(self, function: Function) -> Function:
        """Let templates use a function as a filter, by its own name: ``{{ price|euros }}``."""
        self._filters[function.__name__] = function
        self._environment = None
        return function

    def environment(self) -> Environment:
        """Give Jinja2's environment, for what it can and this class does not say."""
        parts = 0 if self._app is None else len(self._app.parts)
        if self._environment is None or parts != self._known_parts:
            self._environment = self._made()
            self._known_parts = parts
        return self._environment

    def _made(self) -> Environment:
        app = self._app
        originals: list[Path] = []
        functions: dict[str, Callable[..., Any]] = {"csp_nonce": _csp_nonce}
        if app is not None:
            functions["url_for"] = linking(app)
            for part in app.parts.values():
                originals += [Path(folder) for folder in part.template_folders()]
                functions.update(part.template_functions())
        return made_environment(
            [*self.folders, *originals],
            {**functions, **self._functions},
            self._filters,
            reloads=app is not None and app.debug,
            awaits=self.awaits,
            originals=originals,
        )

    def _names(self) -> list[str]:
        return self.environment().list_templates()

    # -- as a part -------------------------------------------------------------------------------

    def install(self, app: App) -> None:
        """Learn whose routes and parts the templates know."""
        self._app = app
        self._environment = None

    def checks(self, app: App) -> Sequence[Finding]:
        """Tell of templates that cannot be read, and of values that escaping does not protect."""
        environment = self.environment()
        found = []
        for name in environment.list_templates(filter_func=_is_text):
            try:
                environment.get_template(name)
            except TemplateSyntaxError as error:
                found.append(Finding.of_error(syntax_fault(error)))
            else:
                found += risks(environment, name)
        return found


def _csp_nonce(request: Request | None) -> str:
    if request is None:
        raise SetupError(
            "csp_nonce() is asked for in a template that is rendered for no request",
            code="templates.no-request",
            mend="templates.render(…, request=request)",
        )
    return csp_nonce(request)


def _is_text(name: str) -> bool:
    return name.endswith((".html", ".htm", ".txt", ".xml", ".svg", ".jinja", ".j2"))


async def _joined(first: str, rest: AsyncGenerator[str, None]) -> AsyncGenerator[str, None]:
    try:
        yield first
        async for text in rest:
            yield text
    finally:
        await rest.aclose()
