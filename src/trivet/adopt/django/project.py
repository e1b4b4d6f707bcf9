"""What a Django project says of itself, asked in a process of its own Python."""

from __future__ import annotations

import json
import re
import subprocess
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from trivet.errors import SetupError

__all__ = [
    "Field", "Function", "Many", "ModelFacts", "Site", "Step", "Url", "read_site", "settings_of",
]  # fmt: skip

_PROBE = Path(__file__).with_name("probe.py")
_SETTINGS = re.compile(r"""DJANGO_SETTINGS_MODULE["']?\s*[,=]\s*["']([\w.]+)["']""")
_SECONDS = 120


@dataclass(frozen=True, slots=True)
class Field:
    """A field, as Django knows it; see `probe.py`."""

    name: str
    attribute: str
    column: str
    kind: str
    value_kind: str
    is_null: bool
    is_unique: bool
    is_key: bool
    is_indexed: bool
    max_length: int | None
    digits: int | None
    places: int | None
    default: Any  # Any: a constant
    factory: str | None
    is_touched: bool
    to: str | None
    to_column: str | None
    related_name: str | None
    deletes: str | None


@dataclass(frozen=True, slots=True)
class Many:
    """A relation of many to many."""

    name: str
    to: str
    is_own_table: bool
    table: str
    from_column: str
    to_column: str


@dataclass(frozen=True, slots=True)
class ModelFacts:
    """A model, as Django knows it."""

    app: str
    name: str
    file: str
    line: int
    table: str
    is_managed: bool
    is_proxy: bool
    parents: list[str]
    fields: list[Field]
    many: list[Many]
    unique: list[list[str]]
    text: bool

    @property
    def label(self) -> str:
        """``polls.Question``."""
        return f"{self.app}.{self.name}"


@dataclass(frozen=True, slots=True)
class Step:
    """One pattern on the way to a view."""

    number: int
    """Its place among its siblings."""
    text: str
    kind: str
    """Django's class of it; empty where it is another's."""
    is_plain: bool
    """False where its text is translated."""
    kinds: dict[str, str]
    """Its converters, by the names of what they give."""
    module: str
    """The URLconf that is included here, where it is a module."""
    namespace: str
    is_given_more: bool
    """True where views get more than what is in the address."""


@dataclass(frozen=True, slots=True)
class Function:
    """A view that is a function, bare."""

    module: str
    name: str
    file: str
    line: int


@dataclass(frozen=True, slots=True)
class Url:
    """An address with its view."""

    path: str
    name: str
    view: str
    file: str
    line: int
    steps: list[Step]
    function: Function | None


@dataclass(frozen=True, slots=True)
class Site:
    """A whole project."""

    module: str
    """Of its settings."""
    settings: dict[str, Any]
    settings_file: str
    databases: dict[str, dict[str, Any]]
    models: list[ModelFacts]
    urls: list[Url]
    given: list[str]
    """Settings that the project says, and does not leave to Django."""
    has: list[str]
    """Places and secrets that are set; what they are is not told."""
    listeners: list[str]
    """What runs with each request besides Django's own."""

    @property
    def engine(self) -> str:
        """``sqlite3``, ``postgresql``, ``mysql`` or another's last word."""
        return str(self.databases.get("default", {}).get("engine", "")).rpartition(".")[2]


def settings_of(root: Path) -> str:
    """Give the name of the settings that `manage.py` uses; raises `SetupError`."""
    manage = root / "manage.py"
    found = _SETTINGS.search(manage.read_text(encoding="utf-8")) if manage.is_file() else None
    if found is None:
        raise SetupError(
            f"there is no manage.py in {root} that names the settings",
            code="adopt.no-settings",
            mend="trivet adopt django FOLDER --settings mysite.settings",
        )
    return found[1]


def read_site(root: Path, settings: str, python: str) -> Site:
    """Ask a project; it is imported in a process of `python`. Raises `SetupError` if that fails."""
    command = [python, str(_PROBE), settings]
    try:
        done = subprocess.run(
            command, cwd=root, capture_output=True, text=True, check=False, timeout=_SECONDS
        )
    except (OSError, subprocess.TimeoutExpired) as error:
        raise _broken(root, str(error)) from error
    lines = done.stdout.splitlines()
    if done.returncode != 0 or not lines:
        raise _broken(root, (done.stderr.strip().splitlines() or ["it said nothing"])[-1])
    found: Any = json.loads(lines[-1])  # Any: JSON
    models = [_model(one) for one in found["models"]]
    return Site(
        settings,
        found["settings"],
        found["settings_file"],
        found["databases"],
        models,
        [_url(one) for one in found["urls"]],
        found["given"],
        found["has"],
        found["listeners"],
    )


def _broken(root: Path, why: str) -> SetupError:
    return SetupError(
        f"the Django project in {root} could not be started: {why}",
        code="adopt.django-broke",
        mend="use the Python in which `manage.py check` runs: --python .venv/bin/python",
    )


def _url(found: dict[str, Any]) -> Url:
    function = found["function"]
    return Url(
        **found
        | {
            "steps": [Step(**one) for one in found["steps"]],
            "function": None if function is None else Function(**function),
        }
    )


def _model(found: dict[str, Any]) -> ModelFacts:
    return ModelFacts(
        **found
        | {
            "fields": [Field(**one) for one in found["fields"]],
            "many": [Many(**one) for one in found["many"]],
        }
    )
