"""Generated cases: trees of functions with parameters of every kind, and requests for them."""

from __future__ import annotations

import asyncio
import dataclasses
import datetime
import enum
import inspect
import json
from collections.abc import Callable
from dataclasses import dataclass, field
from decimal import Decimal
from typing import Annotated, Any, Literal
from urllib.parse import quote, urlencode

from hypothesis import strategies as st
from pydantic import BaseModel, ConfigDict
from pydantic import Field as Constraint
from starlette.requests import Request
from starlette.responses import Response

from trivet import Body, Cookie, Depends, File, Form, Header, Path, Query, Security, UploadFile
from trivet.binding.plan import SecurityScopes

PATH = "/things/{a}/{b:int}/{c:path}"


class Colour(enum.Enum):
    RED = "red"
    BLUE = "blue"


class Filter(BaseModel):
    """A parameter model."""

    limit: int = Constraint(5, ge=0, le=100)
    the_tags: list[str] = []
    named: str | None = Constraint(None, alias="as-named")


class StrictFilter(BaseModel):
    model_config = ConfigDict(extra="forbid")

    n: int
    x_y: str = "xy"


class Inner(BaseModel):
    at: datetime.date | None = None
    values: list[int] = []


class Item(BaseModel):
    name: str = Constraint(min_length=2, max_length=5)
    price: Decimal = Decimal(1)
    colour: Colour = Colour.RED
    inner: Inner | None = None
    either: datetime.date | str = ""


class Other(BaseModel):
    kind: Literal["other"]
    count: int


@dataclasses.dataclass
class Point:
    x: int
    y: float = 0.0


class Fields(BaseModel):
    """A form as a model."""

    n: int
    words: list[str] = []
    note: str | None = None


def _three() -> int:
    return 3


NONE = inspect.Parameter.empty

# (name, annotation, default): what a function may ask for. Equal names in several functions are
# meant: they are one parameter on the wire, read anew by each.
PLAIN_PARAMETERS: list[tuple[str, Any, Any]] = [
    ("a", str, NONE),
    ("a", int, NONE),
    ("a", Colour, NONE),
    ("a", Annotated[str, Path(max_length=3)], NONE),
    ("b", int, NONE),
    ("b", str, NONE),
    ("b", Annotated[int, Path(lt=100)], NONE),
    ("c", str, NONE),
    ("q", str, NONE),
    ("q", str, "text"),
    ("q", str | None, None),
    ("q", int, NONE),
    ("q", int, 7),
    ("q", int | None, None),
    ("q", float, 1.5),
    ("q", Annotated[int, Query(ge=1, le=10)], NONE),
    ("q", Annotated[str, Query(pattern="^[ab]+$")], "zz"),
    ("q", Annotated[int, Query(alias="q-q")], 4),
    ("q", Annotated[int, Query(default_factory=_three)], NONE),
    ("q", Annotated[int, Query(validate_default=True, ge=10)], 2),
    ("flag", bool, False),
    ("many", Annotated[list[int], Query()], NONE),
    ("many", Annotated[list[str], Query()], ["m"]),
    ("many", Annotated[set[int] | None, Query()], None),
    ("colour", Colour, Colour.BLUE),
    ("choice", Literal["x", "y"], NONE),
    ("day", datetime.date | None, None),
    ("span", datetime.timedelta, datetime.timedelta(1)),
    ("filters", Annotated[Filter, Query()], NONE),
    ("filters", Annotated[StrictFilter | None, Query()], None),
    ("x_token", Annotated[str, Header()], NONE),
    ("x_token", Annotated[int | None, Header()], None),
    ("x_token", Annotated[list[str], Header()], NONE),
    ("x_token", Annotated[str, Header(convert_underscores=False)], "none"),
    ("agent", Annotated[int, Header(alias="X-Number")], NONE),
    ("head", Annotated[Filter, Header()], NONE),
    ("session", Annotated[str, Cookie()], NONE),
    ("session", Annotated[int | None, Cookie()], None),
    ("jar", Annotated[StrictFilter, Cookie()], NONE),
]
JSON_PARAMETERS: list[tuple[str, Any, Any]] = [
    ("item", Item, NONE),
    ("item", Item | None, None),
    ("item", Annotated[Item, Body(embed=True)], NONE),
    ("other", Other, NONE),
    ("other", Item | Other, NONE),
    ("number", Annotated[int, Body()], NONE),
    ("number", Annotated[int, Body(ge=3)], 5),
    ("point", Point, NONE),
    ("listed", list[Inner], NONE),
    ("listed", dict[str, int], NONE),
    ("anything", Annotated[Any, Body()], NONE),
    ("dated", Annotated[datetime.date | str, Body()], NONE),
]
FORM_PARAMETERS: list[tuple[str, Any, Any]] = [
    ("n", Annotated[int, Form()], NONE),
    ("n", Annotated[str, Form(max_length=2)], "1"),
    ("words", Annotated[list[str], Form()], NONE),
    ("words", Annotated[list[str], Form()], ["w"]),
    ("note", Annotated[str | None, Form()], None),
    ("upload", Annotated[bytes, File()], NONE),
    ("upload", Annotated[bytes | None, File()], None),
    ("upload", UploadFile, NONE),
]
FORM_MODEL = ("fields", Annotated[Fields, Form()], NONE)
INJECTED = [("request", Request, NONE), ("response", Response, NONE)]
SCOPES = ("scopes", SecurityScopes, NONE)

Recorder = Callable[[str, dict[str, Any]], Any]


@dataclass
class Made:
    """One generated function."""

    name: str
    kind: str
    parameters: list[tuple[str, Any, Any]]
    dependencies: list[tuple[int, dict[str, Any]]]

    def build(self, below: list[Callable[..., Any]], record: Recorder) -> Callable[..., Any]:
        """Make the function; `below` are those that it may depend on."""
        function = _KINDS[self.kind](self.name, record)
        parameters = [
            inspect.Parameter(name, inspect.Parameter.KEYWORD_ONLY, default=d, annotation=a)
            for name, a, d in self.parameters
        ]
        for number, (index, how) in enumerate(self.dependencies):
            marker = Security if "scopes" in how else Depends
            parameters.append(
                inspect.Parameter(
                    f"{self.name}_needs_{number}",
                    inspect.Parameter.KEYWORD_ONLY,
                    default=marker(below[index], **how),
                )
            )
        function.__signature__ = inspect.Signature(parameters)  # type: ignore[attr-defined]
        function.__name__ = self.name
        return function


def _sync(name: str, record: Recorder) -> Callable[..., Any]:
    def made(**given: Any) -> Any:
        return record(name, given)

    return made


def _inline(name: str, record: Recorder) -> Callable[..., Any]:
    def made(**given: Any) -> Any:  # calls nothing, so that it runs on the loop
        return given

    return made


def _async(name: str, record: Recorder) -> Callable[..., Any]:
    async def made(**given: Any) -> Any:
        return record(name, given)

    return made


def _waiting(name: str, record: Recorder) -> Callable[..., Any]:
    async def made(**given: Any) -> Any:
        await asyncio.sleep(0)
        return record(name, given)

    return made


def _generator(name: str, record: Recorder) -> Callable[..., Any]:
    def made(**given: Any) -> Any:
        yield record(name, given)
        record(f"end of {name}", {})

    return made


def _async_generator(name: str, record: Recorder) -> Callable[..., Any]:
    async def made(**given: Any) -> Any:
        yield record(name, given)
        record(f"end of {name}", {})

    return made


_KINDS = {
    "sync": _sync,
    "inline": _inline,
    "async": _async,
    "waiting": _waiting,
    "generator": _generator,
    "async generator": _async_generator,
}


@dataclass
class Case:
    """A tree of functions, the last of which is the handler, and a request for it."""

    functions: list[Made]
    replaced: dict[int, int]
    target: str
    query: bytes
    headers: list[tuple[bytes, bytes]]
    body: bytes

    def build(
        self, record: Recorder
    ) -> tuple[Callable[..., Any], dict[Callable[..., Any], Callable[..., Any]]]:
        """Give the handler, and what is overridden by what."""
        made: list[Callable[..., Any]] = []
        for one in self.functions:
            made.append(one.build(made, record))
        return made[-1], {made[old]: made[new] for old, new in self.replaced.items()}


@dataclass
class _Pool:
    parameters: list[tuple[str, Any, Any]]
    is_form: bool = False
    is_json: bool = False
    model: bool = field(default=False)


@st.composite
def _functions(draw: st.DrawFn, pool: list[tuple[str, Any, Any]]) -> list[Made]:
    count = draw(st.integers(1, 5))
    functions: list[Made] = []
    for index in range(count):
        is_handler = index == count - 1
        kinds = ["sync", "async", "waiting"] if is_handler else list(_KINDS)
        chosen = draw(st.lists(st.sampled_from(pool), max_size=4, unique_by=lambda one: one[0]))
        dependencies = []
        if index:
            dependencies = draw(st.lists(st.tuples(st.integers(0, index - 1), _HOW), max_size=3))
        functions.append(
            Made(f"function_{index}", draw(st.sampled_from(kinds)), chosen, dependencies)
        )
    return functions


_HOW = st.sampled_from(
    [
        {},
        {},
        {"use_cache": False},
        {"scope": "function"},
        {"max_concurrency": 2},
        {"scopes": ["read"]},
        {"scopes": ["write", "read"]},
    ]
)

_TEXT = st.sampled_from(
    [
        "1",
        "2",
        "ab",
        "red",
        "x",
        "true",
        "",
        "2020-02-30",
        "2020-02-03",
        "P2D",
        "zz",
        "1e3",
        "é",
        "5",
    ]
)
_NAMES = st.sampled_from(
    [
        *["q", "q-q", "flag", "many", "colour", "choice", "day", "span", "limit", "the_tags"],
        *["as-named", "n", "x_y", "surplus"],
    ]
)
_HEADERS = st.sampled_from(
    ["x-token", "x_token", "x-number", "limit", "the-tags", "the_tags", "as-named"]
)
_COOKIES = st.sampled_from(["session", "n", "x_y", "other"])
_JSON_VALUES: st.SearchStrategy[Any] = st.recursive(
    st.sampled_from([1, 4, 2.5, "red", "ab", "abcdef", "2020-02-03", "other", True, None, ""]),
    lambda inner: (
        st.lists(inner, max_size=2)
        | st.dictionaries(
            st.sampled_from(
                [
                    *["item", "other", "number", "point", "listed", "anything", "name"],
                    *["price", "colour", "inner"],
                    *["either", "at", "values", "kind", "count", "x", "y", "dated"],
                ]
            ),
            inner,
            max_size=5,
        )
    ),
    max_leaves=8,
)
_ITEM = st.fixed_dictionaries(
    {"name": st.sampled_from(["abc", "a"])},
    optional={
        "price": st.sampled_from([1, "2.5", "x"]),
        "colour": st.sampled_from(["blue", "green"]),
        "inner": st.sampled_from([None, {"values": ["1", 2]}, {"at": "2020-02-03"}, {"at": 1.5}]),
        "either": st.sampled_from(["2020-02-03", "x", 5]),
    },
)
_BY_NAME: dict[str, st.SearchStrategy[Any]] = {
    "item": _ITEM,
    "other": _ITEM | st.sampled_from([{"kind": "other", "count": 1}, {"kind": "o"}]),
    "number": st.sampled_from([1, 4, "5", "x"]),
    "point": st.sampled_from([{"x": 1}, {"x": "1", "y": "2"}, {}]),
    "listed": st.sampled_from([[{}], {"a": 1}, [{"values": "x"}]]),
    "anything": _JSON_VALUES,
    "dated": st.sampled_from(["2020-02-03", "x", 5]),
}


def _fitting(functions: list[Made]) -> st.SearchStrategy[Any]:
    """Give JSON that fits the functions' body parameters, more or less."""
    names = {name for one in functions for name, _, _ in one.parameters if name in _BY_NAME}
    embedded = st.fixed_dictionaries({}, optional={name: _BY_NAME[name] for name in sorted(names)})
    return st.one_of([*(_BY_NAME[name] for name in sorted(names)), embedded, embedded])


_BROKEN_JSON = st.sampled_from([b"", b"{", b'{"item": }', b"[1,]", b"nul", b'"a" "b"', b"\t{}\n"])
_JSON_TYPES = st.sampled_from(
    [b"application/json"] * 4 + [b"application/json; charset=utf-8", b"text/plain", b""]
)
_FORM_FIELDS = st.lists(
    st.tuples(st.sampled_from(["n", "words", "note", "upload", "surplus"]), _TEXT), max_size=5
)
_FILES = st.lists(
    st.tuples(st.sampled_from(["upload", "n"]), st.sampled_from(["", "a.txt"])), max_size=2
)


def _multipart(fields: list[tuple[str, str]], files: list[tuple[str, str]]) -> bytes:
    parts = [f'name="{name}"\r\n\r\n{value}' for name, value in fields]
    parts += [
        f'name="{name}"; filename="{filename}"\r\ncontent-type: text/plain\r\n\r\n{filename}'
        for name, filename in files
    ]
    text = "".join(f"--line\r\ncontent-disposition: form-data; {part}\r\n" for part in parts)
    return (text + "--line--\r\n").encode()


@st.composite
def _bodies(draw: st.DrawFn, kind: str, functions: list[Made]) -> tuple[bytes, bytes]:
    """Give a content type and a body."""
    if kind == "json":
        fitting = _fitting(functions)
        text = (fitting | fitting | _JSON_VALUES).map(lambda value: json.dumps(value).encode())
        return draw(_JSON_TYPES), draw(text | text | _BROKEN_JSON)
    fields = draw(_FORM_FIELDS)
    files = draw(_FILES)
    if files or draw(st.booleans()):
        return b"multipart/form-data; boundary=line", _multipart(fields, files)
    return b"application/x-www-form-urlencoded", urlencode(fields).encode()


@st.composite
def cases(draw: st.DrawFn) -> Case:
    """Give trees of functions with what they ask for, and requests that fit more or less."""
    kind = draw(st.sampled_from(["none", "json", "json", "form", "form model"]))
    pool = [*PLAIN_PARAMETERS, *INJECTED, SCOPES]
    pool += {"none": [], "json": JSON_PARAMETERS * 3, "form": FORM_PARAMETERS * 3}.get(
        kind, [FORM_MODEL] * 15
    )
    functions = draw(_functions(pool))
    replaced: dict[int, int] = {}
    if len(functions) > 2 and draw(st.booleans()):
        new = draw(st.integers(0, len(functions) - 3))
        replaced = {draw(st.integers(new + 1, len(functions) - 2)): new}
    query = draw(st.lists(st.tuples(_NAMES, _TEXT), max_size=6))
    headers = draw(st.lists(st.tuples(_HEADERS, _TEXT), max_size=4))
    cookies = draw(st.lists(st.tuples(_COOKIES, _TEXT), max_size=3, unique_by=lambda c: c[0]))
    content_type, body = draw(_bodies("form" if kind.startswith("form") else "json", functions))
    sent = {name for name, _ in headers}
    # The gate refuses a name with underscores beside its dashed twin.
    raw = [
        (name.encode(), value.encode("latin-1"))
        for name, value in headers
        if "_" not in name or name.replace("_", "-") not in sent
    ]
    if cookies:
        text = "; ".join(f"{name}={quote(value)}" for name, value in cookies)
        raw.append((b"cookie", text.encode()))
    if content_type:
        raw.append((b"content-type", content_type))
    segments = [
        draw(st.sampled_from(["1", "red", "abcd", "é"])),
        draw(st.sampled_from(["5", "500"])),
    ]
    target = f"/things/{segments[0]}/{segments[1]}/" + draw(st.sampled_from(["x", "x/y", ""]))
    return Case(functions, replaced, target, urlencode(query).encode(), raw, body)
