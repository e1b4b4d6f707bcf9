"""What commands write: plain where lines stay, coloured and changing on a terminal."""

from __future__ import annotations

import io

import pytest

from trivet.terminal import Pen


class Terminal(io.StringIO):
    """A stream that is a terminal."""

    def isatty(self) -> bool:
        return True


@pytest.fixture
def terminal(monkeypatch: pytest.MonkeyPatch) -> Terminal:
    for name in ("NO_COLOR", "FORCE_COLOR"):
        monkeypatch.delenv(name, raising=False)
    monkeypatch.setenv("TERM", "xterm")
    return Terminal()


def test_a_file_gets_neither_colour_nor_lines_that_change(terminal: Terminal) -> None:
    file = io.StringIO()
    pen = Pen(file)

    pen.live("half")
    pen.write(pen.paint("done", "good"))

    assert file.getvalue() == "done\n"


def test_a_terminal_gets_colour(terminal: Terminal) -> None:
    assert Pen(terminal).paint("done", "good") == "\x1b[32m\x1b[1mdone\x1b[0m"


def test_colour_can_be_switched_off(terminal: Terminal, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("NO_COLOR", "1")

    assert Pen(terminal).paint("done", "good") == "done"


def test_a_line_that_changes_makes_room_for_one_that_stays(terminal: Terminal) -> None:
    pen = Pen(terminal)

    pen.live("one")
    pen.live("two")
    pen.write("end")
    pen.write("more")

    assert terminal.getvalue() == "\x1b[Kone\r\x1b[Ktwo\r\x1b[Kend\nmore\n"


def test_a_column_may_have_a_style_for_each_cell(terminal: Terminal) -> None:
    pen = Pen(terminal)

    pen.table(["N", "W"], [["1", "a"], ["22", "b"]], [lambda text: "bad" if text == "22" else ""])

    lines = terminal.getvalue().splitlines()
    assert lines[1:] == ["1   a", "\x1b[31m\x1b[1m22\x1b[0m  b"]
