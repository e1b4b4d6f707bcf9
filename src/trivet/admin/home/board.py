"""All of the first page, put together for one visit."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

from trivet.admin.declared.dashboard import Card, Chart, Figure
from trivet.admin.home.asking import Asked, Failed, Piece, all_of, takes_visit
from trivet.admin.home.drawing import drawn
from trivet.admin.home.figures import figure_of
from trivet.admin.home.lately import lately
from trivet.admin.home.series import Series, series_of
from trivet.admin.showing import Site
from trivet.admin.views import CardView, HomePage, MenuGroup
from trivet.admin.visits import Visit
from trivet.db.estimates import estimated_count
from trivet.texts import lazy

__all__ = ["Board"]

_MOST_COUNTED = 20  # models; where there are more, they have names alone
_SECONDS = 30.0  # for which a count is kept


class Board:
    """Makes the first page of a site."""

    def __init__(self, site: Site) -> None:
        self._site = site
        self._cards = site.added.cards
        self._charts = site.added.charts
        self._keeping = site.brought.keeping

    async def view(self, visit: Visit) -> HomePage:
        """Give all that the page shows; what fails is said in its place."""

        async def card(asked: Asked) -> CardView:
            assert isinstance(asked, Card), "cards alone are asked for"
            return await self._card(asked, visit)

        async def chart(asked: Asked) -> Any:
            assert isinstance(asked, Chart), "charts alone are asked for"
            key = self._key("chart", self._charts.index(asked), asked.what, visit)
            series = await self._keeping.kept(
                key, lambda: series_of(asked, visit), Series, asked.seconds
            )
            return drawn(asked, series, visit, self._site.address(visit.request, asked.link))

        async def recent(asked: Asked) -> Any:
            return await lately(self._site, visit)

        cards = await all_of(visit, self._cards, card)
        charts = await all_of(visit, self._charts, chart)
        failed = [one for one in charts if isinstance(one, Failed)]
        (found,) = await all_of(visit, [Piece("lately")], recent)
        lines = () if isinstance(found, Failed) else found
        return HomePage(
            title=self._site.title,
            cards=[
                *(_failed(one) if isinstance(one, Failed) else one for one in cards),
                *map(_failed, failed),
            ],
            charts=[one for one in charts if not isinstance(one, Failed)],
            models=await self._models(visit),
            recent=lines if self._site.history is not None else None,
        )

    async def _card(self, card: Card, visit: Visit) -> CardView:
        key = self._key("card", self._cards.index(card), card.what, visit)
        figure = await self._keeping.kept(key, lambda: figure_of(card, visit), Figure, card.seconds)
        value = figure.value
        return CardView(
            label=card.label,
            value=value if isinstance(value, str) else visit.number(value),
            hint=figure.hint or card.hint,
            url=self._site.address(visit.request, card.link),
            icon=card.icon,
            trend=figure.trend,
            tone=figure.tone,
        )

    def _key(self, kind: str, number: int, what: Any, visit: Visit) -> str:
        """Give where a value is kept: for each visitor, as each may see other rows."""
        is_alike = callable(what) and not takes_visit(what)
        who = "all" if is_alike else f"{visit.handle or visit.name}.{visit.time_zone}"
        return f"{kind}.{number}.{who}"

    async def _models(self, visit: Visit) -> list[MenuGroup]:
        groups = await self._site.menu_of_models(visit)
        wanted = [one for group in groups for one in group.entries]
        if len(wanted) > _MOST_COUNTED:
            return groups

        async def count(asked: Asked) -> tuple[str, str]:
            slug = str(asked.what)
            key = f"count.{slug}.{visit.handle or visit.name}"
            number, is_exact = await self._keeping.kept(
                key, lambda: self._counted(slug, visit), tuple[int, bool], asked.seconds
            )
            return slug, visit.counted(number, is_exact=is_exact)

        found = await all_of(
            visit, [Piece(one.label, one.slug, seconds=_SECONDS) for one in wanted], count
        )
        counts = dict(one for one in found if not isinstance(one, Failed))
        return [
            MenuGroup(
                group.label,
                [replace(one, count=counts.get(one.slug, "")) for one in group.entries],
            )
            for group in groups
        ]

    async def _counted(self, slug: str, visit: Visit) -> tuple[int, bool]:
        plan = self._site.plan.models[slug]
        total = await estimated_count(await visit.may.reachable("view", plan.query()))
        return total.number, total.exact


def _failed(one: Failed) -> CardView:
    hint = lazy("This took too long.") if one.is_late else lazy("This could not be computed.")
    return CardView(label=one.label, value="\N{EN DASH}", hint=hint, icon="warn", tone="bad")
