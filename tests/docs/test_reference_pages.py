"""The reference that is made of docstrings says what each public name is."""

from __future__ import annotations

from pathlib import Path

import pytest

from publishing.reference import write_reference


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    made = tmp_path_factory.mktemp("api")
    write_reference(made)
    return made


def test_every_battery_has_a_page_that_the_index_links(folder: Path) -> None:
    index = (folder / "index.md").read_text()

    for name in ("trivet", "trivet.db", "trivet.auth", "trivet.admin", "trivet.jobs"):
        assert (folder / f"{name}.md").exists()
        assert f"[`{name}`]({name}.md)" in index


def test_a_class_stands_with_its_form_its_purpose_and_its_methods(folder: Path) -> None:
    page = (folder / "trivet.jobs.md").read_text()

    assert "## `Job` { #job }" in page
    assert "What `@job` makes of a function" in page
    assert "### async `enqueue(*args: P.args, **kwargs: P.kwargs) -> Queued[R]`" in page


def test_no_page_has_an_example_that_no_test_would_run(folder: Path) -> None:
    assert not [page.name for page in folder.iterdir() if "```python" in page.read_text()]
