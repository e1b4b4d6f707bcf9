"""What an application brings to a site of the admin: found once, when all of it is there."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from importlib import import_module
from typing import TYPE_CHECKING, Any, TypeVar

from trivet.admin.by_accounts import ByAccounts
from trivet.admin.declared.model_admin import ModelAdmin
from trivet.admin.home.asking import Keeping
from trivet.admin.live import Live
from trivet.admin.plan import SitePlan, plan_of
from trivet.admin.writing import Functions, functions_of
from trivet.app.part import Part
from trivet.cache import Cache
from trivet.db import Database
from trivet.realtime import Realtime
from trivet.storage import Media, Storage

if TYPE_CHECKING:
    from trivet.admin.showing import Site

__all__ = ["Brought", "bring"]

Kind = TypeVar("Kind", bound=Part)

# By their names: their modules want libraries that an application without them may lack.
_BACKGROUND = "trivet.admin.acting.background"
_IMPERSONATION = "auth.impersonation"


@dataclass(frozen=True, slots=True)
class Brought:
    """The models of a site, and what the other parts of the application do for it."""

    plan: SitePlan
    keeping: Keeping
    """Keeps figures of the first page and the menu."""
    functions: Functions
    """Write numbers and moments as a reader's language has them; empty without `trivet.i18n`."""
    storage: Storage | None
    """Where files of columns are kept that say no other place."""
    acting: Any
    """The application's `Impersonation`; None where nobody acts as another."""
    background: Any
    """Lets actions go on as jobs; None where the application has none."""
    live: Live | None
    """Tells lists of changes; None where nothing does."""


def bring(
    site: Site,
    admins: Iterable[ModelAdmin],
    parts: Mapping[Any, Part],
    *,
    reflects: Database | None,
    is_live: bool,
) -> Brought:
    """Read what was declared, and find what the application has for it; raises `SetupError`."""
    plans = [plan_of(one) for one in admins]
    media = _first(parts, Media)
    jobs = _named(parts, "jobs")
    by_accounts = isinstance(site.access, ByAccounts)
    live = None
    realtime = _first(parts, Realtime)
    if realtime is not None and is_live:
        live = Live(realtime, site)
        databases = [one for one in parts.values() if isinstance(one, Database)]
        live.watch(plans, databases if reflects is None else [*databases, reflects])
    return Brought(
        plan=SitePlan({plan.slug: plan for plan in plans}),
        keeping=Keeping(_first(parts, Cache), site.path),
        functions=functions_of(list(parts.values())),
        storage=None if media is None else media.storage,
        acting=_named(parts, _IMPERSONATION),
        background=(
            import_module(_BACKGROUND).Background(site, jobs)
            if jobs is not None and by_accounts
            else None
        ),
        live=live,
    )


def _first(parts: Mapping[Any, Part], kind: type[Kind]) -> Kind | None:
    return next((one for one in parts.values() if isinstance(one, kind)), None)


def _named(parts: Mapping[Any, Part], name: str) -> Any:
    return next((one for one in parts.values() if one.name == name), None)
