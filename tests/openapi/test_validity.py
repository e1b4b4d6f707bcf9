"""Whatever is declared, the document is valid OpenAPI: checked on generated applications."""

from __future__ import annotations

import json
from typing import Any

import pytest
from hypothesis import Phase, given, settings

from tests.openapi.applications import documents, routers, tenant_of
from tests.openapi.documents import check, document_of
from trivet.binding.markers import Depends
from trivet.routing.router import Router


def without_ids(document: Any) -> Any:
    """Take the operation ids out: two callbacks of one application may well have the same."""
    if isinstance(document, dict):
        return {k: without_ids(v) for k, v in document.items() if k != "operationId"}
    return [without_ids(one) for one in document] if isinstance(document, list) else document


def references(document: Any) -> set[str]:
    text = json.dumps(document)
    return {part.split('"')[0] for part in text.split('"$ref": "')[1:]}


@pytest.mark.filterwarnings("ignore:Duplicate Operation ID")
@pytest.mark.slow
@settings(max_examples=20, phases=[Phase.explicit, Phase.generate])  # shrinking takes minutes
@given(routers(), routers(), documents)
def test_every_application_has_a_valid_document(
    router: Router, inner: Router, options: dict[str, Any]
) -> None:
    router.include_router(inner, prefix="/inner", tags=["inner"], deprecated=True)
    router.include_router(inner, prefix="/{tenant}", dependencies=[Depends(tenant_of)])

    document = without_ids(document_of(router, webhooks=inner.routes, **options))

    check(document)
    known = document.get("components", {}).get("schemas", {})
    for reference in references(document):
        assert reference.removeprefix("#/components/schemas/") in known
