"""Settings: where they come from, what wins, what is said of those that do not fit, and secrets."""

from __future__ import annotations

import enum
import logging
from pathlib import Path
from typing import Annotated, Any, Literal

import pytest
from hypothesis import given
from hypothesis import strategies as st
from pydantic import AliasChoices, BaseModel, Field, PostgresDsn, field_validator

from trivet import App, Depends
from trivet.errors import SetupError
from trivet.settings import SecretStr, Settings
from trivet.testing import TestClient

SECRET = "hunter2-and-more"


class Level(enum.Enum):
    LOW = "low"
    HIGH = "high"


class Mail(BaseModel):
    host: str
    password: SecretStr = SecretStr("none")
    port: int = 25


class Shop(Settings, env_prefix="SHOP_"):
    name: str = "shop"
    workers: int = 1
    tags: list[str] = Field(default=[])
    mail: Mail | None = None
    level: Level = Level.LOW
    mode: Literal["fast", "safe"] = "safe"
    key: SecretStr = SecretStr("a default")
    address: str = "sqlite://"


class Strict(Settings, env_prefix="STRICT_"):
    key: SecretStr
    url: PostgresDsn
    mail: Mail
    size: int = Field(examples=[40])


@pytest.fixture(autouse=True)
def folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """Be in an empty folder, which is where files are looked for."""
    monkeypatch.chdir(tmp_path)
    return tmp_path


def refused(cls: type[Settings], **values: Any) -> SetupError:
    with pytest.raises(SetupError) as caught:
        cls(**values)
    return caught.value


# -- where values come from ----------------------------------------------------------------------


def test_each_source_wins_over_the_next(folder: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    names = []
    names.append(Shop().name)
    (folder / "settings.toml").write_text('name = "from toml"\n')
    names.append(Shop().name)
    (folder / ".env").write_text("SHOP_NAME=from .env\n")
    names.append(Shop().name)
    monkeypatch.setenv("SHOP_NAME", "from the environment")
    names.append(Shop().name)
    names.append(Shop(name="given").name)

    assert names == ["shop", "from toml", "from .env", "from the environment", "given"]


def test_nested_values_come_together_from_all_sources(
    folder: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    (folder / "settings.toml").write_text('[mail]\nhost = "toml"\nport = 1\n')
    (folder / ".env").write_text("SHOP_MAIL__PORT=2\n")
    monkeypatch.setenv("SHOP_MAIL__PASSWORD", SECRET)

    mail = Shop().mail

    assert mail is not None
    assert (mail.host, mail.port, mail.password.get_secret_value()) == ("toml", 2, SECRET)


def test_other_files_are_named_by_the_class(folder: Path) -> None:
    class Other(Settings, env_file=("a.env", "b.env"), toml_file=None):
        name: str = ""
        size: int = 0

    (folder / "a.env").write_text("NAME=a\nSIZE=1\n")
    (folder / "b.env").write_text("NAME=b\n")
    (folder / "settings.toml").write_text("name = [")

    found = Other()

    assert (found.name, found.size) == ("b", 1)


def test_a_file_for_each_secret_stands_between_env_and_toml(folder: Path) -> None:
    (folder / "secrets").mkdir()
    (folder / "secrets" / "name").write_text("secret file")

    class Other(Settings, secrets_dir="secrets"):
        name: str = ""

    (folder / "settings.toml").write_text('name = "toml"')
    below = Other().name
    (folder / ".env").write_text("NAME=dotenv")

    assert (below, Other().name) == ("secret file", "dotenv")


def test_what_is_no_field_is_somebody_elses(folder: Path) -> None:
    (folder / ".env").write_text("OTHER=1\nSHOP_OTHER=2\n")
    (folder / "settings.toml").write_text("[other]\nx = 1\n")

    assert Shop().name == "shop"


@pytest.mark.parametrize("make", [Shop, Shop.given])
def test_a_name_that_is_no_field_may_not_be_given(make: Any) -> None:
    with pytest.raises(TypeError, match="Shop has no setting 'nmae'; it knows name, workers"):
        make(nmae="x")


def test_settings_are_not_changed() -> None:
    with pytest.raises(ValueError, match="frozen"):
        Shop().name = "other"


def test_load_reads_once(monkeypatch: pytest.MonkeyPatch) -> None:
    class Once(Settings):
        name: str = "first"

    first = Once.load()
    monkeypatch.setenv("NAME", "second")

    assert Once.load() is first
    assert Once().name == "second"


def test_given_reads_nothing(folder: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("SHOP_NAME", "environment")
    (folder / ".env").write_text("SHOP_WORKERS=7\n")

    made = Shop.given(tags=["a"])

    assert (made.name, made.workers, made.tags) == ("shop", 1, ["a"])


# -- what is missing or wrong --------------------------------------------------------------------


def test_a_missing_setting_is_told_with_its_variable_places_and_line(folder: Path) -> None:
    (folder / ".env").write_text("STRICT_URL=postgres://h/x\n")

    error = refused(Strict, key="k", size=1)

    assert error.code == "settings.missing"
    assert "STRICT_MAIL is missing (Mail)" in error.what
    assert "looked in the environment, .env, settings.toml (not there)" in error.what
    assert error.mend == "STRICT_MAIL__HOST=...  (in the environment or in .env)"
    assert error.where is not None
    assert Path(error.where.rpartition(":")[0]).name == "test_settings.py"


def test_all_that_is_missing_is_told_at_once(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("STRICT_MAIL__PORT", "25")

    error = refused(Strict)

    for name in ("STRICT_KEY", "STRICT_URL", "STRICT_MAIL__HOST", "STRICT_SIZE"):
        assert f"{name} is missing" in error.what
    assert error.mend is not None
    assert error.mend.splitlines()[-1].strip() == "STRICT_SIZE=40"


def test_a_variable_that_was_probably_meant_is_named(
    folder: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("STRICT_KEYS", SECRET)
    (folder / ".env").write_text(f"export STRICT_URLS={SECRET}\n")

    error = refused(Strict)

    assert "STRICT_KEYS is set: was that meant?" in error.what
    assert "STRICT_URLS is set: was that meant?" in error.what
    assert SECRET not in str(error)


@pytest.mark.parametrize(
    ("variable", "value", "told", "line"),
    [
        ("SHOP_WORKERS", "many", "SHOP_WORKERS = 'many' (from the environment)", "SHOP_WORKERS=1"),
        ("SHOP_LEVEL", "middle", "SHOP_LEVEL = 'middle'", "SHOP_LEVEL=low"),
        ("SHOP_MODE", "slow", "SHOP_MODE = 'slow'", "SHOP_MODE=fast"),
        ("SHOP_MAIL__PORT", "x", "SHOP_MAIL__PORT = 'x'", "SHOP_MAIL__PORT=1"),
        ("SHOP_TAGS", f'["{SECRET}", 3]', "SHOP_TAGS (from the environment)", "SHOP_TAGS=..."),
    ],
)
def test_a_wrong_setting_is_told_with_its_source(
    variable: str, value: str, told: str, line: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("SHOP_MAIL__HOST", "h")
    monkeypatch.setenv(variable, value)

    error = refused(Shop)

    assert error.code == "settings.wrong"
    assert told in error.what
    assert error.mend == f"{line}  (in the environment or in .env)"
    assert SECRET not in str(error)


@pytest.mark.parametrize(
    ("file", "text", "origin"),
    [
        (".env", "SHOP_WORKERS=many", "from .env"),
        ("settings.toml", 'workers = "many"', "from settings.toml"),
    ],
)
def test_the_file_of_a_wrong_setting_is_named(
    folder: Path, file: str, text: str, origin: str
) -> None:
    (folder / file).write_text(text)

    assert f"SHOP_WORKERS = 'many' ({origin})" in refused(Shop).what


def test_what_was_given_wrongly_is_said_to_have_been_given() -> None:
    assert "SHOP_WORKERS = 'x' (from what was given)" in refused(Shop, workers="x").what


def test_wrong_values_in_a_test_are_told_without_sources() -> None:
    with pytest.raises(SetupError) as caught:
        Strict.given(key="k")

    assert "looked in" not in caught.value.what
    assert caught.value.mend == "give each a value that fits"


def test_aliases_are_the_names_of_variables() -> None:
    class Aliased(Settings, env_prefix="X_"):
        one: str = Field(validation_alias="THE_ONE")
        two: str = Field(validation_alias=AliasChoices("SECOND", "TWO"))

    what = refused(Aliased).what

    assert "THE_ONE is missing" in what
    assert "SECOND is missing" in what


@pytest.mark.parametrize(
    ("file", "text", "told"),
    [
        ("settings.toml", "name = [1,\n!", "at line 2, column 1"),
        ("settings.toml", b"\xff\xfe", "UnicodeDecodeError"),
        (".env", b"SHOP_NAME=\xff\xfe", "UnicodeDecodeError"),
    ],
)
def test_a_file_that_cannot_be_read_is_named(
    folder: Path, file: str, text: str | bytes, told: str
) -> None:
    (folder / file).write_bytes(text if isinstance(text, bytes) else text.encode())

    error = refused(Shop)

    assert error.code == "settings.unreadable"
    assert told in error.what
    assert file in error.what


def test_a_list_that_is_not_json_is_told_how_to_be_one(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("SHOP_TAGS", f"{SECRET},b")

    error = refused(Shop)

    assert "SHOP_TAGS is not JSON, which its type list[str] needs" in error.what
    assert error.mend == """SHOP_TAGS='["one", "two"]'"""
    assert SECRET not in str(error)


# -- secrets -------------------------------------------------------------------------------------


def test_secrets_are_in_no_text(
    monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    monkeypatch.setenv("SHOP_KEY", SECRET)
    monkeypatch.setenv("SHOP_ADDRESS", f"postgres://ann:{SECRET}@db/shop")
    shop = Shop(mail={"host": "h", "password": SECRET})

    with caplog.at_level(logging.INFO):
        logging.getLogger("test").info("read %s %r", shop, shop.model_dump()["mail"])
    text = f"{shop} {shop!r} {shop.model_dump()['key']} {caplog.text}"

    assert SECRET not in text
    assert "postgres://ann:**********@db/shop" in text
    assert SECRET not in shop.model_dump_json(include={"key", "mail"})
    assert shop.key.get_secret_value() == SECRET


def test_an_error_holds_no_secret_in_its_text_its_causes_or_frames(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    class Guarded(Settings):
        key: SecretStr
        url: PostgresDsn
        word: str

        @field_validator("word")
        @classmethod
        def refuse(cls, value: str) -> str:
            raise ValueError(f"{value} is too short")

    monkeypatch.setenv("KEY", SECRET)
    monkeypatch.setenv("URL", f"mysql://ann:{SECRET}@h/x")
    monkeypatch.setenv("WORD", SECRET)

    error = refused(Guarded)

    assert "********** is too short" in error.what
    assert SECRET not in str(error)
    assert (error.__cause__, error.__context__) == (None, None)
    frame = error.__traceback__
    while frame is not None:
        if frame.tb_frame.f_globals["__name__"] == "trivet.settings":
            assert SECRET not in repr(list(frame.tb_frame.f_locals.values()))
        frame = frame.tb_next


def test_the_debug_page_shows_no_secret(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("SHOP_KEY", SECRET)
    monkeypatch.setenv("SHOP_ADDRESS", f"postgres://ann:{SECRET}@db/shop")
    app = App(debug=True)

    @app.get("/wrong")
    async def wrong() -> str:
        shop = Shop()
        return str(shop.name + 1)  # type: ignore[operator]

    @app.get("/missing")
    async def missing() -> str:
        return str(Strict(key=SecretStr(SECRET)))

    client = TestClient(app, raise_server_exceptions=False)
    pages = [client.get(path, headers={"accept": "text/html"}) for path in ("/wrong", "/missing")]

    assert [page.status_code for page in pages] == [500, 500]
    assert "shop" in pages[0].text
    assert "STRICT_URL is missing" in pages[1].text
    assert all(SECRET not in page.text for page in pages)


@given(st.text(st.characters(codec="ascii", categories=("L", "N")), min_size=6))
def test_no_wrong_secret_is_ever_told(secret: str) -> None:
    class Guarded(Settings):
        number: Annotated[SecretStr, Field(max_length=1)]
        url: PostgresDsn

    with pytest.raises(SetupError) as caught:
        Guarded.given(number="x" + secret, url="y" + secret)

    assert secret not in str(caught.value).replace("Guarded", "")


# -- as a dependency -----------------------------------------------------------------------------


def dependent(dependency: Any) -> App:
    app = App()
    wanted = Depends(dependency)

    @app.get("/name")
    async def name(shop: Shop = wanted) -> str:
        return shop.name

    return app


def test_settings_are_a_dependency_and_can_be_overridden() -> None:
    app = dependent(Shop.provide)
    before = TestClient(app).get("/name").json()
    app.dependency_overrides[Shop.provide] = lambda: Shop.given(name="test")

    assert before == Shop.load().name
    assert TestClient(app).get("/name").json() == "test"


def test_no_client_can_give_a_setting() -> None:
    app = dependent(Shop)

    assert TestClient(app).get("/name?name=evil").json() == "shop"
    assert "parameters" not in app.openapi()["paths"]["/name"]["get"]
