"""`fastapi.utils`."""

from __future__ import annotations

import re
import warnings
from typing import Any, Literal

from pydantic.fields import FieldInfo
from pydantic_core import PydanticUndefined

from trivet.errors import TrivetDeprecationWarning
from trivet.routing.options import chosen as get_value_or_default
from trivet.routing.options import generate_unique_id
from trivet.routing.options import has_body as is_body_allowed_for_status_code
from trivet.schema.field import Field

__all__ = [
    "create_model_field",
    "deep_dict_update",
    "generate_operation_id_for_path",
    "generate_unique_id",
    "get_path_param_names",
    "get_value_or_default",
    "is_body_allowed_for_status_code",
]


def get_path_param_names(path: str) -> set[str]:
    """Give what stands in the braces of `path`, convertors included."""
    return set(re.findall(r"{(.*?)}", path))


def deep_dict_update(main_dict: dict[Any, Any], update_dict: dict[Any, Any]) -> None:
    """Merge `update_dict` into `main_dict`: dictionaries into dictionaries, lists after lists."""
    for key, value in update_dict.items():
        found = main_dict.get(key)
        if isinstance(found, dict) and isinstance(value, dict):
            deep_dict_update(found, value)
        elif isinstance(found, list) and isinstance(value, list):
            main_dict[key] = found + value
        else:
            main_dict[key] = value


def create_model_field(
    name: str,
    type_: Any,
    default: Any = PydanticUndefined,
    field_info: FieldInfo | None = None,
    alias: str | None = None,
    mode: Literal["validation", "serialization"] = "validation",
) -> Field:
    """Describe a value of a type; raises `DeclarationError` for what Pydantic cannot describe."""
    info = field_info or FieldInfo(annotation=type_, default=default, alias=alias)
    return Field(name, info, mode=mode)


def generate_operation_id_for_path(*, name: str, path: str, method: str) -> str:
    """Give the id that an operation had by default; long deprecated."""
    warnings.warn(
        "fastapi.utils.generate_operation_id_for_path() was deprecated, it is not used"
        " internally, and will be removed soon",
        category=TrivetDeprecationWarning,
        stacklevel=2,
    )
    return re.sub(r"\W", "_", f"{name}{path}") + f"_{method.lower()}"
