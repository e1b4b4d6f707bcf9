"""What `trivet check` says of a resource in an application."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

from trivet.checks import Finding, Level
from trivet.resources.access import Permissions, Ruled, permissions_in
from trivet.resources.plan import Plan

__all__ = ["findings_of"]

_READS = frozenset({"list", "read"})


def findings_of(
    plan: Plan, app: Any, *, is_open: bool, own: Permissions | None
) -> Iterator[Finding]:
    """Tell of rules that lists cannot ask, of writing that nobody can do, or everybody."""
    name, where = plan.declaration.name, plan.declaration.where
    permissions = own or permissions_in(app)
    if permissions is not None:
        yield from _unlisted(plan, permissions)
        return
    if not set(plan.operations) - _READS:
        return
    model = plan.model.__name__
    if not is_open:
        yield Finding(
            Level.WARNING,
            "resources.reading-only",
            f"{name} can be read by everybody and written by nobody: the application has no"
            " accounts that would say who may",
            f"app.use(Auth(db)), or resource({model}, open_writing=True), or"
            f' resource({model}, operations=["list", "read"])',
            where,
        )
    elif not app.debug:
        yield Finding(
            Level.WARNING,
            "resources.open-writing",
            f"{name} can be written by everybody who reaches it",
            "app.use(Auth(db)), whose rules say who may",
            where,
        )


def _unlisted(plan: Plan, permissions: Permissions) -> Iterator[Finding]:
    """Tell of rules about `view` that are no conditions: each request to the resource asks them."""
    if not isinstance(permissions, Ruled):
        return
    model = plan.model.__name__
    for rule in permissions.rules_about("view", plan.model):
        if not rule.is_filter:
            yield Finding(
                Level.ERROR,
                "resources.rule-not-for-lists",
                f"{plan.declaration.name} asks this rule about seeing {model}, and it tells of"
                " single rows alone",
                f"make it a condition: def own(user): return {model}.author_id == user.id",
                rule.place or plan.declaration.where,
            )
