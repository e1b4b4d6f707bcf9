"""Which program is started for an address, and where the password is."""

from __future__ import annotations

import sys

import pytest
from sqlalchemy.engine import make_url

from trivet.db.commands.shell import Program, program_of
from trivet.errors import SetupError


def all_of(name: str) -> str:
    return f"/bin/{name}"


def none_of(name: str) -> None:
    return None


def test_psql_is_told_by_its_environment() -> None:
    url = make_url("postgresql+asyncpg://ann:se%40cret@db.example:5433/shop?sslmode=require")

    program = program_of(url, all_of)

    assert program == Program(
        ("/bin/psql",),
        {
            "PGHOST": "db.example",
            "PGPORT": "5433",
            "PGUSER": "ann",
            "PGPASSWORD": "se@cret",
            "PGDATABASE": "shop",
            "PGSSLMODE": "require",
        },
    )


def test_psql_finds_a_socket() -> None:
    program = program_of(make_url("postgresql:///shop?host=/run/postgresql"), all_of)

    assert program.environment == {"PGHOST": "/run/postgresql", "PGDATABASE": "shop"}


@pytest.mark.parametrize("backend", ["mysql", "mariadb"])
def test_a_password_of_mariadb_is_in_the_environment_alone(backend: str) -> None:
    program = program_of(make_url(f"{backend}://ann:secret@db.example/shop"), all_of)

    assert program.words == (
        "/bin/mariadb",
        "--protocol=TCP",
        "--host=db.example",
        "--port=3306",
        "--user=ann",
        "--default-character-set=utf8mb4",
        "shop",
    )
    assert program.environment == {"MYSQL_PWD": "secret"}


def test_mysql_does_where_mariadb_is_not_and_takes_a_socket() -> None:
    def find(name: str) -> str | None:
        return "/bin/mysql" if name == "mysql" else None

    program = program_of(make_url("mysql://root@/shop?unix_socket=/run/mysqld.sock"), find)

    assert program.words[:2] == ("/bin/mysql", "--socket=/run/mysqld.sock")
    assert program.environment == {}


def test_sqlite_opens_its_file() -> None:
    assert program_of(make_url("sqlite:////srv/shop.db"), all_of).words == (
        "/bin/sqlite3",
        "/srv/shop.db",
    )


@pytest.mark.parametrize(
    ("url", "package"),
    [
        ("postgresql://ann@db.example/shop", "postgresql-client"),
        ("mysql://ann@db.example/shop", "mariadb-client"),
        ("sqlite:///shop.db", "sqlite3"),
    ],
)
def test_a_program_that_is_missing_is_told_with_its_package(
    monkeypatch: pytest.MonkeyPatch, url: str, package: str
) -> None:
    monkeypatch.setattr(sys, "version_info", (3, 11, 0))

    with pytest.raises(SetupError) as caught:
        program_of(make_url(url), none_of)

    assert caught.value.code == "db.shell-program"
    assert f"apt install {package}" in str(caught.value)


def test_python_has_a_prompt_for_sqlite_since_3_12(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(sys, "version_info", (3, 12, 0))

    program = program_of(make_url("sqlite:///shop.db"), none_of)

    assert program.words == (sys.executable, "-m", "sqlite3", "shop.db")
