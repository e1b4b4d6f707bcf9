"""REST resources from models: ``app.include_router(resource(Post))``."""

from __future__ import annotations

from trivet.resources.access import Asking, Permissions
from trivet.resources.actions import action
from trivet.resources.declared import Resource
from trivet.resources.paging import CursorPages, NumberedPages, OffsetPages
from trivet.resources.routes import ResourceRouter, resource

__all__ = [
    "Asking",
    "CursorPages",
    "NumberedPages",
    "OffsetPages",
    "Permissions",
    "Resource",
    "ResourceRouter",
    "action",
    "resource",
]
