"""Where the page of a list is, in words and links."""

from __future__ import annotations

from collections.abc import Callable, Sequence

from trivet.admin.listing.rows import Found
from trivet.admin.listing.state import SIZES, ListState
from trivet.admin.views import Option, Pager
from trivet.texts import lazy

__all__ = ["pager_of"]

_NEAR = 2  # numbered pages on either side of this one


def pager_of(state: ListState, found: Found, number: Callable[[int], str]) -> Pager:
    """Give the pager of a page that was found; `number` writes numbers."""
    values = {
        "first": number(found.first + 1 if found.rows else 0),
        "last": number(found.first + len(found.rows)),
        "total": number(found.total.number),
    }
    if found.total.exact:
        shown = lazy("%(first)s to %(last)s of %(total)s", **values)
    else:
        shown = lazy("%(first)s to %(last)s of about %(total)s", **values)
    sizes = [Option(str(one), state.url(size=one), one == state.size) for one in SIZES]
    return Pager(
        shown,
        first_url=state.url() if found.previous is not None else "",
        previous_url="" if found.previous is None else state.url(**found.previous),
        next_url="" if found.following is None else state.url(**found.following),
        numbers=_numbers(state, found) if found.is_numbered else (),
        sizes=sizes,
    )


def _numbers(state: ListState, found: Found) -> Sequence[Option]:
    last = max(-(-found.total.number // state.size), 1)
    if last == 1:
        return ()
    page = min(state.page, last)
    near = {1, last, *range(max(page - _NEAR, 1), min(page + _NEAR, last) + 1)}
    options: list[Option] = []
    for before, one in zip([0, *sorted(near)], sorted(near), strict=False):
        if one - before > 1:
            options.append(Option("…", ""))
        options.append(Option(str(one), state.url(page=one), one == page))
    return options
