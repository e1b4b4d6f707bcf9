"""Uploaded files: Starlette's spooled file, with a type that validation and the document know."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, BinaryIO

from pydantic import GetJsonSchemaHandler
from pydantic_core import core_schema
from starlette.datastructures import Headers
from starlette.datastructures import UploadFile as StarletteUploadFile

__all__ = ["UploadFile"]


class UploadFile(StarletteUploadFile):
    """One uploaded file: small ones stay in memory, large ones go to a temporary file.

    `file` is the open binary file, `size` its length in bytes. `read`, `write`, `seek` and `close`
    are for async handlers; a sync handler uses `file`. Trivet closes it after the answer.
    """

    file: BinaryIO
    filename: str | None
    size: int | None
    headers: Headers

    @classmethod
    def _validate(cls, value: Any, _info: Any) -> StarletteUploadFile:
        if not isinstance(value, StarletteUploadFile):
            raise ValueError(f"Expected UploadFile, received: {type(value)}")
        return value

    @classmethod
    def __get_pydantic_json_schema__(
        cls, schema: Mapping[str, Any], handler: GetJsonSchemaHandler
    ) -> dict[str, Any]:
        return {"type": "string", "contentMediaType": "application/octet-stream"}

    @classmethod
    def __get_pydantic_core_schema__(cls, source: Any, handler: Any) -> core_schema.CoreSchema:
        return core_schema.with_info_plain_validator_function(cls._validate)
