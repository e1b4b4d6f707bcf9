"""Which variables an application reads: the fields of its settings classes.

Only classes whose module lies in the project are looked at; nothing is read from outside.
"""

from __future__ import annotations

import sys
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any, get_args

from pydantic import SecretBytes, SecretStr
from pydantic.fields import FieldInfo

from trivet.settings import Settings

__all__ = ["Variable", "own_modules", "variables_in"]


@dataclass(frozen=True, slots=True)
class Variable:
    """One setting, by the name that it has in the environment."""

    name: str
    is_secret: bool
    is_required: bool
    is_flag: bool = False
    default: str = ""


def own_modules(folder: Path) -> Iterator[tuple[Any, Path]]:  # Any: modules
    """Give the modules of the project that are imported, and their files."""
    for module in list(sys.modules.values()):
        file = getattr(module, "__file__", None)
        if not isinstance(file, str) or not file.endswith(".py"):
            continue
        path = Path(file).resolve()
        if path.is_relative_to(folder) and "site-packages" not in path.parts:
            yield module, path


def variables_in(folder: Path) -> list[Variable]:
    """Give what the settings of the project read, each variable once, in the fields' order."""
    found: dict[str, Variable] = {}
    for module, _ in own_modules(folder):
        for value in list(vars(module).values()):
            is_own = isinstance(value, type) and issubclass(value, Settings)
            if is_own and value.__module__ == module.__name__:
                for name, field in value.model_fields.items():
                    variable = _variable(value, name, field)
                    found.setdefault(variable.name, variable)
    return list(found.values())


def _variable(settings: type[Settings], name: str, field: FieldInfo) -> Variable:
    prefix = settings.model_config.get("env_prefix") or ""
    alias = field.validation_alias
    kinds = {field.annotation, *get_args(field.annotation)}
    default = field.get_default(call_default_factory=False)
    is_secret = bool(kinds & {SecretStr, SecretBytes})
    return Variable(
        alias if isinstance(alias, str) else f"{prefix}{name}".upper(),
        is_secret=is_secret,
        is_required=field.is_required(),
        is_flag=bool in kinds,
        default=default if isinstance(default, str) and not is_secret else "",
    )
