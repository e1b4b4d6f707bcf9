"""Everything that a battery may add to an application, on one page.

A part is an object with a name and any of the attributes below; `app.use(part)` reads them once
and keeps nothing else. Ours and other people's are written against this page alone.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from contextlib import AbstractAsyncContextManager
from typing import TYPE_CHECKING, Any

from trivet.checks import Finding
from trivet.middleware.hook import Hook
from trivet.routing.around import Around
from trivet.routing.router import Router

if TYPE_CHECKING:
    from trivet.app.application import App

__all__ = ["Part"]


class Part:
    """One battery: subclass it, or give any object that has the same attributes.

    `requires` are parts that must be there too: `app.use` installs them first, once for each type.
    An application has one part of a type, unless `may_be_several`: then each object is one.
    """

    name: str = ""
    requires: Sequence[Part] = ()
    may_be_several: bool = False

    def install(self, app: App) -> None:
        """Do at installation what the attributes cannot say; the rest is read after it."""

    def router(self) -> Router | None:
        """Give the part's routes, or None."""
        return None

    def hooks(self) -> Sequence[Hook]:
        """Give the hooks around every request, outermost first."""
        return ()

    def around(self) -> Around | None:
        """Give what is opened before each handler that may wait and closed behind it, or None."""
        return None

    def lifespan(self, app: App) -> AbstractAsyncContextManager[Any] | None:
        """Give what is opened when the app starts and closed when it stops, or None."""
        return None

    def checks(self, app: App) -> Sequence[Finding]:
        """Give what `trivet check` should say about this part in `app`."""
        return ()

    def commands(self) -> Sequence[Any]:  # Any: no type of the command line's is known here
        """Give what becomes commands of `trivet`.

        Each is a function, sync or async, whose parameters become arguments and options as Typer
        reads them (those before a `/` are always arguments); a `typer.Typer()`; or a command or
        group of Typer's or Click's. A function's name with dashes is the command's. They run
        without a server and without the lifespan.
        """
        return ()

    def exception_handlers(self) -> dict[Any, Callable[..., Any]]:
        """Give handlers for statuses and exception classes; the app's own come first."""
        return {}
