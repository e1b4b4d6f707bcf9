"""Documents in tests: made from a router, and checked against OpenAPI's own meta-schema."""

from __future__ import annotations

import json
from typing import Any

from openapi_spec_validator import OpenAPIV31SpecValidator, OpenAPIV32SpecValidator

from trivet.openapi.document import get_openapi
from trivet.routing.router import Router


def document_of(router: Router, **options: Any) -> dict[str, Any]:
    """Give the document of `router`, after a way through JSON."""
    made = get_openapi(**{"title": "Test", "version": "1", "routes": router.routes, **options})
    found: dict[str, Any] = json.loads(json.dumps(made, allow_nan=False))
    return found


def check(document: dict[str, Any]) -> dict[str, Any]:
    """Give `document` back if it is valid OpenAPI; raises the validator's first error.

    A stream's `itemSchema` is a word of OpenAPI 3.2, so documents that have one are checked by it.
    """
    if "itemSchema" in json.dumps(document):
        OpenAPIV32SpecValidator({**document, "openapi": "3.2.0"}).validate()
    else:
        OpenAPIV31SpecValidator(document).validate()
    return document
