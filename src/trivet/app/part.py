"""Everything that a battery may add to an application, on one page.

A part is an object with a name and any of the attributes below; `app.use(part)` reads them once
and keeps nothing else. Ours and other people's are written against this page alone.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from contextlib import AbstractAsyncContextManager
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

from trivet.checks import Finding
from trivet.middleware.hook import Hook
from trivet.routing.around import Around
from trivet.routing.enclosing import Enclosing
from trivet.routing.router import Router
from trivet.watching import Gauge, Probe, Watcher

if TYPE_CHECKING:
    from trivet.app.application import App

__all__ = ["CommandGroup", "Link", "Part"]


@dataclass(frozen=True)
class CommandGroup:
    """Commands under one word: ``trivet jobs list``; the functions are those of `Part.commands`."""

    name: str
    help: str
    commands: Mapping[str, Callable[..., Any]]
    """By the word that stands behind the group's."""


@dataclass(frozen=True)
class Link:
    """An address of a part's at which people look, for pages that lead there."""

    title: str
    path: str
    """Below the application: ``/admin/``."""
    about: str = ""
    """What is there, in one sentence."""
    is_development: bool = False
    """Whether it is there in debug alone."""


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

    def enclosing(self) -> Enclosing | None:
        """Give what encloses each typed route, or None; that of the first part is outermost.

        It stands outside what handlers declare for themselves, and inside the hooks.
        """
        return None

    def once_committed(self, function: Callable[[], Any]) -> bool:
        """Call a function once what is being written here is committed; never if it is not.

        Asked by other parts, in the task that writes. Gives False where nothing is being written:
        the function is not called then.
        """
        return False

    def lifespan(self, app: App) -> AbstractAsyncContextManager[Any] | None:
        """Give what is opened when the app starts and closed when it stops, or None."""
        return None

    def serving(self, app: App) -> AbstractAsyncContextManager[Any] | None:
        """Give what runs while the app serves, or None: opened behind its own lifespan, and
        closed before it, so that it finds there what that has made.
        """
        return None

    def probes(self) -> Sequence[Probe]:
        """Give what to ask whether the application is ready: is the database there?"""
        return ()

    def gauges(self) -> Sequence[Gauge]:
        """Give numbers that are read when metrics are: the length of a queue, a pool's use."""
        return ()

    def watch(self, watcher: Watcher) -> None:
        """Tell `watcher` what this part does from now on; nobody watches unless this is called."""

    def links(self) -> Sequence[Link]:
        """Give the addresses at which people look at what this part shows, the first one first.

        Asked for when a page shows them: what is not there at that time is left out.
        """
        return ()

    def checks(self, app: App) -> Sequence[Finding]:
        """Give what `trivet check` should say about this part in `app`."""
        return ()

    def deploy_checks(self, app: App) -> Sequence[Finding]:
        """Give what `trivet check --deploy` should say besides: what production lacks."""
        return ()

    def commands(self) -> Sequence[Any]:  # Any: no type of the command line's is known here
        """Give what becomes commands of `trivet`.

        Each is a function, sync or async, whose parameters become arguments and options as Typer
        reads them (those before a `/` are always arguments); a `CommandGroup` of such functions; a
        `typer.Typer()`; or a command or group of Typer's or Click's. A function's name with dashes
        is the command's. They run without a server and without the lifespan.
        """
        return ()

    def exception_handlers(self) -> dict[Any, Callable[..., Any]]:
        """Give handlers for statuses and exception classes; the app's own come first."""
        return {}

    def security_schemes(self) -> Mapping[str, Mapping[str, Any]]:  # Any: JSON
        """Give the schemes by which a client says who it is, for the OpenAPI document.

        By name, OpenAPI's Security Scheme Objects; asked for when the document is made. They stand
        at each operation with a dependency that is a `PartsScheme`.
        """
        return {}

    def template_folders(self) -> Sequence[str | Path]:
        """Give folders of templates; a page of the same name in the user's own is shown instead."""
        return ()

    def template_functions(self) -> Mapping[str, Callable[..., Any]]:
        """Give functions that every template may call, by their names there.

        One whose first parameter is called `request` is given the request that is answered, or None
        outside of one; a template does not pass it. Four give translations, if they are there:
        `gettext`, `ngettext`, `pgettext` and `npgettext`, with `request` first.
        """
        return {}

    def static_folders(self) -> Sequence[str | Path]:
        """Give folders of static files; the user's own file of the same name is served instead."""
        return ()

    def locale_folders(self) -> Sequence[str | Path]:
        """Give folders of catalogues, ``de/LC_MESSAGES/shop.po`` in them; the user's come first.

        The texts of a part are in English; `trivet.i18n` reads them.
        """
        return ()
