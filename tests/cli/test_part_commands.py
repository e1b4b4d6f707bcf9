"""Parts bring commands: found with the application, shown in the help, run with their words."""

from __future__ import annotations

import pytest

from tests.cli.typed import Trivet, Write

APP = """\
import click, typer
from trivet import App, Part
from trivet.app.part import CommandGroup

class Seeds(Part):
    name = "seeds"

    def install(self, app):
        self.app = app

    def seed(self, kind: str, count: int = 3) -> None:
        \"\"\"Put in what one needs to begin.\"\"\"
        print("seeded", count, kind, "into", self.app.title)

    async def wait_a_bit(self) -> None:
        print("waited")

    def reap(self, what: str = "all", /, *, twice: bool = False) -> None:
        print("reaped", what, twice)

    async def water(self, beds: list[int], /, *, much: bool = False) -> None:
        \"\"\"Water some beds.\"\"\"
        print("watered", beds, much)

    def commands(self):
        tree = typer.Typer(name="tree", help="Work with trees")

        @tree.command()
        def plant(what: str) -> None:
            print("planted", what)

        @tree.command()
        def fell() -> None:
            raise typer.Exit(4)

        @click.command("old", help="A command of Click's")
        @click.option("--number", type=int)
        def old(number):
            print("old", number)

        beds = CommandGroup("beds", "Work with beds", {"water": self.water})
        return [self.seed, self.wait_a_bit, self.reap, tree, old, beds]

app = App(title="Garden")
app.use(Seeds())
"""


@pytest.mark.parametrize(
    ("words", "out"),
    [
        (["seed", "oaks", "--count", "2"], "seeded 2 oaks into Garden"),
        (["wait-a-bit"], "waited"),
        (["reap"], "reaped all False"),
        (["reap", "oaks", "--twice"], "reaped oaks True"),
        (["tree", "plant", "oak"], "planted oak"),
        (["old", "--number", "5"], "old 5"),
        (["beds", "water", "3", "4", "--much"], "watered [3, 4] True"),
        (["--app", "main:app", "seed", "oaks"], "seeded 3 oaks into Garden"),
    ],
)
def test_a_command_of_a_part_runs(trivet: Trivet, write: Write, words: list[str], out: str) -> None:
    write({"main.py": APP})

    done = trivet(*words)

    assert (done.code, done.out.strip()) == (0, out), done.err


@pytest.mark.parametrize(
    ("words", "code"),
    [
        (["tree", "fell"], 4),
        (["seed"], 2),
        (["seed", "oaks", "--count", "x"], 2),
        (["old", "--number", "x"], 2),
        (["unknown"], 2),
    ],
)
def test_a_command_of_a_part_has_its_own_exit_code(
    trivet: Trivet, write: Write, words: list[str], code: int
) -> None:
    write({"main.py": APP})

    assert trivet(*words).code == code


def test_another_folder_is_named_before_the_command(trivet: Trivet, write: Write) -> None:
    folder = write({"garden/green.py": APP, "here/empty.txt": ""})

    done = trivet(
        "--app-dir", "../garden", "--app", "green:app", "seed", "oaks", cwd=folder / "here"
    )

    assert done.out.strip() == "seeded 3 oaks into Garden", done.err


def test_options_before_a_command_of_ours_hold_for_it(trivet: Trivet, write: Write) -> None:
    write({"green.py": APP})

    done = trivet("--app", "green:app", "openapi")

    assert (done.code, '"title": "Garden"' in done.out) == (0, True), done.err


def test_the_help_shows_the_commands_of_the_parts(trivet: Trivet, write: Write) -> None:
    write({"main.py": APP})

    done = trivet("--help")

    assert done.code == 0
    assert "Of the part seeds" in done.out
    assert "Put in what one needs to begin." in done.out
    assert "Work with trees" in done.out
    assert "A command of Click's" in done.out
    assert "Serve real traffic" in done.out


@pytest.mark.parametrize(
    ("text", "told"),
    [
        ("import nowhere_at_all\napp = 1\n", "main.py did not import (ModuleNotFoundError: No"),
        ("app = (\n", "main.py did not import (SyntaxError"),
        ("raise SystemExit(9)\napp = 1\n", "main.py did not import (SystemExit: 9)"),
    ],
)
def test_the_help_says_in_one_line_that_the_application_does_not_import(
    trivet: Trivet, write: Write, text: str, told: str
) -> None:
    write({"main.py": text})

    done = trivet("--help")

    assert done.code == 0
    assert "Serve real traffic" in done.out
    (line,) = done.err.strip().splitlines()
    assert line.startswith(f"Without the commands of its parts: {told}")


def test_the_help_of_another_kind_of_application_is_the_plain_one(
    trivet: Trivet, write: Write
) -> None:
    write({"main.py": "async def app(scope, receive, send): ...\n"})

    done = trivet("--help")

    assert (done.code, done.err) == (0, "")
    assert "Of the part" not in done.out


def test_an_unknown_command_of_a_broken_application_tells_why(trivet: Trivet, write: Write) -> None:
    write({"main.py": "import nowhere_at_all\napp = 1\n"})

    done = trivet("seed")

    assert done.code == 3
    assert "main.py did not import" in done.err


def test_a_mistyped_command_of_ours_is_told_as_such(trivet: Trivet, write: Write) -> None:
    write({"main.py": "import nowhere_at_all\napp = 1\n"})

    done = trivet("rotues")

    assert done.code == 2
    assert "No such command 'rotues'" in done.err


@pytest.mark.parametrize(
    ("commands", "code", "told"),
    [
        ("[run]", "cli.command-taken", "which is one of trivet itself"),
        ("[seed, seed]", "cli.command-taken", "which is one of the part 'seeds'"),
        ("[5]", "cli.not-a-command", "5 cannot be a command"),
        ("1 / 0", "cli.app-broke", "the part 'seeds' did not give its commands"),
    ],
)
def test_commands_that_cannot_be_are_told_and_leave_the_help_whole(
    trivet: Trivet, write: Write, commands: str, code: str, told: str
) -> None:
    write(
        {
            "main.py": "from trivet import App, Part\n"
            "def run(): ...\ndef seed(): ...\n"
            "class Seeds(Part):\n    name = 'seeds'\n"
            f"    def commands(self): return {commands}\n"
            "app = App()\napp.use(Seeds())\n"
        }
    )

    shown, done = trivet("--help"), trivet("seed")

    assert (shown.code, told in shown.err) == (0, True)
    assert (done.code, f"[{code}]" in done.err) == (3, True)
