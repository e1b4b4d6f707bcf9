"""Forms as parameters of a handler: `Posted[Note]`, what was posted, and `Blank[Note]`, a new one.

A posted form that does not fit is given to the handler, which shows it again; JSON that does not
fit is answered with 422 before. Both are dependencies like any other, by the public doors.
"""

from __future__ import annotations

from collections.abc import AsyncGenerator, Iterator, Mapping
from functools import lru_cache
from inspect import Parameter, Signature
from typing import TYPE_CHECKING, Annotated, Any, ClassVar, TypeVar

from pydantic import BaseModel, ValidationError
from starlette.requests import Request

from trivet.binding.bodies import FORM_LIMITS, BodyReader, form_of_request
from trivet.binding.markers import Depends
from trivet.errors import HTTPException, RequestValidationError
from trivet.forms.bodies import bodies_of
from trivet.forms.choices import Choice
from trivet.forms.form import Form
from trivet.forms.leaves import Posted as PostedItem
from trivet.forms.plan import Leaf, plan_of

__all__ = ["Blank", "Posted", "blank", "posted"]

Model = TypeVar("Model", bound=BaseModel)

_FORMS = frozenset({"application/x-www-form-urlencoded", "multipart/form-data"})


class _Asking:
    """What both need: the plan of the model, and the queries of what is picked."""

    asks_request: ClassVar[bool] = False

    def __init__(self, model: type[BaseModel], id: str) -> None:
        self.model = model
        self.id = id
        self._picked = {
            f"pick_{number}": leaf
            for number, leaf in enumerate(plan_of(model).leaves())
            if leaf.pick is not None
        }
        request = Parameter("request", Parameter.KEYWORD_ONLY, annotation=Request)
        self.__signature__ = Signature(
            [*([request] if self.asks_request else ()), *self._queries()]
        )

    def _queries(self) -> Iterator[Parameter]:
        for name, leaf in self._picked.items():
            provider = None if leaf.pick is None else leaf.pick.provider
            if provider is not None:
                annotation = Annotated[Any, Depends(provider)]
                yield Parameter(name, Parameter.KEYWORD_ONLY, annotation=annotation)

    async def choices(self, queries: Mapping[str, Any]) -> dict[Leaf, tuple[Choice, ...]]:
        return {
            leaf: await leaf.pick.choices(queries.get(name))
            for name, leaf in self._picked.items()
            if leaf.pick is not None
        }


class BlankForm(_Asking):
    """The dependency that gives a form with nothing in it, and all that may be picked."""

    async def __call__(self, **queries: Any) -> Form[Any]:
        """Give the form."""
        form: Form[Any] = Form(self.model, id=self.id)
        form.offer(await self.choices(queries))
        return form


class PostedForm(_Asking, BodyReader):
    """The dependency that reads a form, or JSON; files are closed after the answer."""

    asks_request = True

    def __init__(self, model: type[BaseModel], id: str, shows_json: bool) -> None:
        super().__init__(model, id)
        self.shows_json = shows_json
        self.bodies = bodies_of(model)

    async def __call__(
        self, *, request: Request, **queries: Any
    ) -> AsyncGenerator[Form[Any], None]:
        """Give the form; raises `RequestValidationError` for JSON that does not fit."""
        kind = request.headers.get("content-type", "").partition(";")[0].strip().lower()
        if kind == "application/json" or kind.endswith("+json"):
            yield await self._from_json(await request.body(), queries)
            return
        if kind and kind not in _FORMS:
            raise HTTPException(
                415, f"Send a form or JSON: {', '.join(sorted(self.bodies))}; not {kind!r}."
            )
        received = await form_of_request(request, request.scope.get(FORM_LIMITS, {}))
        try:
            items: list[tuple[str, PostedItem]] = received.multi_items()
            yield Form.read(self.model, items, id=self.id, picks=await self.choices(queries))
        finally:
            await received.close()

    async def _from_json(self, body: bytes, queries: Mapping[str, Any]) -> Form[Any]:
        try:
            value = self.model.model_validate_json(body)
        except ValidationError as error:
            form = Form.refused(self.model, error, id=self.id)
            if not self.shows_json:
                raise RequestValidationError(form.details()) from None
            form.offer(await self.choices(queries))
            return form
        form = Form.of(value, id=self.id, picks=await self.choices(queries))
        if not form.is_valid and not self.shows_json:
            raise RequestValidationError(form.details())
        return form


@lru_cache(maxsize=1024)
def posted(model: type[BaseModel], *, id: str = "form", shows_json: bool = False) -> Any:
    """Give the marker of `Posted`, with options: ``Annotated[Form[Note], posted(Note, id="edit")]``

    With `shows_json` the handler gets JSON that does not fit too, and answers it itself.
    """
    return Depends(PostedForm(model, id, shows_json))


@lru_cache(maxsize=1024)
def blank(model: type[BaseModel], *, id: str = "form") -> Any:
    """Give the marker of `Blank`: ``Annotated[Form[Note], blank(Note, id="edit")]``."""
    return Depends(BlankForm(model, id))


if TYPE_CHECKING:
    Posted = Annotated[Form[Model], "posted"]
    Blank = Annotated[Form[Model], "blank"]
else:

    class Posted:
        """What was posted of a model: ``form: Posted[Note]``; one that does not fit comes too."""

        def __class_getitem__(cls, model: type[BaseModel]) -> Any:
            return Annotated[Form[model], posted(model)]

    class Blank:
        """A new form of a model, with the rows that may be picked: ``form: Blank[Note]``."""

        def __class_getitem__(cls, model: type[BaseModel]) -> Any:
            return Annotated[Form[model], blank(model)]
