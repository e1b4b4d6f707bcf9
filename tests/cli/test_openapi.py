"""The document is written as JSON or YAML, and compared for scripts."""

from __future__ import annotations

import json

import yaml

from tests.cli.shop import SHOP
from tests.cli.typed import Trivet, Write


def test_document_goes_to_standard_output_as_json(trivet: Trivet, write: Write) -> None:
    write({"main.py": SHOP})

    done = trivet("openapi")

    assert done.code == 0, done.err
    document = json.loads(done.out)
    assert document["info"]["title"] == "Shop"
    assert set(document["paths"]) == {"/items/{number}", "/items"}


def test_ending_of_the_file_decides_the_form(trivet: Trivet, write: Write) -> None:
    folder = write({"main.py": SHOP})

    trivet("openapi", "--output", "docs/api.json")
    trivet("openapi", "-o", "docs/api.yaml")

    as_json = json.loads((folder / "docs" / "api.json").read_text())
    assert yaml.safe_load((folder / "docs" / "api.yaml").read_text()) == as_json


def test_form_may_be_named(trivet: Trivet, write: Write) -> None:
    write({"main.py": SHOP})

    done = trivet("openapi", "--format", "yaml")

    assert yaml.safe_load(done.out)["info"]["title"] == "Shop"


def test_file_that_is_up_to_date_passes_the_check(trivet: Trivet, write: Write) -> None:
    write({"main.py": SHOP})
    for name in ("api.json", "api.yaml"):
        trivet("openapi", "--output", name)

        assert trivet("openapi", "--check", name).code == 0


def test_file_that_differs_fails_the_check_and_the_difference_is_shown(
    trivet: Trivet, write: Write
) -> None:
    folder = write({"main.py": SHOP})
    trivet("openapi", "--output", "api.json")
    write({"main.py": SHOP.replace('title="Shop"', 'title="Market"')})

    done = trivet("openapi", "--check", "api.json")

    assert done.code == 1
    assert '-    "title": "Shop"' in done.err
    assert '+    "title": "Market"' in done.err
    assert "Shop" in (folder / "api.json").read_text()


def test_file_that_is_not_there_fails_the_check(trivet: Trivet, write: Write) -> None:
    write({"main.py": SHOP})

    done = trivet("openapi", "--check", "nowhere.json")

    assert done.code == 1
    assert "Missing: nowhere.json" in done.err


def test_unknown_form_is_a_usage_error(trivet: Trivet) -> None:
    assert trivet("openapi", "--format", "xml").code == 2
