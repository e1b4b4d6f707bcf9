"""What pytest finds by itself where Trivet is installed: options, and nothing else.

The plugin is loaded where a project asks for it: by `trivet_app` in pytest's configuration, or by
`pytest_plugins = ["trivet.testing.plugin"]` in its conftest.py.
"""

from __future__ import annotations

from typing import Any

__all__ = ["pytest_addoption", "pytest_configure"]

_PLUGIN = "trivet.testing.plugin"


def pytest_addoption(parser: Any) -> None:  # Any: pytest is not needed to import this
    """Tell pytest of the options."""
    parser.addini("trivet_app", "the application that tests use: main:app", default="")
    parser.addini(
        "trivet_database",
        "an address beside which databases for tests are made; by default the app's own",
        default="",
    )
    parser.addini(
        "trivet_tables",
        "how the tables of a test database are made: by the models, or by the migrations",
        default="models",
    )


def pytest_configure(config: Any) -> None:
    """Load the plugin where an application is named."""
    if config.getini("trivet_app"):
        config.pluginmanager.import_plugin(_PLUGIN)
