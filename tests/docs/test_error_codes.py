"""Every code of an error or finding is on the page of errors, and every code on it exists."""

from __future__ import annotations

import ast
import re
from pathlib import Path

REPOSITORY = Path(__file__).parents[2]
SOURCE = REPOSITORY / "src" / "trivet"
PAGE = REPOSITORY / "docs" / "reference" / "errors.md"

# Functions that take a code as an argument of their own, and the place of it.
POSITIONS = {"Finding": 1, "Told": 0, "fail": 1}
CODE = re.compile(r"[a-z0-9]+(\.[a-z0-9-]+)?")


def codes_in(text: str) -> set[str]:
    """Give the codes that a module's text names: `code="…"` in a call or as a default."""
    found: set[str] = set()
    for node in ast.walk(ast.parse(text)):
        given: list[ast.expr | None] = []
        if isinstance(node, ast.Call):
            given += [keyword.value for keyword in node.keywords if keyword.arg == "code"]
            name = getattr(node.func, "attr", getattr(node.func, "id", ""))
            if name in POSITIONS:
                given += node.args[POSITIONS[name] : POSITIONS[name] + 1]
        elif isinstance(node, ast.FunctionDef):
            names = [argument.arg for argument in node.args.kwonlyargs]
            defaults = zip(names, node.args.kw_defaults, strict=True)
            given += [default for argument, default in defaults if argument == "code"]
        for value in given:
            if isinstance(value, ast.Constant) and isinstance(value.value, str):
                found.add(value.value)
    return {code for code in found if CODE.fullmatch(code)}


def codes_on(page: str) -> list[str]:
    """Give the codes in the first column of a page's tables, in order."""
    return re.findall(r"^\| `([a-z0-9.-]+)` \|", page, re.MULTILINE)


def raised_codes() -> set[str]:
    found: set[str] = set()
    for path in SOURCE.rglob("*.py"):
        found |= codes_in(path.read_text(encoding="utf-8"))
    return found


def test_every_code_is_documented() -> None:
    missing = raised_codes() - set(codes_on(PAGE.read_text(encoding="utf-8")))

    assert not missing, f"write about them in {PAGE.name}: {', '.join(sorted(missing))}"


def test_every_documented_code_exists() -> None:
    unknown = set(codes_on(PAGE.read_text(encoding="utf-8"))) - raised_codes()

    assert not unknown, f"nothing has these codes of {PAGE.name}: {', '.join(sorted(unknown))}"


def test_no_code_is_documented_twice() -> None:
    codes = codes_on(PAGE.read_text(encoding="utf-8"))

    assert len(codes) == len(set(codes))


def test_codes_are_found_wherever_they_are_given() -> None:
    text = (
        'def __init__(self, what, *, code="setup"): ...\n'
        'raise Wrong("text", code="a.one")\n'
        'Finding(Level.ERROR, "a.two", "text")\n'
        'self.fail("text", "a.three", "mend")\n'
        'Finding(Level.ERROR, given, "a.four")\n'
        'print("a.five", color="a.six")\n'
    )

    assert codes_in(text) == {"setup", "a.one", "a.two", "a.three"}


def test_codes_of_a_page_are_read_from_the_first_column() -> None:
    page = "| code | what |\n| --- | --- |\n| `a.one` | not `a.two` |\ntext `a.three`\n"

    assert codes_on(page) == ["a.one"]
