"""The routes of a resource: ordinary typed routes, made of its plan.

Each handler is a small function over what `Serving` gives; its signature is made of the plan, so
that binding and the document see what they would see of a handler by hand.
"""

from __future__ import annotations

import inspect
from collections.abc import Awaitable, Callable, Sequence
from typing import Annotated, Any

from pydantic import BaseModel, ConfigDict, Field, create_model
from starlette.requests import Request
from starlette.responses import Response
from typing_extensions import Unpack

from trivet.binding.markers import Body, Depends, Path, Query
from trivet.checks import Finding
from trivet.resources.access import Access, Asking, permissions_in
from trivet.resources.actions import actions_of, endpoint_of
from trivet.resources.browsing import add_assets
from trivet.resources.declared import Declared, ResourceOptions, declared
from trivet.resources.documented import ITEM, LIST, WRITING, answers, matching
from trivet.resources.findings import findings_of
from trivet.resources.merging import Changes
from trivet.resources.names import Declaration, plural, words
from trivet.resources.plan import Plan, planned
from trivet.resources.serving import Serving
from trivet.resources.sunset import Farewell, farewell
from trivet.resources.values import asked, several
from trivet.routing.enclosing import enclosed
from trivet.routing.router import Router

__all__ = ["ResourceRouter", "resource"]

Handler = Callable[..., Awaitable[Any]]
_KEYWORD = inspect.Parameter.KEYWORD_ONLY


def resource(what: Any, **options: Unpack[ResourceOptions]) -> ResourceRouter:
    """Make a REST resource of a model, or of a subclass of `Resource`: a router.

    ``app.include_router(resource(Post, filters=[Post.published]))`` serves it at ``/posts``.
    Options are the attributes of `Resource`. Raises `SetupError` for names that the model does not
    have, and for whatever else cannot work.
    """
    return ResourceRouter(declared(what, options))


class ResourceRouter(Router):
    """The routes of one resource."""

    def __init__(self, read: Declared) -> None:
        options = read.options
        model = read.resource.model
        declaration = Declaration(type(read.resource).__name__, model, read.where)
        self.plan = planned(declaration, options)
        self._options = options
        headers = farewell(declaration, options)
        self._serving = Serving(self.plan, read.resource, options, headers)
        parent = self.plan.parent
        own = f"/{plural(words(model)).replace('_', '-')}"
        below = "" if parent is None else parent.prefix
        prefix = below + own if options.prefix is None else options.prefix
        tags = [prefix.rpartition("/")[2]] if options.tags is None else list(options.tags)
        is_deprecated = options.deprecated is not None
        super().__init__(
            prefix,
            tags=tags,
            dependencies=options.dependencies,
            deprecated=is_deprecated or None,
        )
        said = Farewell(headers) if headers else None
        _Routes(self, self.plan, self._serving, options, said).add()

    def documenting(self, app: Any) -> None:
        """Learn of an application's rules which fields are not there for everybody."""
        permissions = self._options.permissions or permissions_in(app)
        self.plan.hidden.clear()
        if permissions is not None:
            for model in self.plan.models():
                self.plan.hidden[model] = permissions.guarded("view", model)

    def findings(self, app: Any) -> Sequence[Finding]:
        """Tell what is unwise about this resource in an application; for `trivet check`."""
        options = self._options
        found = findings_of(self.plan, app, is_open=options.open_writing, own=options.permissions)
        return list(found)


class _Routes:
    """Adds the routes of a resource to its router."""

    def __init__(
        self, router: Router, plan: Plan, serving: Serving, options: Any, said: Farewell | None
    ) -> None:
        self.router = router
        self._said = said
        self.plan = plan
        self.serving = serving
        self.options = options
        self.item = "".join(f"/{{{column.name}}}" for column in plan.keys)
        own = words(plan.model)
        # With the parent's, so that it is another name than that of a resource of all such rows.
        self.noun = own if plan.parent is None else f"{words(plan.parent.model)}_{own}"
        self._merges_headers = bool(options.dependencies)
        parent = plan.parent
        self._parents = [] if parent is None else [_path(parent.column, parent.described)]
        self._keys = [_path(column.name, column) for column in plan.keys]

    def add(self) -> None:
        served = self.plan.operations
        if self.options.browsable:
            add_assets(self.router)
        if self.options.bulk:
            self._check_bulk()
            self._bulk()
        self._actions()  # before rows, whose key could be their name
        for name in served:
            getattr(self, f"_{name}")()

    def access(self, action: str, *, reads: bool) -> Access:
        return Access(
            self.plan.model,
            action,
            is_open=reads or self.options.open_writing,
            permissions=self.options.permissions,
        )

    def _saying(self, endpoint: Handler) -> Handler:
        """Let all answers of a route say that the resource goes away, if it does."""
        return endpoint if self._said is None else enclosed(self._said)(endpoint)

    # -- one by one ------------------------------------------------------------------------------

    def _list(self) -> None:
        async def handler(request: Request, asking: Asking, asked: Any, path: Any) -> Response:
            return await self.serving.list(request, asking, asked, path)

        self._route(
            "GET", "", f"list_{plural(self.noun)}", handler, "view",
            {"asked": _parameter("asked", Annotated[self.plan.list_asked, Query()])},
            response_model=self.plan.pages.envelope(self.plan.item),
            responses=answers(LIST, tagged=200, exports=self.options.exports),
        )  # fmt: skip

    def _read(self) -> None:
        async def handler(request: Request, asking: Asking, asked: Any, path: Any) -> Response:
            return await self.serving.read(request, asking, asked, path)

        self._route(
            "GET", self.item, f"read_{self.noun}", handler, "view",
            {"asked": _parameter("asked", Annotated[self.plan.row_asked, Query()])},
            response_model=self.plan.item,
            responses=answers(ITEM, tagged=200),
        )  # fmt: skip

    def _create(self) -> None:
        async def handler(request: Request, asking: Asking, body: Any, path: Any) -> Response:
            return await self.serving.create(request, asking, body, path)

        self._route(
            "POST", "", f"create_{self.noun}", handler, "add",
            {"body": _parameter("body", Annotated[self.plan.create, Body()])},
            response_model=self.plan.whole,
            status_code=201,
            responses=answers(WRITING - {412, 428}, tagged=201),
        )  # fmt: skip

    def _replace(self) -> None:
        async def handler(request: Request, asking: Asking, body: Any, path: Any) -> Response:
            return await self.serving.replace(request, asking, body, path)

        self._route(
            "PUT", self.item, f"replace_{self.noun}", handler, "change",
            {"body": _parameter("body", Annotated[self.plan.replace, Body()])},
            response_model=self.plan.whole,
            responses=answers(WRITING, tagged=200),
            openapi_extra=matching(must=self.options.must_match),
        )  # fmt: skip

    def _change(self) -> None:
        async def handler(request: Request, asking: Asking, patch: Any, path: Any) -> Response:
            return await self.serving.change(request, asking, patch, path)

        change, merge = self.plan.change, self.plan.merge
        assert change is not None, "made with the operation"
        assert merge is not None, "made with the operation"
        self._route(
            "PATCH", self.item, f"change_{self.noun}", handler, "change",
            {"patch": _parameter("patch", Annotated[Any, Depends(Changes(change, merge))])},
            response_model=self.plan.whole,
            responses=answers(WRITING | {415}, tagged=200),
            openapi_extra=matching(must=self.options.must_match),
        )  # fmt: skip

    def _delete(self) -> None:
        async def handler(request: Request, asking: Asking, path: Any) -> Response:
            return await self.serving.delete(request, asking, path)

        self._route(
            "DELETE", self.item, f"delete_{self.noun}", handler, "delete", {},
            status_code=204,
            responses=answers(WRITING),
            openapi_extra=matching(must=self.options.must_match),
        )  # fmt: skip

    # -- many ------------------------------------------------------------------------------------

    def _check_bulk(self) -> None:
        if len(self.plan.keys) > 1:
            raise self.plan.declaration.mistake(
                "takes many rows at once, whose key has several columns",
                code="resources.bulk",
                mend="bulk=0, or an action of its own",
            )

    def _bulk(self) -> None:
        served, plan, many = self.plan.operations, self.plan, plural(self.noun)
        shown: Any = list[plan.whole]  # type: ignore[name-defined]  # made at run time
        most = Field(min_length=1, max_length=self.options.bulk)
        if "create" in served:

            async def create(request: Request, asking: Asking, body: Any, path: Any) -> Response:
                return await self.serving.create_many(asking, body, path)

            bodies: Any = list[plan.create]  # type: ignore[name-defined]
            self._route(
                "POST", "/bulk", f"create_many_{many}", create, "add",
                {"body": _parameter("body", Annotated[bodies, Body(), most])},
                response_model=shown, status_code=201,
                responses=answers(WRITING - {412, 428}),
            )  # fmt: skip
        if "change" in served:

            async def change(request: Request, asking: Asking, body: Any, path: Any) -> Response:
                return await self.serving.change_many(asking, body, path)

            bodies = list[self._keyed_change()]  # type: ignore[misc]
            self._route(
                "PATCH", "/bulk", f"change_many_{many}", change, "change",
                {"body": _parameter("body", Annotated[bodies, Body(), most])},
                response_model=shown, responses=answers(WRITING - {412, 428}),
            )  # fmt: skip
        if "delete" in served:

            async def delete(request: Request, asking: Asking, keys: Any, path: Any) -> Response:
                return await self.serving.delete_many(asking, keys, path)

            listed: Any = several(asked(plan.keys[0]))
            kind = Annotated[listed, Query(alias=plan.keys[0].name), most]
            self._route(
                "DELETE", "/bulk", f"delete_many_{many}", delete, "delete",
                {"keys": _parameter("keys", kind)},
                status_code=204, responses=answers(WRITING - {412, 428}),
            )  # fmt: skip

    def _keyed_change(self) -> type[BaseModel]:
        change, key = self.plan.change, self.plan.keys[0]
        assert change is not None, "made with the operation"
        own: Any = {key.name: (asked(key), ...)}
        made: type[BaseModel] = create_model(f"{self.plan.stem}KeyedChange", __base__=change, **own)
        made.model_config = ConfigDict(**change.model_config)
        return made

    # -- actions ---------------------------------------------------------------------------------

    def _actions(self) -> None:
        for name, found in actions_of(self.serving.resource):
            by_rule = "view" if found.is_reading else "change"
            action = found.permission or by_rule
            access = self.access(action, reads=found.is_reading)
            path = [*self._parents, *self._keys]
            resource, served = self.serving.resource, self.serving
            in_path = path if _takes_row(resource, name) else self._parents
            endpoint, has_row, returned = endpoint_of(
                self.plan, resource, name, access, in_path, served.show
            )
            last = found.path or name.replace("_", "-")
            self.router.add_api_route(
                f"{self.item if has_row else ''}/{last}",
                self._saying(endpoint),
                methods=[found.method],
                name=f"{name}_{self.noun}",
                response_model=self._shown(returned),
                status_code=found.status_code,
                responses=answers(WRITING - {412, 428}),
                when=self.options.when,
            )

    def _shown(self, returned: Any) -> Any:
        """Give what an action shows: rows as the resource shows them."""
        model: Any = self.plan.model
        item: Any = self.plan.whole
        if returned is model:
            return item
        if returned == list[model]:
            return list[item]
        return returned

    # -- what all of them have -------------------------------------------------------------------

    def _route(
        self,
        method: str,
        path: str,
        name: str,
        handler: Handler,
        action: str,
        own: dict[str, inspect.Parameter],
        **options: Any,
    ) -> None:
        in_path = [*self._parents, *(self._keys if path.startswith("/{") else ())]
        names = tuple(one.name for one in in_path)
        access = self.access(action, reads=action == "view")
        merges = self._merges_headers

        async def endpoint(**given: Any) -> Response:
            values = {key: given.pop(f"path_{key}") for key in names}
            changes = given.pop("response", None)
            answer: Response = await handler(path=values, **given)
            if merges:  # what dependencies have set: a rate limit's headers
                answer.raw_headers.extend(changes.raw_headers)
            return answer

        parameters = [
            *(one.replace(name=f"path_{one.name}") for one in in_path),
            _parameter("request", Request),
            _parameter("asking", Annotated[Asking, Depends(access)]),
            *own.values(),
        ]
        if merges:
            parameters.append(_parameter("response", Response))
        made: Any = endpoint
        made.__name__ = made.__qualname__ = name
        made.__signature__ = inspect.Signature(parameters)
        summary = name.replace("_", " ").capitalize()
        options["when"] = self.options.when  # not the router's: the pages' files have no version
        self.router.add_api_route(
            path, self._saying(made), methods=[method], name=name, summary=summary, **options
        )


def _takes_row(resource: Any, name: str) -> bool:
    return "row" in inspect.signature(getattr(resource, name)).parameters


def _parameter(name: str, annotation: Any) -> inspect.Parameter:
    return inspect.Parameter(name, _KEYWORD, annotation=annotation)


def _path(name: str, column: Any) -> inspect.Parameter:
    return _parameter(name, Annotated[asked(column), Path(alias=name)])
