"""The built site has an index, a whole and each page for readers that are models."""

from __future__ import annotations

from pathlib import Path

import pytest

from publishing.llms_txt import main

CONFIG = """
[project]
site_name = "Shop"
site_description = "How to run a shop."
docs_dir = "docs"
site_dir = "site"
nav = [
    { "Shop" = "index.md" },
    { "How to" = ["how-to/index.md", { "Money" = ["how-to/prices.md"] }] },
    { "Reference" = "reference.md" },
]
"""
PAGES = {
    "index.md": "# Shop\n\nA [shop](how-to/index.md) for\nrecords. It is small.\n",
    "how-to/index.md": "# How to\n\n- [Prices](prices.md)\n",
    "how-to/prices.md": (
        "# `Price` and tax\n\n```python\nprice = 1\n```\n\nWrite prices like this:\n"
    ),
    "reference.md": "No heading, one line",
}


def make(folder: Path) -> Path:
    for name, text in {
        "zensical.toml": CONFIG,
        **{f"docs/{k}": v for k, v in PAGES.items()},
    }.items():
        (folder / name).parent.mkdir(parents=True, exist_ok=True)
        (folder / name).write_text(text, encoding="utf-8")
    return folder


@pytest.fixture
def site(tmp_path: Path) -> Path:
    folder = make(tmp_path)
    (folder / "site").mkdir()
    main(folder)
    return folder / "site"


def test_the_index_has_a_sentence_on_each_page(site: Path) -> None:
    assert (site / "llms.txt").read_text() == (
        "# Shop\n\n"
        "> How to run a shop.\n\n"
        "- [Shop](index.md): A shop for records.\n"
        "- [reference.md](reference.md): No heading, one line\n"
        "\n## How to\n\n"
        "- [How to](how-to/index.md)\n"
        "- [Price and tax](how-to/prices.md): Write prices like this\n"
    )


def test_each_page_is_there_as_it_was_written(site: Path) -> None:
    for name, text in PAGES.items():
        assert (site / name).read_text() == text


def test_the_whole_has_all_pages_in_the_order_of_the_navigation(site: Path) -> None:
    whole = (site / "llms-full.txt").read_text()

    places = [whole.index(f"<!-- {name} -->\n\n{text.strip()}") for name, text in PAGES.items()]
    assert places == sorted(places)


def test_a_site_that_was_not_built_is_told_how_to_build_it(tmp_path: Path) -> None:
    with pytest.raises(SystemExit, match="make docs"):
        main(make(tmp_path))
