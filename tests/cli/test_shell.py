"""At the prompt are the application, a client, and what the module offers."""

from __future__ import annotations

from tests.cli.shop import SHOP
from tests.cli.typed import Trivet, Write


def test_command_runs_with_application_client_and_names(trivet: Trivet, write: Write) -> None:
    write({"main.py": SHOP})

    done = trivet("shell", "-c", "print(app.title, client.get('/items/3').json(), Item.__name__)")

    assert done.code == 0, done.err
    assert done.out == "Shop {'name': 'memory', 'id': 3} Item\n"


def test_program_may_come_from_standard_input(trivet: Trivet, write: Write) -> None:
    write({"main.py": SHOP})

    done = trivet("shell", "main.py", text="for n in range(2):\n    print(n, app.title)\n")

    assert done.out == "0 Shop\n1 Shop\n"


def test_names_that_the_module_keeps_are_not_there(trivet: Trivet, write: Write) -> None:
    write({"main.py": "from trivet import App\napp = App()\n_secret = 1\n"})

    done = trivet("shell", "-c", "print('_secret' in globals())")

    assert done.out == "False\n"


def test_listed_names_alone_are_there_where_the_module_lists_them(
    trivet: Trivet, write: Write
) -> None:
    write({"main.py": "from trivet import App\n__all__ = ['a']\napp = App()\na = b = 1\n"})

    done = trivet("shell", "-c", "print('a' in globals(), 'b' in globals(), 'app' in globals())")

    assert done.out == "True False True\n"


def test_dropin_is_there_for_every_command(trivet: Trivet, write: Write) -> None:
    write({"main.py": 'from fastapi import FastAPI\napp = FastAPI(title="Old")\n'})

    done = trivet("shell", "--dropin", "fastapi", "-c", "print(app.title, FastAPI.__module__)")

    assert done.code == 0, done.err
    assert done.out.startswith("Old trivet.dropin.fastapi")


def test_application_that_cannot_be_loaded_ends_with_3(trivet: Trivet) -> None:
    assert trivet("shell", "-c", "1").code == 3
