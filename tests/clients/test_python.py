"""Written Python clients as code: they compile, are typed, formatted, and the same each time."""

from __future__ import annotations

import subprocess
import sys
import types
from pathlib import Path
from typing import Any

import pytest
from hypothesis import HealthCheck, Phase, given, settings
from hypothesis import strategies as st

from examples.shop import app as shop
from tests.openapi.applications import documents, routers
from tests.openapi.documents import document_of
from trivet.clients.python.writing import TAKEN, write_python
from trivet.clients.reading import read
from trivet.routing.router import Router

# `Any` in this file: JSON documents.


def written(document: Any) -> str:
    return write_python(read(document, TAKEN), "trivet client python")


def imported(text: str) -> Any:
    """Give the module of a text; every model in it is whole, and none holds an unknown name."""
    name = "written_for_this_test"
    module = types.ModuleType(name)
    sys.modules[name] = module
    try:
        exec(compile(text, name, "exec"), vars(module))
        for value in list(vars(module).values()):
            if isinstance(value, type) and issubclass(value, module.Model):
                value.model_rebuild()
    finally:
        del sys.modules[name]
    return module


def reformatted(text: str, ruff: str) -> str:
    """Give what ruff would change."""
    done = subprocess.run(
        [ruff, "format", "--isolated", "--diff", "-"], input=text.encode(), capture_output=True
    )
    return done.stdout.decode() or (done.stderr.decode() if done.returncode else "")


def one_schema(schemas: dict[str, Any], used: Any) -> dict[str, Any]:
    """Give a document with one operation, which answers with `used`."""
    answer = {"description": "", "content": {"application/json": {"schema": used}}}
    return {
        "openapi": "3.1.0",
        "info": {"title": "T", "version": "1"},
        "components": {"schemas": schemas},
        "paths": {"/a": {"get": {"operationId": "a", "responses": {"200": answer}}}},
    }


@pytest.mark.slow
def test_clients_pass_mypy_in_strict_mode(document: dict[str, Any], tmp_path: Path) -> None:
    (tmp_path / "everything.py").write_text(written(document))
    (tmp_path / "shop.py").write_text(written(shop.openapi()))
    (tmp_path / "odd.py").write_text(written(ODD))
    (tmp_path / "mypy.ini").write_text("[mypy]\nstrict = true\n")

    done = subprocess.run(
        [sys.executable, "-m", "mypy", "--config-file", "mypy.ini", "--cache-dir", "cache", "."],
        cwd=tmp_path,
        capture_output=True,
        text=True,
        check=False,
    )

    assert done.returncode == 0, done.stdout


def test_clients_are_formatted(document: dict[str, Any], ruff: str) -> None:
    for one in (document, shop.openapi(), ODD):
        assert not reformatted(written(one), ruff)


def test_a_document_gives_one_text(document: dict[str, Any]) -> None:
    assert written(document) == written(document)
    assert "Made by `trivet client python`" in written(document)


@pytest.mark.slow
@pytest.mark.filterwarnings("ignore:Duplicate Operation ID")
@settings(max_examples=10, phases=[Phase.explicit, Phase.generate])
@given(routers(), documents)
def test_whatever_is_declared_gives_a_client_that_can_be_imported(
    router: Router, options: dict[str, Any]
) -> None:
    module = imported(written(document_of(router, **options)))

    assert module.Client
    assert module.AsyncClient


names = st.text(max_size=12) | st.sampled_from(
    [
        "class",
        "self",
        "model_fields",
        "_private",
        "list",
        "int",
        "Client",
        "copy",
        "a-b",
        "a_b",
        "1",
    ]
)
values = st.sampled_from(
    [
        {"type": "string"}, {"type": "integer"}, {"type": "string", "format": "date"}, {},
        {"type": "array", "items": {"type": "number"}}, {"$ref": "#/components/schemas/Other"},
        {"anyOf": [{"$ref": "#/components/schemas/Self"}, {"type": "null"}]},
        {"enum": ["a", "b-c", "", 'quote " and \' both', 1, None]}, {"const": "x\\\n"},
        {"type": "object", "properties": {"inner": {"type": "boolean", "default": True}}},
        {"type": "string", "default": 'a "text"'}, {"type": "number", "default": 1e30},
        {"type": ["string", "null"], "default": None},
        {"anyOf": [{"type": "string", "format": one} for one in ("date", "uuid", "time")]},
        {"type": "array", "default": [1.5, {"a": None}]},
        {"type": "object", "additionalProperties": {"$ref": "#/components/schemas/Self"}},
    ]
)  # fmt: skip


@pytest.mark.slow
@settings(max_examples=15, suppress_health_check=list(HealthCheck))
@given(
    properties=st.dictionaries(names, values, max_size=6),
    enum=st.lists(st.text(max_size=8), min_size=1, max_size=4, unique=True),
    text=st.text(max_size=40),
)
def test_any_names_and_texts_give_code_that_is_formatted(
    properties: dict[str, Any], enum: list[str], text: str, ruff: str
) -> None:
    schemas = {
        "Self": {"properties": properties, "required": list(properties)[:2], "description": text},
        "Other": {"type": "string", "enum": enum, "description": text},
    }

    made = written(one_schema(schemas, {"$ref": "#/components/schemas/Self"}))

    imported(made)
    assert not reformatted(made, ruff)


@pytest.mark.parametrize("length", range(1, 40, 3))
def test_fields_about_as_long_as_a_line_are_formatted(length: int, ruff: str) -> None:
    choice = {"enum": ["x" * 20, "z" * length, None]}
    names = ["1", "a-b", "model_fields", "漢字" * 5 + "a" * length, "e\u0301" * length]
    properties: dict[str, Any] = dict.fromkeys(names, choice) | {f"{name}-": {} for name in names}
    schemas = {"Self": {"properties": properties}}

    made = written(one_schema(schemas, {"$ref": "#/components/schemas/Self"}))

    assert not reformatted(made, ruff)


ODD: dict[str, Any] = {
    "openapi": "3.0.3",
    "info": {"title": 'An "odd" one\\', "version": "2"},
    "servers": [{"url": "https://api.example/v1"}],
    "security": [{"k": [], "b": []}, {"o": []}],
    "components": {
        "securitySchemes": {
            "k": {"type": "apiKey", "in": "query", "name": "key"},
            "b": {"type": "http", "scheme": "basic"},
            "o": {"type": "oauth2", "flows": {}},
        },
        "parameters": {"Page": {"in": "query", "name": "page", "schema": {"type": "integer"}}},
        "responses": {"Lost": {"description": "", "content": {"application/json": {}}}},
        "schemas": {
            "JSON": {
                "oneOf": [
                    {"type": "string"},
                    {"type": "array", "items": {"$ref": "#/components/schemas/JSON"}},
                    {
                        "type": "object",
                        "additionalProperties": {"$ref": "#/components/schemas/JSON"},
                    },
                ]
            },
            "Base": {"type": "object", "properties": {"id": {"type": "integer"}}},
            "Whole": {
                "allOf": [
                    {"$ref": "#/components/schemas/Base"},
                    {
                        "type": "object",
                        "properties": {"more": {"type": "string", "nullable": True}},
                    },
                ]
            },
            "Level": {"type": "integer", "enum": [-1, 0, 1]},
            "Client": {"type": "object", "properties": {"Any": {"type": "string"}}},
            "Open": {
                "type": "object",
                "properties": {"a": {"type": "string"}},
                "additionalProperties": True,
            },
            "AVeryLongNameOfAModelThatFillsALineByItself": {
                "type": "object",
                "properties": {
                    "another_long_name_of_a_property_in_it": {
                        "oneOf": [
                            {"$ref": "#/components/schemas/Base"},
                            {"$ref": "#/components/schemas/Whole"},
                            {"type": "string", "format": "date-time"},
                            {"type": "array", "items": {"type": "string", "format": "uuid"}},
                        ]
                    }
                },
            },
        },
    },
    "paths": {
        "/things/{the-id}": {
            "parameters": [{"$ref": "#/components/parameters/Page"}],
            "get": {
                "parameters": [
                    {"in": "path", "name": "the-id", "required": True, "schema": {}},
                    {
                        "in": "query",
                        "name": "ids",
                        "explode": False,
                        "schema": {"type": "array", "items": {"type": "integer"}},
                    },
                    {
                        "in": "query",
                        "name": "filter",
                        "style": "deepObject",
                        "explode": True,
                        "schema": {"type": "object", "properties": {"a": {"type": "string"}}},
                    },
                    {"in": "query", "name": "self", "content": {"application/json": {}}},
                ],
                "responses": {
                    "200": {
                        "description": "",
                        "content": {
                            "application/json": {"schema": {"$ref": "#/components/schemas/Whole"}}
                        },
                    },
                    "202": {
                        "description": "",
                        "content": {
                            "application/json": {
                                "schema": {
                                    "$ref": "#/components/schemas/"
                                    "AVeryLongNameOfAModelThatFillsALineByItself"
                                }
                            }
                        },
                    },
                    "203": {
                        "description": "",
                        "content": {
                            "application/json": {"schema": {"$ref": "#/components/schemas/Client"}}
                        },
                    },
                    "404": {"$ref": "#/components/responses/Lost"},
                },
            },
            "put": {
                "operationId": "close",
                "security": [],
                "parameters": [{"in": "path", "name": "the-id", "required": True, "schema": {}}],
                "requestBody": {
                    "content": {
                        "application/json": {"schema": {"$ref": "#/components/schemas/JSON"}}
                    }
                },
                "responses": {
                    "default": {
                        "description": "",
                        "content": {
                            "application/json": {"schema": {"$ref": "#/components/schemas/Open"}}
                        },
                    }
                },
            },
            "post": {
                "requestBody": {"required": True, "content": {"image/png": {}}},
                "parameters": [{"in": "path", "name": "the-id", "required": True, "schema": {}}],
                "responses": {
                    "2XX": {
                        "description": "",
                        "content": {
                            "application/json": {"schema": {"$ref": "#/components/schemas/Level"}}
                        },
                    }
                },
            },
        }
    },
}


def test_a_document_from_elsewhere_gives_a_client() -> None:
    module = imported(written(ODD))

    assert set(module.Whole.model_fields) == {"id", "more"}
    assert module.Level.MINUS_1 == -1
    assert module.Client2.model_fields
    assert module.Open(a="x", b=1).model_extra == {"b": 1}
    assert module.Client.close_2
