"""`fastapi.datastructures`."""

from __future__ import annotations

from starlette.datastructures import URL, Address, FormData, Headers, QueryParams, State

from trivet.http.uploads import UploadFile
from trivet.routing.options import Default
from trivet.routing.options import Default as DefaultPlaceholder

__all__ = [
    "URL",
    "Address",
    "Default",
    "DefaultPlaceholder",
    "FormData",
    "Headers",
    "QueryParams",
    "State",
    "UploadFile",
]
