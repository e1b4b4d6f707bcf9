"""Observation as a part: ``app.use(Observe())``.

What is seen is told by the application and its parts (`trivet.watching`); this part decides who
listens to it, and where one may ask.
"""

from __future__ import annotations

import logging
from collections.abc import AsyncIterator, Sequence
from contextlib import AbstractAsyncContextManager, asynccontextmanager
from typing import Any

from trivet.app.application import App
from trivet.app.part import Link, Part
from trivet.checks import Finding, Level
from trivet.observe.health import Health, Vitals
from trivet.observe.metrics import Figures, Metrics, is_one_of_several
from trivet.observe.readers import Readers
from trivet.observe.slow import Queries, QueryReports
from trivet.routing.router import Router
from trivet.watching import Gauge, Probe

__all__ = ["Observe"]

_log = logging.getLogger("trivet.observe")


class Observe(Part):
    """Health, figures and reports on queries; None for what is not wanted.

    `metrics` needs the extra `observe`. `readers` are those who may see figures, and why something
    is not ready: by default requests from this machine that no proxy has forwarded.
    """

    name = "observe"

    def __init__(
        self,
        *,
        health: Health | None = Health(),  # noqa: B008  # frozen
        metrics: Metrics | None = Metrics(),  # noqa: B008  # frozen
        queries: Queries | None = Queries(),  # noqa: B008  # frozen
        readers: Readers = Readers(),  # noqa: B008  # frozen
    ) -> None:
        self.readers = readers
        self.vitals = None if health is None else Vitals(health, self._probes)
        self.figures = None if metrics is None else Figures(metrics, self._gauges)
        self.reports = None if queries is None else QueryReports(queries)
        self._app: App | None = None
        self._asked_of: tuple[int, Sequence[Probe]] = (-1, ())

    @property
    def registry(self) -> Any:  # Any: prometheus-client is loaded by those who want it
        """The `CollectorRegistry`, for figures of one's own; raises `AttributeError` without one.

        ``orders = Counter("orders", "Orders placed.", registry=observe.registry)``
        """
        if self.figures is None:
            raise AttributeError("Observe(metrics=None) has no registry")
        return self.figures.registry

    def install(self, app: App) -> None:
        """Begin to watch the application."""
        self._app = app
        if self.figures is not None:
            app.watch(self.figures.tallies)
        if self.reports is not None:
            app.watch(self.reports)

    def router(self) -> Router:
        """Give the routes of health and figures."""
        router = Router(include_in_schema=False)
        for one in (self.vitals, self.figures):
            if one is not None:
                router.include_router(one.router(self.readers))
        return router

    def links(self) -> Sequence[Link]:
        """Give where one asks whether the application is ready, and its figures."""
        found = []
        if self.vitals is not None and self.vitals.options.ready is not None:
            about = "Whether what the application stands on is there."
            found.append(Link("Readiness", self.vitals.options.ready, about))
        if self.figures is not None:
            found.append(Link("Metrics", self.figures.options.path, "Figures for Prometheus."))
        return found

    def serving(self, app: App) -> AbstractAsyncContextManager[Any]:
        """Hear of the wish to stop while the application serves."""
        return self._serving()

    @asynccontextmanager
    async def _serving(self) -> AsyncIterator[None]:
        # Who develops has the reloader for a parent, and one worker.
        debug = self._app is not None and self._app.debug
        if self.figures is not None and not debug and is_one_of_several():
            _log.warning(
                "%s shows the figures of one of several workers, whichever is asked; let each"
                " worker be a process with an address of its own, or see the page on observation",
                self.figures.options.path,
            )
        if self.vitals is None:
            yield
            return
        # Nobody who develops wants to wait for the next version of the code.
        async with self.vitals.draining(0.0 if debug else self.vitals.options.drain):
            yield

    def checks(self, app: App) -> Sequence[Finding]:
        """Tell who may see figures where that is more than this machine."""
        if "0.0.0.0/0" in self.readers.addresses or "::/0" in self.readers.addresses:
            return [
                Finding(
                    Level.WARNING,
                    "observe.everybody",
                    "everybody may see figures, and why something is not ready",
                    'Readers(addresses=["10.0.0.0/8"]), or Readers(token=…)',
                )
            ]
        return ()

    # -- of all parts ----------------------------------------------------------------------------

    def _parts(self) -> list[Part]:
        return [] if self._app is None else list(self._app.parts.values())

    def _probes(self) -> Sequence[Probe]:
        parts = self._parts()
        if self._asked_of[0] != len(parts):
            found = [probe for part in parts for probe in part.probes()]
            self._asked_of = (len(parts), found)
        return self._asked_of[1]

    def _gauges(self) -> Sequence[Gauge]:
        return [gauge for part in self._parts() for gauge in part.gauges()]
