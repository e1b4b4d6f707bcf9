"""Mistakes in a declaration are errors at the start, with the nearest name and the place."""

from __future__ import annotations

from datetime import UTC, datetime
from typing import Any

import pytest

from tests.resources.models import Draft, Novel, Parcel, Seat
from trivet import App
from trivet.checks import Finding, collect
from trivet.cli.findings import checks_of
from trivet.errors import SetupError
from trivet.resources import Resource, resource
from trivet.resources.declared import ResourceOptions


def refusal(what: Any, **options: Any) -> SetupError:
    with pytest.raises(SetupError) as raised:
        resource(what, **options)
    return raised.value


@pytest.mark.parametrize(
    ("options", "near"),
    [
        ({"filters": ["prise"]}, "price"),
        ({"filters": ["writer__nam"]}, "name"),
        ({"search": ["titel"]}, "title"),
        ({"orders": ["titel"]}, "title"),
        ({"order": ["-creatd"]}, "created"),
        ({"include": ["writter"]}, "writer"),
        ({"include": ["writer.publsher"]}, "publisher"),
        ({"include": {"writer": ["nmae"]}}, "name"),
        ({"shown": ["titel"]}, "title"),
        ({"hidden": ["titel"]}, "title"),
        ({"writable": ["titel"]}, "title"),
        ({"under": "writter"}, "writer"),
        ({"operations": ["lst"]}, "list"),
    ],
)
def test_a_misspelt_name_is_told_with_the_nearest(options: dict[str, Any], near: str) -> None:
    error = refusal(Novel, **options)

    assert error.code == "resources.name"
    assert f"did you mean {near!r}?" in error.what
    assert error.where is not None
    assert "test_declaring.py" in error.where


@pytest.mark.parametrize(
    ("model", "options", "code"),
    [
        (Novel, {"filters": ["secret"]}, "resources.private"),
        (Novel, {"filters": ["extra"]}, "resources.filter"),
        (Novel, {"filters": ["published__gte"]}, "resources.filter"),
        (Novel, {"filters": ["title__regex"]}, "resources.filter"),
        (Novel, {"filters": "title"}, "resources.option"),
        (Novel, {"include": "writer"}, "resources.option"),
        (Novel, {"filtres": ["title"]}, "resources.option"),
        (Novel, {"hidden": ["id"]}, "resources.key"),
        (Novel, {"writable": ["secret"]}, "resources.writable"),
        (Novel, {"writable": ["id"]}, "resources.writable"),
        (Novel, {"writable": ["doubled"]}, "resources.writable"),
        (Novel, {"under": "topics"}, "resources.under"),
        (Novel, {"deprecated": datetime(2026, 1, 1)}, "resources.moment"),
        (Seat, {"bulk": 10}, "resources.bulk"),
        (int, {}, "resources.model"),
    ],
)
def test_what_cannot_work_is_refused(model: Any, options: dict[str, Any], code: str) -> None:
    assert refusal(model, **options).code == code


def test_a_filter_does_not_take_the_name_of_a_parameter() -> None:
    assert refusal(Parcel, filters=["size"]).code == "resources.parameter"


def test_a_misspelt_attribute_of_a_class_is_told() -> None:
    class Drafts(Resource[Draft]):
        filtres = ("title",)

    error = refusal(Drafts)

    assert error.code == "resources.option"
    assert error.mend == "filters = …"


def test_attributes_of_a_class_are_the_options() -> None:
    own = set(Resource.__annotations__) - {"model"}

    assert own == set(ResourceOptions.__annotations__)


def findings(app: App) -> list[Finding]:
    return [one for one in collect(checks_of(app, deploy=False)) if "resources" in one.code]


def test_a_resource_that_nobody_can_write_is_a_finding() -> None:
    app = App()
    app.include_router(resource(Novel))

    (found,) = findings(app)

    assert found.code == "resources.reading-only"
    assert "open_writing=True" in (found.hint or "")
    assert "test_declaring.py" in (found.where or "")


def test_a_resource_that_everybody_can_write_is_a_finding() -> None:
    app = App()
    app.include_router(resource(Novel, open_writing=True))

    assert [one.code for one in findings(app)] == ["resources.open-writing"]


def test_a_resource_for_reading_is_none() -> None:
    app = App()
    app.include_router(resource(Novel, operations=["list", "read"]))

    assert findings(app) == []


def test_a_moment_of_farewell_has_a_zone_and_an_order() -> None:
    error = refusal(
        Novel,
        deprecated=datetime(2027, 1, 1, tzinfo=UTC),
        sunset=datetime(2026, 1, 1, tzinfo=UTC),
    )

    assert error.code == "resources.moment"
