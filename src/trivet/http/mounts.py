"""Where an application is mounted, which links to its own pages begin with."""

from __future__ import annotations

from trivet.http.exchange import Scope

__all__ = ["mount_of"]


def mount_of(scope: Scope) -> str:
    """Give the path under which the application of `scope` is served, without a last slash."""
    return str(scope.get("app_root_path", scope.get("root_path", ""))).rstrip("/")
