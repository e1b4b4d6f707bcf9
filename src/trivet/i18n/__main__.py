"""Trivet's own catalogues: ``python -m trivet.i18n`` brings them up to date, for who works on it.

It finds the texts of all shelves, their templates too, and tells which translations are missing.
"""

from __future__ import annotations

from pathlib import Path

from trivet.i18n.commands import MessagesCommands
from trivet.i18n.workshop import Workshop

__all__ = ["OWN", "main"]

_HERE = Path(__file__).parent
OWN = Workshop(
    root=_HERE.parent,
    folder=_HERE / "locale",
    domain="trivet",
    locales=("ar", "de", "es", "fr", "ja", "zh_Hans"),
    # The scaffold's texts are the application's that it makes.
    left_out=frozenset({"bundled", "cli", "locale"}),
    project="Trivet",
)


def main() -> None:
    """Extract and update, and tell how far each language is."""
    commands = MessagesCommands(OWN)
    commands.extract()
    commands.update()


if __name__ == "__main__":
    main()
