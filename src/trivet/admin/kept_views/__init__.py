"""Lists under a name: filters, columns, order and density, for oneself or for everybody."""

from __future__ import annotations

from trivet.admin.kept_views.keeping import KeptViews, View
from trivet.admin.kept_views.tables import views_in

__all__ = ["KeptViews", "View", "views_in"]
