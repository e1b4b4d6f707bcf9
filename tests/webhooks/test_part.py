"""What webhooks say of themselves to `trivet check`."""

from __future__ import annotations

from trivet import App
from trivet.db import Database
from trivet.jobs import Jobs
from trivet.webhooks import Destinations, Webhooks


def codes(app: App, destinations: Destinations) -> list[str]:
    webhooks = Webhooks(Jobs(Database("sqlite://")), destinations=destinations)
    return [finding.code for finding in webhooks.checks(app)]


def test_plain_http_is_a_finding_outside_development() -> None:
    assert codes(App(), Destinations(allow_http=True)) == ["webhooks.http"]
    assert codes(App(debug=True), Destinations(allow_http=True)) == []
    assert codes(App(), Destinations()) == []


def test_the_parts_that_it_stands_on_are_installed_with_it() -> None:
    app = App()
    jobs = Jobs(Database("sqlite://"))

    webhooks = app.use(Webhooks(jobs))

    assert list(app.parts.values()) == [jobs.database, jobs, webhooks]
