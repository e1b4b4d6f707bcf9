"""What a form draws: labels, hints, what was typed; everything escaped, nothing secret."""

from __future__ import annotations

import datetime
import decimal
from collections.abc import Mapping
from html.parser import HTMLParser
from pathlib import Path
from typing import Annotated, Any, Literal

import pytest
from pydantic import BaseModel, EmailStr, Field, HttpUrl, SecretStr, create_model
from starlette.requests import Request

from tests.forms.conftest import Draw, Site, posting
from tests.templates.test_escaping import ATTACKS
from trivet import App, Part, UploadFile
from trivet.errors import SetupError
from trivet.forms import (
    Checkboxes,
    Form,
    Forms,
    Hidden,
    Input,
    Moment,
    Password,
    Radios,
    Textarea,
    Upload,
)
from trivet.templates import Templates


class Tags(HTMLParser):
    """All start tags of a page with their attributes, and its text."""

    def __init__(self, page: str) -> None:
        super().__init__()
        self.tags: list[tuple[str, dict[str, str | None]]] = []
        self.text = ""
        self.feed(page)
        self.close()

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.tags.append((tag, dict(attrs)))

    def handle_data(self, data: str) -> None:
        self.text += data

    def named(self, name: str) -> dict[str, str | None]:
        return next(attributes for _, attributes in self.tags if attributes.get("name") == name)


async def attributes_of(
    draw: Draw, annotation: Any, default: Any = ..., name: str = "x", initial: Any = None
) -> dict[str, str | None]:
    """Give the attributes of the input of one field, but those that all have."""
    fields: dict[str, Any] = {name: (annotation, default)}
    model = create_model("One", **fields)
    found = Tags(await draw(Form(model, initial=initial))).named(name)
    return {key: value for key, value in found.items() if key not in ("id", "name")}


@pytest.mark.parametrize(
    ("annotation", "default", "expected"),
    [
        (str, ..., {"type": "text", "required": None}),
        (str, "", {"type": "text"}),
        (str | None, None, {"type": "text"}),
        (
            Annotated[str, Field(min_length=2, max_length=9, pattern="^[a-z]+$")],
            "",
            {"type": "text", "minlength": "2", "maxlength": "9", "pattern": "[a-z]+"},
        ),
        (Annotated[str, Field(pattern="^a|b$")], "", {"type": "text"}),
        (Annotated[int, Field(gt=0, le=9)], ..., {"min": "1", "max": "9"}),
        (Annotated[float, Field(ge=0.5)], ..., {"min": "0.5", "step": "any"}),
        (Annotated[decimal.Decimal, Field(decimal_places=2)], ..., {"step": "0.01"}),
        (EmailStr, ..., {"type": "email", "autocomplete": "email"}),
        (HttpUrl, ..., {"type": "url"}),
        (datetime.date, ..., {"type": "date"}),
        (datetime.time, ..., {"type": "time"}),
        (datetime.datetime, ..., {"type": "datetime-local"}),
        (SecretStr, ..., {"type": "password", "autocomplete": "current-password"}),
        (Annotated[str, Password(new=True)], ..., {"autocomplete": "new-password"}),
        (Annotated[str, Input("tel", class_="wide", data_kind='"')], ..., {"data-kind": '"'}),
        (UploadFile, ..., {"type": "file", "required": None}),
        (
            Annotated[list[UploadFile], Upload(types=[".pdf"])],
            ...,
            {"accept": ".pdf", "multiple": None},
        ),
        (bool, ..., {"type": "checkbox", "value": "true"}),
        (Literal[True], ..., {"type": "checkbox", "required": None}),
        (Literal["a"], ..., {"required": None}),
    ],
)
async def test_types_and_limits_become_hints(
    draw: Draw, annotation: Any, default: Any, expected: Mapping[str, str | None]
) -> None:
    found = await attributes_of(draw, annotation, default)

    assert expected.items() <= found.items()


@pytest.mark.parametrize(
    ("name", "expected"),
    [
        ("password", "current-password"),
        ("new_password", "new-password"),
        ("otp", "one-time-code"),
        ("username", "username"),
        ("first_name", "given-name"),
        ("title", None),
    ],
)
async def test_names_become_hints_for_autofill(draw: Draw, name: str, expected: str | None) -> None:
    assert (await attributes_of(draw, str, ..., name)).get("autocomplete") == expected


@pytest.mark.parametrize(
    ("annotation", "value", "shown"),
    [
        (str, "a&b", "a&b"),
        (int, 0, "0"),
        (decimal.Decimal, decimal.Decimal("1E+3"), "1000"),
        (decimal.Decimal, decimal.Decimal("1E+999999999"), "1E+999999999"),
        (datetime.date, datetime.date(2026, 3, 31), "2026-03-31"),
        (datetime.timedelta, datetime.timedelta(days=2, hours=1), "P2DT3600S"),
        (
            Annotated[datetime.datetime, Moment("Europe/Berlin")],
            datetime.datetime(2026, 7, 1, 10, tzinfo=datetime.UTC),
            "2026-07-01T12:00",
        ),
        (
            datetime.datetime,
            datetime.datetime.max.replace(tzinfo=datetime.timezone(datetime.timedelta(hours=-9))),
            "9999-12-31T23:59:59.999",
        ),
        (SecretStr, SecretStr("hunter2"), None),
        (Annotated[SecretStr, Input()], SecretStr("hunter2"), None),
        (Annotated[str, Password()], "hunter2", None),
        (UploadFile | None, "hunter2", None),
    ],
)
async def test_initial_values_stand_in_the_inputs(
    draw: Draw, annotation: Any, value: Any, shown: str | None
) -> None:
    assert (await attributes_of(draw, annotation, initial={"x": value})).get("value") == shown


class Shop(BaseModel):
    name: str = Field(title="Name", description="As on the sign", max_length=5)
    size: Annotated[Literal["s", "m"], Radios()] = "s"
    tags: Annotated[list[Literal["a", "b"]], Checkboxes()] = []
    secret: Annotated[str, Hidden()] = "x"
    password: SecretStr


async def test_wrong_input_says_so_to_everybody(draw: Draw) -> None:
    page = Tags(await draw(posting(Shop, {"name": "toolong", "password": "hunter2"})))

    field = page.named("name")
    ids = {attributes.get("id") for _, attributes in page.tags}
    assert field["value"] == "toolong"
    assert field["aria-invalid"] == "true"
    assert field["aria-describedby"] == "form-name-help form-name-errors"
    assert "autofocus" in field
    assert set(str(field["aria-describedby"]).split()) <= ids
    assert ("a", {"href": "#form-name"}) in page.tags
    assert ("label", {"for": "form-name"}) in page.tags
    assert ("div", {"class": "form-summary", "role": "alert"}) in page.tags
    assert page.text.count("Use at most 5 characters.") == 2


async def test_password_is_never_sent_back(draw: Draw) -> None:
    page = await draw(posting(Shop, {"name": "toolong", "password": "hunter2"}))

    assert "hunter2" not in page
    assert "value" not in Tags(page).named("password")


async def test_ids_are_there_once_and_labels_have_their_inputs(draw: Draw) -> None:
    page = Tags(await draw(Form(Shop, id="edit")))

    ids = [attributes["id"] for _, attributes in page.tags if "id" in attributes]
    labels = {attributes["for"] for tag, attributes in page.tags if tag == "label"}
    assert len(ids) == len(set(ids))
    assert all(str(one).startswith("edit-") for one in ids)
    assert labels <= set(ids)


async def test_pieces_are_drawn_alone(draw: Draw) -> None:
    form = posting(Shop, {"name": "toolong", "password": "x"})
    text = "{{ form.name.label }}|{{ form.name.help }}|{{ form.name.input }}|{{ form.name.errors }}"

    label, help_, input_, errors = (await draw(form, text)).split("|")

    assert label.startswith('<label for="form-name">Name')
    assert "As on the sign" in help_
    assert input_.startswith('<input id="form-name" name="name" type="text"')
    assert errors.count("<li>") == 1
    assert "<label" in await draw(form, "{{ form.name }}")
    assert "fieldset" in await draw(form, "{{ form.size }}")
    assert (await draw(form, "{{ form.secret }}")).startswith("<input")
    assert (await draw(form, "{{ form.hidden }}")).count("<input") == 1


async def test_users_own_template_wins(site: Site) -> None:
    _, templates = site({"forms/label.html": "<b>{{ field.title }}</b>"})

    assert "<b>Name</b>" in await templates.text("page.html", form=Form(Shop))


async def test_environment_that_waits_draws_forms_too(site: Site) -> None:
    _, templates = site(awaits=True)

    assert 'name="name"' in await templates.text("page.html", form=Form(Shop))


async def test_streamed_page_draws_forms_too(site: Site) -> None:
    _, templates = site()

    answer = await templates.stream("page.html", form=Form(Shop))

    assert 'name="name"' in "".join([str(piece) async for piece in answer.body_iterator])


@pytest.mark.parametrize("attack", [one for one in ATTACKS if "\0" not in one])
async def test_nothing_hostile_becomes_mark_up(draw: Draw, attack: str) -> None:
    inner: Any = create_model("Inner", y=(str, Field("", title=attack, description=attack)))
    choice = Literal[attack, "b"]  # type: ignore[valid-type]
    model = create_model(
        "Model",
        __config__={"extra": "ignore"},
        a=(str, Field(title=attack, description=attack)),
        b=(Annotated[str, Textarea(placeholder=attack)], ""),
        c=(choice, "b"),
        d=(Annotated[choice, Radios()], "b"),
        e=(list[choice], []),
        f=(inner, ...),
        g=(list[inner], []),
        h=(Annotated[str, Hidden()], ""),
        i=(Annotated[int, Field(title=attack)], ...),
    )
    posted: dict[str, Any] = dict.fromkeys(["a", "b", "c", "f-y", "g-0-y", "h", "i"], attack)
    form = posting(model, posted | {"d": "no", "e": [attack]})
    form.add_error("", attack)
    form.add_error("a", attack)
    plain = Tags(await draw(posting(model, {"a": "x", "g-0": "", "i": "y", "d": "no"})))

    page = Tags(await draw(form))

    # The same elements as a harmless form has, but for messages; and no script among them.
    assert {tag for tag, _ in page.tags} <= {tag for tag, _ in plain.tags} | {"ul", "li", "a"}
    assert not {name for _, attributes in page.tags for name in attributes if name.startswith("on")}
    if attack == attack.strip():
        assert page.named("a")["value"] == attack


async def test_texts_and_messages_are_translated_where_templates_can(site: Site) -> None:
    words = {
        "Name": "Nom",
        "As on the sign": "Comme affiché",
        "Use at most {max_length} characters.": "Au plus {max_length} signes {no}.",
    }

    class Translation(Part):
        name = "translation"

        def template_functions(self) -> Mapping[str, Any]:
            def gettext(request: Request | None, text: str) -> str:
                return words.get(text, text)

            return {"gettext": gettext}

    app, templates = site()
    app.use(Translation())

    page = await templates.text("page.html", form=posting(Shop, {"name": "toolong"}))

    assert "Nom" in page
    assert "Comme affiché" in page
    assert "Au plus 5 signes {no}." in page


async def test_token_against_forgery_is_drawn_where_templates_have_it(site: Site) -> None:
    class Guard(Part):
        name = "guard"

        def template_functions(self) -> Mapping[str, Any]:
            def csrf_field(request: Request | None) -> str:
                return f"<token of {request}>"

            return {"csrf_field": csrf_field}

    app, templates = site()
    app.use(Guard())

    assert "&lt;token of None&gt;" in await templates.text("page.html", form=Form(Shop))


async def test_files_need_their_encoding(draw: Draw) -> None:
    model = create_model("Files", file=(UploadFile, ...))

    assert str(Form(model).attributes) == 'method="post" enctype="multipart/form-data"'
    assert str(Form(Shop).attributes) == 'method="post"'


async def test_rows_have_buttons_and_a_row_to_copy(draw: Draw) -> None:
    inner: Any = create_model("Inner", y=(str, ...), words=(list[str], []))
    model = create_model("Model", items=(list[inner], Field([], min_length=1, max_length=2)))

    page = await draw(Form(model))

    tags = Tags(page)
    assert tags.named("items-add")["formnovalidate"] is None
    assert tags.named("items-remove")["value"] == "0"
    assert tags.named("items-0-y")["required"] is None
    assert tags.named("items-__row0__-y")["id"] == "form-items-__row0__-y"
    assert tags.named("items-__row0__-words-__row1__")  # a sign of its own
    assert tags.tags[1][1].get("class") == "form-default"  # Enter presses it, and no other button


async def test_required_inputs_of_an_optional_group_do_not_stop_the_browser(draw: Draw) -> None:
    inner: Any = create_model("Inner", y=(str, ...))
    model = create_model("Model", must=(inner, ...), may=(inner | None, None))

    tags = Tags(await draw(Form(model)))

    assert "required" in tags.named("must-y")
    assert "required" not in tags.named("may-y")


def test_check_finds_nothing_in_the_templates(site: Site) -> None:
    app, templates = site()

    assert templates.checks(app) == []


def test_form_outside_of_a_page_says_where_it_belongs() -> None:
    with pytest.raises(SetupError) as caught:
        Form(Shop).__html__()

    assert caught.value.code == "forms.no-page"


async def test_page_without_the_part_says_what_is_missing(tmp_path: Path) -> None:
    (tmp_path / "page.html").write_text("{{ form }}")
    templates = App().use(Templates(tmp_path))

    with pytest.raises(SetupError) as caught:
        await templates.text("page.html", form=Form(Shop))
    with pytest.raises(SetupError) as early:
        App().use(Forms())

    assert caught.value.code == "forms.no-part"
    assert early.value.code == "forms.no-templates"
