"""What is posted becomes values, or messages beside what was typed."""

from __future__ import annotations

import datetime
import decimal
import enum
import io
from typing import Annotated, Any, Literal

import pytest
from pydantic import BaseModel, Field, NaiveDatetime, SecretStr, create_model
from starlette.datastructures import Headers

from tests.forms.conftest import posting
from trivet import UploadFile
from trivet.errors import RequestValidationError
from trivet.forms import Checkboxes, Form, Hidden, Moment, Radios, Select, Textarea, Upload
from trivet.forms.bound import BoundField, BoundRows


def one(annotation: Any, posted: Any, default: Any = ...) -> Form[Any]:
    """Give a posted form of one field, `x`; None is a form without it."""
    model = create_model("One", x=(annotation, default))
    return posting(model, {} if posted is None else {"x": posted})


class Color(enum.IntEnum):
    RED = 1
    DARK_BLUE = 2


@pytest.mark.parametrize(
    ("annotation", "posted", "value"),
    [
        (str, " tea ", "tea"),
        (Annotated[str, Textarea()], " a\r\nb\rc", " a\nb\nc"),
        (SecretStr, " s ", SecretStr(" s ")),
        (int, "7", 7),
        (float, "1.5", 1.5),
        (decimal.Decimal, "1.50", decimal.Decimal("1.50")),
        (bool, "true", True),
        (bool, "on", True),
        (bool, None, False),
        (bool, "false", False),
        (bool | None, "", None),
        (bool | None, "false", False),
        (Literal[True], "true", True),
        (Color, "2", Color.DARK_BLUE),
        (Literal[1, "b"], "1", 1),
        (Annotated[Literal["a", "b"], Radios()], "b", "b"),
        (list[Literal["a", "b"]], ["b", "a", "b"], ["b", "a"]),
        (set[Color], ["2"], {Color.DARK_BLUE}),
        (list[Literal["a"]], None, []),
        (datetime.date, "2026-03-31", datetime.date(2026, 3, 31)),
        (datetime.time, "14:30", datetime.time(14, 30)),
        (datetime.timedelta, "01:30:00", datetime.timedelta(hours=1.5)),
        (NaiveDatetime, "2026-03-31T14:30", datetime.datetime(2026, 3, 31, 14, 30)),
        (str | None, "", None),
        (int | None, " ", None),
        (str | None, "tea", "tea"),
    ],
)
def test_posted_text_becomes_a_typed_value(annotation: Any, posted: Any, value: Any) -> None:
    form = one(annotation, posted)

    assert form.is_valid, form.errors
    assert form.value.x == value
    assert type(form.value.x) is type(value)


@pytest.mark.parametrize(
    ("annotation", "default", "posted", "message"),
    [
        (str, ..., "  ", "Fill this in."),
        (str, ..., None, "Fill this in."),
        (Annotated[str, Textarea()], ..., " \n ", "Fill this in."),
        (str, None, "", "Fill this in."),  # of an update: None means that it was left out
        (int, 5, "", "Fill this in."),
        (int, ..., "x", "Enter a whole number."),
        (int, ..., "1.5", "Enter a whole number."),
        (int, ..., "9" * 5000, "Enter a smaller number."),
        (Annotated[int, Field(ge=3)], ..., "2", "Enter 3 or more."),
        (Annotated[str, Field(max_length=1)], ..., "ab", "Use at most 1 character."),
        (Annotated[str, Field(max_length=2)], ..., "abc", "Use at most 2 characters."),
        (Literal[True], ..., None, "Tick this box."),
        (Color, ..., "9", "Choose one of the list."),
        (Color, ..., "", "Choose one."),
        (Color, ..., None, "Choose one."),
        (datetime.date, ..., "31.3.", "Enter a date, such as 2026-03-31."),
        (datetime.datetime, ..., "x", "Enter a date and a time, such as 2026-03-31 14:30."),
        (str, ..., "a\0b", "This holds signs that cannot be kept; write it again."),
        (str, ..., "a\ud800b", "This holds signs that cannot be kept; write it again."),
        (str, "", "a\0b", "This holds signs that cannot be kept; write it again."),
    ],
)
def test_what_does_not_fit_is_told_in_a_sentence(
    annotation: Any, default: Any, posted: Any, message: str
) -> None:
    form = one(annotation, posted, default)

    assert form.errors == {"x": [message]}
    assert not form.is_valid
    with pytest.raises(RequestValidationError):
        _ = form.value


def test_empty_text_is_a_value_where_the_default_is_a_text() -> None:
    assert one(str, "", "tea").value.x == ""
    assert one(str, None, "tea").value.x == "tea"


def test_end_of_time_is_no_error_of_the_server() -> None:
    form = one(Annotated[datetime.datetime, Moment("Europe/Berlin")], "0001-01-01T00:00")

    assert list(form.errors) == ["x"]


def test_time_without_a_zone_is_in_that_of_the_widget() -> None:
    berlin = one(Annotated[datetime.datetime, Moment("Europe/Berlin")], "2026-07-01T12:00").value
    plain = one(datetime.datetime, "2026-07-01T12:00").value

    assert berlin.x.astimezone(datetime.UTC).hour == 10
    assert plain.x == datetime.datetime(2026, 7, 1, 12, tzinfo=datetime.UTC)


def test_only_declared_fields_arrive() -> None:
    class Note(BaseModel, extra="allow"):
        title: str

    form = posting(Note, {"title": "tea", "id": "7", "is_admin": "true", "title-x": "y"})

    assert form.value.model_dump() == {"title": "tea"}


class City(BaseModel):
    name: str
    code: int | None = None


class Item(BaseModel):
    title: str = Field(max_length=5)
    done: bool = False


class Order(BaseModel):
    home: City
    work: City | None = None
    items: list[Item] = Field(default=[], max_length=3)
    words: list[str] = []


def test_nested_models_and_rows_arrive() -> None:
    form = posting(
        Order,
        {
            "home-name": "Bern",
            "work-name": "",
            "items-7-title": "b",
            "items-7-done": "true",
            "items-2-title": "a",
            "items-2": "",
            "words-0": "x",
            "words-1": " ",
            "words-2": "y",
        },
    )

    assert form.value.model_dump() == {
        "home": {"name": "Bern", "code": None},
        "work": None,
        "items": [{"title": "a", "done": False}, {"title": "b", "done": True}],
        "words": ["x", "y"],
    }


def test_optional_group_that_is_begun_must_be_finished() -> None:
    form = posting(Order, {"home-name": "Bern", "work-code": "7"})

    assert form.errors == {"work-name": ["Fill this in."]}


def test_errors_of_rows_stand_at_their_inputs_with_what_was_typed() -> None:
    form = posting(Order, {"home-name": "B", "items-4-title": "toolong", "items-5-title": "x"})

    rows = form["items"]
    assert isinstance(rows, BoundRows)
    field = rows[0]["title"]  # type: ignore[index]
    assert isinstance(field, BoundField)
    assert (field.name, field.raw) == ("items-0-title", "toolong")
    assert form.errors == {"items-0-title": ["Use at most 5 characters."]}


def test_rows_are_bounded() -> None:
    form = posting(Order, {"home-name": "B"} | {f"items-{n}-title": "x" for n in range(9)})

    assert form.errors == {"items": ["Give at most 3."]}
    assert len(form["items"].fields) == 3  # type: ignore[union-attr]


@pytest.mark.parametrize(
    "name", ["items-99999-title", "items--1-title", "items-٣-title", "items-x"]
)
def test_what_is_no_number_of_a_row_is_left_out(name: str) -> None:
    assert posting(Order, {"home-name": "B", name: "x"}).value.items == []


def test_row_is_added_and_removed_by_buttons_without_being_stored() -> None:
    posted = {"home-name": "", "items-0-title": "a", "items-1-title": "toolong"}

    more = posting(Order, posted | {"items-add": "1"})
    less = posting(Order, posted | {"items-remove": "0"})

    assert not more.is_valid
    assert not less.is_valid
    assert more.errors == less.errors == {}
    assert [row["title"].raw for row in more["items"].rows] == ["a", "toolong", ""]  # type: ignore[union-attr,index]
    assert more["items"].rows[2]["title"].is_focused  # type: ignore[union-attr,index]
    assert [row["title"].raw for row in less["items"].rows] == ["toolong"]  # type: ignore[union-attr,index]


def test_no_row_is_added_beyond_the_most() -> None:
    posted = {f"items-{n}-title": "a" for n in range(3)} | {"items-add": "1"}

    assert len(posting(Order, posted)["items"].fields) == 3  # type: ignore[union-attr]


def test_rows_within_rows_arrive() -> None:
    class Line(BaseModel):
        words: list[str] = []

    class Text(BaseModel):
        lines: list[Line]

    form = posting(Text, {"lines-0-words-0": "a", "lines-0-words-1": "b", "lines-1": ""})

    assert form.value.model_dump() == {"lines": [{"words": ["a", "b"]}, {"words": []}]}


def test_first_wrong_input_has_the_focus() -> None:
    form = posting(Order, {"home-name": "", "home-code": "x"})

    home = form["home"]
    assert (home["name"].is_focused, home["code"].is_focused) == (True, False)  # type: ignore[index,union-attr]


def test_alias_is_the_name_on_the_wire() -> None:
    class Note(BaseModel):
        title: str = Field(alias="note-title", max_length=2)

    assert posting(Note, {"note-title": "a"}).value.title == "a"
    assert posting(Note, {"note-title": "abc"}).errors == {
        "note-title": ["Use at most 2 characters."]
    }


def test_error_of_the_whole_model_stands_above_the_form() -> None:
    class Span(BaseModel):
        start: int
        end: int

        def model_post_init(self, context: Any) -> None:
            if self.end < self.start:
                raise ValueError("The end is before the {start}.")

    assert posting(Span, {"start": "2", "end": "1"}).errors == {
        "": ["The end is before the {start}."]
    }


def test_handler_may_add_errors() -> None:
    form = posting(Order, {"home-name": "Bern"})

    form.add_error("home-name", "There is one already.")
    form.add_error("", "Nothing was stored.")

    assert not form.is_valid
    assert form.errors["home-name"] == ["There is one already."]
    with pytest.raises(KeyError):
        form.add_error("nothing", "x")


def upload(name: str, size: int, kind: str) -> UploadFile:
    headers = Headers({"content-type": kind})
    return UploadFile(io.BytesIO(b"x" * size), size=size, filename=name, headers=headers)


@pytest.mark.parametrize(
    ("file", "message"),
    [
        (upload("a.png", 10, "image/png"), None),
        (upload("A.PDF", 10, "application/octet-stream"), None),
        (upload("a.png", 2049, "image/png"), "Choose a file of at most 2 kB."),
        (upload("a.html", 10, "text/html"), "Choose a file of one of these types: image/*, .pdf."),
        (upload("", 0, "application/octet-stream"), "Choose a file."),
        ("text", "Choose a file."),
        (None, "Choose a file."),
    ],
)
def test_files_keep_their_rules(file: Any, message: str | None) -> None:
    rule = Upload(max_bytes=2048, types=["image/*", ".pdf"])

    form = one(Annotated[UploadFile, rule], file)

    assert form.errors == ({} if message is None else {"x": [message]})
    assert message is not None or form.value.x is file


def test_files_may_be_left_out_or_several() -> None:
    files = [upload("a", 1, "text/plain"), upload("b", 1, "text/plain")]

    assert one(UploadFile | None, None, None).value.x is None
    assert one(list[UploadFile], files).value.x == files
    assert one(list[UploadFile], None, []).value.x == []


def test_text_field_does_not_take_a_file() -> None:
    assert one(str, upload("a", 1, "text/plain")).errors == {"x": ["Fill this in."]}


def test_password_is_not_in_the_form_afterwards() -> None:
    class Login(BaseModel):
        password: str = Field(min_length=20)
        pin: SecretStr = SecretStr("0000")

    form = posting(Login, {"password": "hunter2", "pin": "1234"})

    told = f"{form!r} {form.errors} {form.details()}"
    assert form["password"].raw == form["pin"].raw == ""  # type: ignore[union-attr]
    assert "hunter2" not in told
    assert "1234" not in told


def test_hidden_and_chosen_widgets_read_like_others() -> None:
    assert one(Annotated[int, Hidden()], "3").value.x == 3
    assert one(Annotated[bool, Select()], "false").value.x is False
    assert one(Annotated[list[Literal["a"]], Checkboxes()], ["a"]).value.x == ["a"]
