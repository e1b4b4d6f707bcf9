"""What changed between two documents: direction decides what breaks."""

from __future__ import annotations

import copy
from collections.abc import Callable
from typing import Any

import pytest
from hypothesis import Phase, given, settings
from hypothesis import strategies as st

from tests.openapi.applications import documents, routers
from tests.openapi.documents import document_of
from trivet.errors import SetupError
from trivet.openapi.changes.change import Change
from trivet.openapi.changes.comparing import compare
from trivet.routing.router import Router

# `Any` in this file: JSON documents.
Edit = Callable[[dict[str, Any]], object]


def base() -> dict[str, Any]:
    """Give a document whose model is both sent and answered."""
    book = {"$ref": "#/components/schemas/Book"}
    answer = {"description": "", "content": {"application/json": {"schema": book}}}
    return {
        "openapi": "3.1.0",
        "info": {"title": "Books", "version": "1"},
        "components": {
            "schemas": {
                "Book": {
                    "type": "object",
                    "properties": {
                        "title": {"type": "string", "maxLength": 100},
                        "kind": {"enum": ["novel", "poem"]},
                        "note": {"anyOf": [{"type": "string"}, {"type": "null"}]},
                        "parts": {"type": "array", "items": book},
                        "price": {"type": "number", "minimum": 0},
                    },
                    "required": ["title", "kind"],
                }
            },
            "securitySchemes": {
                "token": {"type": "http", "scheme": "bearer"},
                "key": {"type": "apiKey", "in": "header", "name": "X-Key"},
            },
        },
        "paths": {
            "/books": {
                "post": {
                    "operationId": "add",
                    "security": [{"token": ["write"]}, {"key": []}],
                    "parameters": [
                        {
                            "name": "q",
                            "in": "query",
                            "required": False,
                            "schema": {"type": "string"},
                        },
                        {"name": "X-A", "in": "header", "schema": {"type": "integer"}},
                    ],
                    "requestBody": {"content": {"application/json": {"schema": book}}},
                    "responses": {"200": answer, "404": {"description": ""}},
                }
            },
            "/books/{id}": {
                "get": {
                    "operationId": "read",
                    "parameters": [
                        {
                            "name": "id",
                            "in": "path",
                            "required": True,
                            "schema": {"type": "integer"},
                        }
                    ],
                    "responses": {
                        "200": {
                            "description": "",
                            "content": {"text/event-stream": {"itemSchema": book}},
                            "headers": {"X-Left": {"schema": {"type": "integer"}}},
                        }
                    },
                }
            },
        },
    }


def changes(edit: Edit) -> list[Change]:
    new = base()
    edit(new)
    return compare(base(), new)


def codes(edit: Edit) -> tuple[set[str], set[str]]:
    """Give the codes of what breaks and of what does not."""
    found = changes(edit)
    return (
        {one.code for one in found if one.is_breaking},
        {one.code for one in found if not one.is_breaking},
    )


def book(document: dict[str, Any]) -> dict[str, Any]:
    found: dict[str, Any] = document["components"]["schemas"]["Book"]["properties"]
    return found


def post(document: dict[str, Any]) -> dict[str, Any]:
    found: dict[str, Any] = document["paths"]["/books"]["post"]
    return found


def read(document: dict[str, Any]) -> dict[str, Any]:
    found: dict[str, Any] = document["paths"]["/books/{id}"]["get"]
    return found


def schemas(document: dict[str, Any]) -> dict[str, Any]:
    found: dict[str, Any] = document["components"]["schemas"]["Book"]
    return found


# Edit → codes of what breaks, codes of what does not. The model is sent and answered: a narrowing
# breaks as a request alone, a widening as a response alone.
EDITS: dict[str, tuple[Edit, set[str], set[str]]] = {
    "path gone": (lambda d: d["paths"].pop("/books"), {"operation.removed"}, set()),
    "operation gone": (
        lambda d: d["paths"]["/books"].pop("post"),
        {"operation.removed"},
        set(),
    ),
    "operation new": (
        lambda d: d["paths"]["/books"].update(get={"responses": {}}),
        set(),
        {"operation.added"},
    ),
    "parameter gone": (
        lambda d: post(d)["parameters"].pop(),
        {"parameter.removed"},
        set(),
    ),
    "parameter renamed": (
        lambda d: post(d)["parameters"][0].update(name="query"),
        {"parameter.removed"},
        {"parameter.added"},
    ),
    "parameter must be given": (
        lambda d: post(d)["parameters"][0].update(required=True),
        {"parameter.required"},
        set(),
    ),
    "new parameter must be given": (
        lambda d: post(d)["parameters"].append({"name": "n", "in": "query", "required": True}),
        {"parameter.added-required"},
        set(),
    ),
    "parameter of another type": (
        lambda d: post(d)["parameters"][0].update(schema={"type": "integer"}),
        {"request.type-narrowed"},
        {"request.type-widened"},
    ),
    "name in the path": (
        lambda d: d["paths"].update({"/books/{key}": renamed(d["paths"].pop("/books/{id}"))}),
        set(),
        {"parameter.renamed"},
    ),
    "field gone": (
        lambda d: book(d).pop("price"),
        {"request.field-removed", "response.field-removed"},
        set(),
    ),
    "new field": (
        lambda d: book(d).update(more={"type": "string"}),
        set(),
        {"request.field-added", "response.field-added"},
    ),
    "new field must be there": (
        lambda d: (book(d).update(more={}), schemas(d)["required"].append("more")),
        {"request.field-added-required"},
        {"response.field-added"},
    ),
    "field must be there": (
        lambda d: schemas(d)["required"].append("price"),
        {"request.field-required"},
        {"response.field-required"},
    ),
    "field may be missing": (
        lambda d: schemas(d)["required"].remove("kind"),
        {"response.field-optional"},
        {"request.field-optional"},
    ),
    "fewer values": (
        lambda d: book(d)["kind"]["enum"].remove("poem"),
        {"request.enum-narrowed"},
        {"response.enum-narrowed"},
    ),
    "more values": (
        lambda d: book(d)["kind"]["enum"].append("play"),
        {"response.enum-widened"},
        {"request.enum-widened"},
    ),
    "shorter": (
        lambda d: book(d)["title"].update(maxLength=50),
        {"request.limit-narrowed"},
        {"response.limit-narrowed"},
    ),
    "no limit": (
        lambda d: book(d)["price"].pop("minimum"),
        {"response.limit-widened"},
        {"request.limit-widened"},
    ),
    "no longer null": (
        lambda d: book(d).update(note={"type": "string"}),
        {"request.type-narrowed"},
        {"response.type-narrowed"},
    ),
    "may be null": (
        lambda d: book(d).update(price={"type": ["number", "null"], "minimum": 0}),
        {"response.type-widened"},
        {"request.type-widened"},
    ),
    "whole numbers": (
        lambda d: book(d).update(price={"type": "integer", "minimum": 0}),
        {"request.type-narrowed"},
        {"response.type-narrowed"},
    ),
    "anything": (
        lambda d: book(d).update(price={}),
        {"response.type-widened"},
        {"request.type-widened"},
    ),
    "status gone": (
        lambda d: post(d).update(responses={"201": post(d)["responses"]["200"]}),
        {"response.status-removed"},
        {"response.status-added", "response.status-removed"},
    ),
    "body must be there": (
        lambda d: post(d)["requestBody"].update(required=True),
        {"request.body-required"},
        set(),
    ),
    "body gone": (lambda d: post(d).pop("requestBody"), {"request.body-removed"}, set()),
    "media type": (
        lambda d: post(d)["requestBody"].update(content={"text/plain": {}}),
        {"request.media-type-removed"},
        {"request.media-type-added"},
    ),
    "header gone": (
        lambda d: read(d)["responses"]["200"].pop("headers"),
        {"response.header-removed"},
        set(),
    ),
    "security where there was none": (
        lambda d: read(d).update(security=[{"token": []}]),
        {"security.narrowed"},
        set(),
    ),
    "one way less": (
        lambda d: post(d)["security"].pop(),
        {"security.narrowed"},
        set(),
    ),
    "one way more": (
        lambda d: post(d)["security"].append({}),
        set(),
        {"security.widened"},
    ),
    "one scope more": (
        lambda d: post(d)["security"][0]["token"].append("all"),
        {"security.narrowed"},
        set(),
    ),
    "another header for the key": (
        lambda d: d["components"]["securitySchemes"]["key"].update(name="X-Other"),
        {"security.scheme-changed"},
        set(),
    ),
    "texts": (
        lambda d: (post(d).update(summary="new"), schemas(d).update(description="new")),
        set(),
        set(),
    ),
    "deprecated": (lambda d: post(d).update(deprecated=True), set(), {"operation.deprecated"}),
    "id": (lambda d: post(d).update(operationId="other"), set(), {"operation.id"}),
}


def renamed(item: Any) -> Any:
    item["get"]["parameters"][0]["name"] = "key"
    return item


@pytest.mark.parametrize("name", EDITS)
def test_a_change_is_told_and_breaks_by_its_direction(name: str) -> None:
    edit, breaking, harmless = EDITS[name]

    assert codes(edit) == (breaking, harmless)


def test_a_change_says_where_and_what() -> None:
    found = changes(lambda d: book(d)["kind"]["enum"].remove("poem"))

    assert (
        Change(
            "request.enum-narrowed",
            "POST /books",
            '`kind` of the body can no longer be "poem"',
            True,
        )
        in found
    )
    assert [one.is_breaking for one in found] == sorted(
        (one.is_breaking for one in found), reverse=True
    )


def test_a_model_with_another_name_is_the_same() -> None:
    new = base()
    text = {"$ref": "#/components/schemas/Volume"}
    new["components"]["schemas"]["Volume"] = copy.deepcopy(schemas(new))
    new["components"]["schemas"]["Volume"]["properties"]["parts"]["items"] = text
    post(new)["requestBody"]["content"]["application/json"]["schema"] = text

    assert compare(base(), new) == []


def test_members_of_a_union_are_found_by_their_tags() -> None:
    def pets(*kinds: str) -> dict[str, Any]:
        made = [
            {"type": "object", "properties": {"kind": {"const": kind}, "a": {"type": "string"}}}
            for kind in kinds
        ]
        document = base()
        book(document)["price"] = {"oneOf": made}
        return document

    found = compare(pets("cat", "dog"), pets("dog", "cat", "bird"))

    assert {one.code for one in found} == {"request.type-widened", "response.type-widened"}
    assert "object with kind 'bird'" in found[0].what


def test_a_webhook_is_sent_the_other_way_round() -> None:
    def hooks(required: list[str]) -> dict[str, Any]:
        schema = {"type": "object", "properties": {"a": {}}, "required": required}
        body = {"content": {"application/json": {"schema": schema}}}
        hook = {"post": {"requestBody": body, "responses": {}}}
        return {**base(), "webhooks": {"sold": hook}}

    assert [one.is_breaking for one in compare(hooks(["a"]), hooks([]))] == [True]
    assert [one.is_breaking for one in compare(hooks([]), hooks(["a"]))] == [False]


@pytest.mark.parametrize("document", [{}, [], {"swagger": "2.0"}, None])
def test_what_is_no_document_is_refused(document: Any) -> None:
    with pytest.raises(SetupError) as raised:
        compare(base(), document)

    assert raised.value.code == "openapi.no-document"


@pytest.mark.slow
@pytest.mark.filterwarnings("ignore:Duplicate Operation ID")
@settings(max_examples=20, phases=[Phase.explicit, Phase.generate])
@given(routers(), documents)
def test_a_document_and_itself_have_no_changes(router: Router, options: dict[str, Any]) -> None:
    document = document_of(router, **options)

    assert compare(document, copy.deepcopy(document)) == []


@pytest.mark.slow
@pytest.mark.filterwarnings("ignore:Duplicate Operation ID")
@settings(max_examples=20, phases=[Phase.explicit, Phase.generate])
@given(routers(), documents, st.randoms(use_true_random=False))
def test_what_is_added_and_optional_never_breaks(
    router: Router, options: dict[str, Any], chance: Any
) -> None:
    old = document_of(router, **options)
    new = copy.deepcopy(old)
    new["paths"]["/added"] = {"get": {"responses": {"200": {"description": ""}}}}
    for item in new["paths"].values():
        for operation in item.values():
            if chance.random() < 0.5:
                added = {"name": "added", "in": "query", "schema": {"type": "string"}}
                operation.setdefault("parameters", []).append(added)
                operation["responses"].setdefault("418", {"description": ""})
    for schema in new.get("components", {}).get("schemas", {}).values():
        if "properties" in schema and chance.random() < 0.5:
            schema["properties"]["added"] = {"type": "string"}

    found = compare(old, new)

    assert found
    assert not [one for one in found if one.is_breaking]
