"""What a part adds to an application, read from it once."""

from __future__ import annotations

from typing import TYPE_CHECKING

from trivet.app.part import Part

if TYPE_CHECKING:
    from trivet.app.application import App

__all__ = ["add_part"]


def add_part(app: App, part: Part) -> None:
    """Add all that a part has to the application, of which it is one already."""
    watchers = tuple(app.watchers)  # who begins to watch by `install` is told of this part too
    part.install(app)
    app.hooks.extend(part.hooks())
    around = part.around()
    if around is not None:
        app.arounds.append(around)
    enclosing = part.enclosing()
    if enclosing is not None:
        app.enclosings.append(enclosing)
    for key, handler in part.exception_handlers().items():
        app.exception_handlers.setdefault(key, handler)
    router = part.router()
    if router is not None:
        app.include_router(router)
    for watcher in watchers:
        part.watch(watcher)
    app._changed()
