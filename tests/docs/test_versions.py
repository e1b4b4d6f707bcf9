"""The README names the versions of Python that the package says it was tested on."""

from __future__ import annotations

import re
import tomllib
from pathlib import Path

REPOSITORY = Path(__file__).parents[2]


def test_readme_names_the_pythons_of_the_package() -> None:
    project = tomllib.loads((REPOSITORY / "pyproject.toml").read_text())["project"]
    prefix = "Programming Language :: Python :: 3."
    declared = [one.removeprefix(prefix[:-2]) for one in project["classifiers"] if prefix in one]

    sentence = re.search(r"Every test was run on CPython ([\d., and]+) on Linux", readme())

    assert sentence is not None
    assert re.findall(r"3\.\d+", sentence[1]) == declared
    assert project["requires-python"] == f">={declared[0]}"


def readme() -> str:
    return (REPOSITORY / "README.md").read_text().replace("\n", " ")
