"""OpenAPI documents in files, as JSON or YAML."""

from __future__ import annotations

import importlib
import json
import sys
from pathlib import Path
from typing import Any

from trivet.errors import MissingExtraError, SetupError

__all__ = ["read_document"]

# By name, for the few runs that read one: Trivet writes YAML without a library.
_YAML = "yaml"


def read_document(name: str) -> Any:  # Any: JSON
    """Give what is in a file, or in standard input for `-`; JSON, or YAML where it is none.

    Raises `SetupError` for a file that is not there or is neither.
    """
    text = _text(name)
    try:
        return json.loads(text)
    except ValueError as error:
        if name.endswith(".json"):
            raise _unreadable(name, f"it is no JSON: {error}") from error
    try:
        reader: Any = importlib.import_module(_YAML)  # Any: see _YAML
    except ImportError as error:
        raise MissingExtraError("pyyaml", "yaml", what="reading a YAML document") from error
    try:
        return _texts(reader.safe_load(text))
    except reader.YAMLError as error:
        raise _unreadable(name, f"it is no YAML: {error}") from error


def _texts(value: Any) -> Any:
    """Give YAML as JSON has it: keys are texts (a status too), and so are moments."""
    if isinstance(value, dict):
        return {str(key): _texts(one) for key, one in value.items()}
    if isinstance(value, list):
        return [_texts(one) for one in value]
    if value is None or isinstance(value, str | int | float | bool):
        return value
    return value.isoformat() if hasattr(value, "isoformat") else str(value)


def _text(name: str) -> str:
    if name == "-":
        return sys.stdin.read()
    try:
        return Path(name).read_text(encoding="utf-8")
    except (OSError, UnicodeDecodeError) as error:
        raise _unreadable(name, str(error)) from error


def _unreadable(name: str, why: str) -> SetupError:
    return SetupError(
        f"the document {name!r} cannot be read: {why}",
        code="cli.document",
        mend="a file of JSON or YAML; `trivet openapi --output openapi.json` writes one",
    )
