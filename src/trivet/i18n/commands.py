"""`trivet messages …`: find texts, bring catalogues up to date, compile and count them."""

from __future__ import annotations

from trivet.app.part import CommandGroup
from trivet.errors import SetupError
from trivet.i18n.workshop import Counted, Workshop
from trivet.terminal import Pen

__all__ = ["MessagesCommands", "messages_group"]


def messages_group(workshop: Workshop) -> CommandGroup:
    """Give the commands of one application's catalogues."""
    own = MessagesCommands(workshop)
    return CommandGroup(
        "messages",
        "Find texts, bring catalogues of translations up to date, compile and count them",
        {
            "extract": own.extract,
            "update": own.update,
            "compile": own.compile,
            "status": own.status,
        },
    )


class MessagesCommands:
    """What the commands do."""

    def __init__(self, workshop: Workshop) -> None:
        self._workshop = workshop

    def extract(self) -> None:
        """Find all texts in the code and the templates, and write them into a .pot file."""
        pen = Pen()
        found = self._workshop.extract(lambda name: pen.live(f"reading {name}"))
        pen.write(
            f"{pen.paint('extracted', 'good')} {len(found)} texts into {self._workshop.template}"
        )

    def update(self) -> None:
        """Bring the .po file of each locale up to date with the .pot file."""
        pen = Pen()
        self._workshop.update(lambda name: pen.live(f"updating {name}"))
        self._table(pen)

    def compile(self) -> None:
        """Make the .mo files, which are read in production."""
        pen = Pen()
        count = self._workshop.compile(lambda name: pen.live(f"compiling {name}"))
        pen.write(f"{pen.paint('compiled', 'good')} {count} catalogues")

    def status(self) -> None:
        """Tell how far each locale is."""
        self._table(Pen())

    def _table(self, pen: Pen) -> None:
        if not self._workshop.template.is_file():
            raise SetupError(
                f"there is no {str(self._workshop.template)!r} yet",
                code="i18n.not-extracted",
                mend="trivet messages extract",
            )
        headings = ("locale", "texts", "done", "fuzzy", "missing", "broken", "compiled")
        rows = [_row(one) for one in self._workshop.status()]
        bad = _painted_unless_none("bad")
        pen.table(headings, rows, ["name", "", "", _painted_unless_none("warn"), bad, bad, "dim"])


def _row(one: Counted) -> tuple[str, ...]:
    share = f"{100 * one.done // one.all}%" if one.all else "100%"
    counts = (one.fuzzy, one.missing, one.broken)
    return (
        one.locale,
        str(one.all),
        share,
        *(str(count) for count in counts),
        "yes" if one.is_compiled else "no",
    )


def _painted_unless_none(style: str):  # type: ignore[no-untyped-def]
    return lambda text: "dim" if text == "0" else style
