"""Every template of the admin with a view that is full of things, served as a small application."""

from __future__ import annotations

from collections.abc import Callable
from datetime import date
from pathlib import Path
from types import SimpleNamespace as View
from typing import Annotated, Any, Literal

from markupsafe import Markup
from pydantic import BaseModel, Field
from starlette.requests import Request
from starlette.responses import Response

from trivet import App, Part, admin, forms
from trivet.admin.files import FileAddresses, add_files
from trivet.admin.markup import ALLOWED
from trivet.admin.plan.inputs import RichText
from trivet.admin.views import (
    Asked,
    Chip,
    Choice,
    ConditionGroup,
    ConditionRow,
    ConditionsPage,
    Crumb,
    Entry,
    Filter,
    Frame,
    Head,
    Link,
    ListPage,
    MenuGroup,
    Option,
    Pager,
    Row,
    Visitor,
)
from trivet.forms import Checkboxes, Form, Forms, Hidden, Input, Radios, Textarea
from trivet.routing.router import Router
from trivet.templates import Templates

FOLDER = Path(admin.__file__).parent
TEMPLATES = FOLDER / "templates"
ROWS = Path(forms.__file__).parent / "static" / "forms" / "forms.js"
POLICY = "; ".join(
    f"{kind} 'self'"
    for kind in ("script-src", "style-src", "img-src", "connect-src", "form-action")
)
PEOPLE = ["Ann Example", "Bernd Beispiel", "Dina Müller-Lüdenscheidt von und zu Hohenstein"]
LONG = "A text that goes on for a good while, so that it must end somewhere"


class Look(Part):
    """The templates of the admin alone, without what serves its pages."""

    name = "look"

    def template_folders(self) -> list[Path]:
        """Give the folder of the templates."""
        return [TEMPLATES]


app = App()
templates = app.use(Templates(TEMPLATES))
app.use(Forms())
app.use(Look())
files = FileAddresses("")
router = Router()
add_files(router, files)
app.include_router(router)


@app.get("/forms.js")
async def rows() -> Response:
    """Give the script that adds rows to forms."""
    return Response(ROWS.read_text("utf-8"), media_type="text/javascript")


@templates.function
def dir(request: Request) -> str:
    """Give the direction of the page."""
    return "rtl" if "rtl" in request.query_params else "ltr"


@templates.function
def locale(request: Request) -> str:
    """Give the language of the page."""
    return "ar" if "rtl" in request.query_params else "en"


def frame_for(request: Request, **more: Any) -> Frame:
    """Give what is around every page."""
    return Frame(
        title="Northwind",
        home="/home",
        menu=[
            MenuGroup(
                "Sales",
                [
                    Entry("Orders", "/list", "cart", True, "/form"),
                    Entry("Customers", "/none", "users"),
                ],
            ),
            MenuGroup("", [Entry("Jobs", "/jobs", "no-such-drawing")]),
        ],
        crumbs=[Crumb("Orders", "/list"), Crumb("Order 1042")],
        visitor=Visitor("Ann Example", "/account", "/out"),
        files={**files.of(request), "forms.js": "/forms.js"},
        notices=[{"level": "success", "text": "Saved."}, {"level": "error", "text": "Not saved."}],
        palette_url="/palette",
        **more,
    )


HEADS = [
    ("number", "text"),
    ("customer", "text"),
    ("state", "badge"),
    ("total", "number"),
    ("shipped", "boolean"),
    ("placed", "moment"),
    ("items", "number"),
    ("carrier", "text"),
]


def row_of(number: int) -> Row:
    """Give one row of eight cells."""
    cells = [
        f"Order {number}",
        PEOPLE[number % 3],
        Markup('<b class="t good">Paid</b>'),
        f"{number * 7:,}.00 €",
        Markup('<b class="y">Yes</b>'),
        Markup('<time datetime="2026-11-25T17:03Z">25 Nov 2026, 17:03</time>'),
        str(number % 9),
        Markup("<i>-</i>"),
    ]
    return Row(str(number), f"/form?{number}", cells, f"Order {number}")


def list_page(**more: Any) -> ListPage:
    """Give a list of fifty rows, with all that a list may have but actions of single rows."""
    all_of_it: dict[str, Any] = {
        "title": "Orders",
        "heads": [
            Head(
                name,
                name.title(),
                kind,
                sort_url=f"/list?sort={name}",
                order="down" if name == "placed" else "",
                priority=1 if name == "placed" else 0,
                unsort_url="/list",
                total=Markup("9") if name == "total" else "",
            )
            for name, kind in HEADS
        ],
        "rows": [row_of(number) for number in range(1042, 992, -1)],
        "pager": Pager(
            "51 to 100",
            previous_url="/list",
            next_url="/list",
            numbers=[Option("1", "/list"), Option("2", "/list", True), Option("…", "")],
            sizes=[Option("50", "/list", True), Option("100", "/list")],
        ),
        "path": "/list",
        "kept": [("sort", "-placed"), ("q", "tea"), ("total__gte", "10"), ("columns", "number")],
        "search": "tea",
        "search_hint": "Number, customer",
        "filters": [
            Filter(
                "state",
                "State",
                "options",
                [Option("All", "/list"), Option("Paid", "/list", True, "8,120")],
                is_active=True,
            ),
            Filter(
                "customer",
                "Customer",
                "relation",
                search_url="/picks",
                value="1",
                value_label=PEOPLE[0],
            ),
            Filter("total", "Total", "range", input_type="number", least="10"),
            Filter("placed", "Placed", "dates", [Option("Today", "/list")]),
            Filter("city", "City", "text"),
        ],
        "chips": [Chip("State", "Paid", "/list")],
        "conditions": [
            [Asked("condition", "Total is at least 100", "/list")],
            [
                Asked("word", "and"),
                Asked("sign", "("),
                Asked("condition", "State is Paid", "/list"),
                Asked("word", "or"),
                Asked("condition", f"Customer contains “{PEOPLE[2]}”", "/list"),
                Asked("sign", ")"),
            ],
        ],
        "conditions_url": "/conditions",
        "clear_url": "/list",
        "add_url": "/form",
        "add_label": "New order",
        "tools": [Link("Export", "/none", "download", "as CSV")],
        "actions": [Choice("pay", "Mark as paid"), Choice("delete", "Delete")],
        "views": [Option("All", "/list", True, "10,402"), Option("Late", "/list")],
        "columns": [Choice(name, name.title(), True) for name, _ in HEADS],
        "hierarchy": [Option("2026", "/list", True), Option("May", "/list", False, "20")],
        "more": {"save_view_url": "/none"},
    }
    return ListPage(**{**all_of_it, **more})


def conditions_page() -> ConditionsPage:
    """Give the form of conditions, with an input of each kind and a group in a group."""
    names = [Choice("total", "Total", True), Choice("customer", "Customer")]
    asks = [Choice("is", "is", True), Choice("between", "is between")]
    people = [Choice("1", PEOPLE[0], True), Choice("3", PEOPLE[2], True)]

    def line(place: str, *more: Any, **named: Any) -> ConditionRow:
        return ConditionRow(place, "Total", names, asks, *more, **named)

    inner = ConditionGroup(
        ".2.2", "all", [line(".2.2.0", "one", "text", ["tea", ""])], can_group=False
    )
    items = [
        line(".2.0", "one", "row", ["1", ""], people, "/picks"),
        line(".2.1", "some", "row", ["1", "3"], people, "/picks"),
        inner,
    ]
    root = ConditionGroup(
        "",
        "all",
        [
            line(".0", "two", "number", ["1", ""], problem="Say what it is asked for."),
            line(".1", "one", "date", ["2026-11-26", ""]),
            ConditionGroup(".2", "any", items),
            line(".3", "some", "text", ["tea", "cup"]),
            line(".4", "one", "choice", ["1", ""], people),
            line(".5", "some", "choice", ["1"], people),
            line(".6"),
            ConditionRow(".7", "", names, has_focus=True),
        ],
    )
    kept = [("q", "tea"), ("order", "-placed")]
    return ConditionsPage("Conditions", "/conditions", "/list", root, kept, "/list", "At most 20.")


class Item(BaseModel):
    """One line of an order."""

    product: str = Field(title="Product")
    count: int = Field(title="Count", default=1)
    gift: bool = Field(title="Gift", default=False)
    position: Annotated[int, Hidden()] = 0


class Address(BaseModel):
    """Where an order goes."""

    city: str = Field(title="City")


class Order(BaseModel):
    """A form with one field of each kind."""

    number: str = Field(title="Number", max_length=20)
    slug: str = Field(title="Short name", description="Made of the number")
    customer_id: int = Field(title="Customer")
    state: Literal["draft", "paid"] = Field(title="State")
    reason: Annotated[str, Input(data_shown_when="state", data_shown_is="draft")] = Field(
        title="Reason", default=""
    )
    placed: date = Field(title="Placed")
    shipped: bool = Field(title="Shipped", default=False)
    kind: Annotated[Literal["gift", "sale"], Radios()] = Field(title="Kind", default="sale")
    tags: Annotated[list[Literal["1", "2", "3"]], Checkboxes()] = Field(title="Tags", default=[])
    note: Annotated[str, Textarea(data_kind="json")] = Field(title="Note", default="")
    colour: Annotated[str, Input(data_colour=True)] = Field(title="Colour", default="#4150d0")
    text: Annotated[str, RichText()] = Field(title="Text", default="")
    address: Address = Field(title="Address")
    items: list[Item] = Field(title="Items", default=[])
    internal: str = Field(title="Reference", default="")


STORED = {
    "number": "1042",
    "slug": "order-1042",
    "customer_id": 1,
    "state": "paid",
    "placed": date(2026, 11, 25),
    "tags": ["1", "3"],
    "text": "<h2>Tea</h2><p>With <b>care</b>.</p><ul><li>green</li></ul>",
    "address": {"city": "Bern"},
    "internal": "x",
    "items": [{"product": "Tea"}, {"product": "Cup", "position": 1}],
}


def section(label: str, fields: list[str], **more: Any) -> View:
    """Give a section of a form."""
    return View(
        **{"label": label, "fields": fields, "hint": "", "is_closed": False, "facts": ()} | more
    )


def form_page(**more: Any) -> View:
    """Give the page of a form."""
    fact = View(label="Made", value="20 Nov 2026", url="/none")
    button = View(name="save", value="stay", label="Save", kind="first", hint="")
    names = [name for name in Order.model_fields if name != "internal"]
    all_of_it = {
        "title": "Order 1042",
        "subtitle": PEOPLE[0],
        "is_new": False,
        "view_only": False,
        "facts": [fact],
        "facts_label": "",
        "tabs": (),
        "buttons": [button],
        "actions": [Link("Copy", "/none", "copy", "with its items")],
        "sections": [
            section("Order", names, hint="All of it"),
            section("Old", ["internal"], is_closed=True),
        ],
        "delete_url": "/delete",
        "history_url": "/history",
        "wide": ["number"],
        "sort": {"items": "position"},
        "tables": ["items"],
        "slugs": {"slug": "number"},
        "version": "7",
        "draft": "order:1042",
        "rich": ALLOWED,
        "presence": None,
        "related": [Link("Invoices", "/none", "file", "3")],
        "pickers": {
            "customer_id": {
                "url": "/picks",
                "label": PEOPLE[0],
                "open_url": "/none",
                "add_url": "/none",
            },
            "tags": {"url": "/picks", "labels": {"1": PEOPLE[0], "3": "Eva"}},
        },
    }
    return View(**{**all_of_it, **more})


def tabs_page() -> View:
    """Give the page of a form in tabs."""
    tabs = [
        View(id="one", label="One", sections=[section("", ["number", "slug"])], problems=0),
        View(
            id="two",
            label="Two",
            sections=[section("", ["customer_id", "state", "placed"])],
            problems=2,
        ),
    ]
    return form_page(sections=[], tabs=tabs, slugs={}, draft="")


def node(label: str, *children: View) -> View:
    """Give something that goes, with what goes with it."""
    return View(label=label, url="/none", kind="Order", children=children)


def delete_page() -> View:
    """Give the page that asks before a row goes."""
    return View(
        title="Delete order 1042?",
        text=LONG,
        gone=[node("Order 1042", node("Tea"))],
        counts=[("items", 2)],
        kept=[node("Invoice")],
        protected=[],
        hidden=[("key", "7")],
        button="",
        back_url="/list",
        is_trash=False,
        must_type="1042",
    )


def history_page() -> View:
    """Give what happened to a row."""
    entry = View(
        when=Markup('<time datetime="2026-11-25">today</time>'),
        who=PEOPLE[0],
        action="changed",
        icon="edit",
        label="Order 1042",
        url="/form",
        text=LONG,
        changes=[("State", "", "paid"), ("Note", "<b>", "")],
        revert_url="/none",
    )
    return View(
        title="History",
        back_url="/form",
        pager=Pager("1 to 20", next_url="/history"),
        entries=[entry],
        empty_hint="",
    )


def conflict_page() -> View:
    """Give two people's values."""
    both = View(
        name="state",
        label="State",
        base="open",
        theirs="paid",
        mine="",
        is_conflict=True,
        chosen="mine",
    )
    return View(
        title="Order 1042 has changed",
        who=PEOPLE[1],
        when="",
        back_url="/form",
        hidden=[("version", "8")],
        fields=[both],
    )


def home_page() -> View:
    """Give the first page."""
    points = [
        View(label=f"{day} Nov", value=float(day % 7 - 2), text=str(day)) for day in range(1, 31)
    ]
    chart = View(label="Orders", kind="bars", hint="By day", url="/list", points=points)
    card = View(
        label="Orders",
        value="128",
        hint="today",
        url="/list",
        icon="cart",
        trend="+12 %",
        tone="good",
    )
    return View(
        title="Good evening",
        cards=[card, card],
        charts=[
            chart,
            View(**{**vars(chart), "kind": "line", "points": points[:1]}),
            View(**{**vars(chart), "points": []}),
        ],
        models=[
            View(
                label="Sales",
                models=[View(label="Orders", url="/list", icon="", count="9", add_url="/form")],
            )
        ],
        recent=[
            View(
                label="Order 1042",
                url="/form",
                action="changed",
                who=PEOPLE[0],
                when="now",
                icon="",
            )
        ],
        html=(),
    )


def action_page() -> View:
    """Give the page that asks before something is done with rows."""
    return View(
        title="Ship 2 orders?",
        text=LONG,
        button="Ship",
        kind="first",
        back_url="/list",
        rows=[Link("Order 1042", "/form")],
        more="and one more",
        hidden=[("key", "1")],
    )


def message_page() -> View:
    """Give a page that only says something."""
    return View(
        title="There is no such order",
        text=LONG,
        code="404",
        icon="",
        links=[Link("Orders", "/list")],
    )


def wrong() -> Form[Any]:
    """Give a form in which much is wrong."""
    sent = [("number", ""), ("items-0-product", ""), ("items-0-count", "x"), ("placed", "no")]
    return Form.read(Order, sent, picks={})


PAGES: dict[str, tuple[str, Callable[[], Any], Callable[[], Any]]] = {
    "list": ("list", list_page, lambda: None),
    "empty": ("list", lambda: list_page(rows=(), empty_hint=LONG), lambda: None),
    "form": ("form", form_page, lambda: Form(Order, initial=STORED)),
    "new": ("form", lambda: form_page(is_new=True), lambda: Form(Order)),
    "wrong": ("form", form_page, wrong),
    "tabs": ("form", tabs_page, lambda: Form(Order, initial=STORED)),
    "view": (
        "form",
        lambda: form_page(
            view_only=True, sections=[section("A", [], facts=[View(label="B", value="", url="")])]
        ),
        lambda: None,
    ),
    "delete": ("delete", delete_page, lambda: None),
    "history": ("history", history_page, lambda: None),
    "conflict": ("conflict", conflict_page, lambda: None),
    "home": ("home", home_page, lambda: None),
    "action": ("action", action_page, lambda: Form(Item)),
    "message": ("message", message_page, lambda: None),
    "conditions": ("conditions", conditions_page, lambda: None),
}


@app.get("/palette")
async def palette(q: str = "") -> list[dict[str, str]]:
    """Give what the palette finds."""
    return [{"label": f"Order about {q}", "hint": "", "url": "/form", "group": "Orders"}]


@app.get("/picks")
async def picks(q: str = "") -> list[dict[str, str]]:
    """Give the people whose names have a text in them."""
    found = enumerate(PEOPLE, 1)
    return [{"value": str(key), "label": name} for key, name in found if q.lower() in name.lower()]


@app.get("/{name}")
async def page(request: Request, name: str) -> Response:
    """Give one of the pages."""
    if name not in PAGES:
        return Response(status_code=404)
    template, view, form = PAGES[name]
    answer = await templates.render(
        f"admin/{template}.html",
        request=request,
        page=view(),
        form=form(),
        frame=frame_for(request),
        headers={"content-security-policy": f"default-src 'none'; {POLICY}"},
    )
    return answer
