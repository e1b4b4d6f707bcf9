"""What is typed, or what is in the folder, leads to one module and name, without importing."""

from __future__ import annotations

from pathlib import Path

import pytest
from hypothesis import example, given
from hypothesis import strategies as st

from tests.cli.typed import Write
from trivet.cli.find import CannotFindApp, find


def test_module_and_attribute_are_taken_as_they_are(tmp_path: Path) -> None:
    place = find("shop.web:api", tmp_path)

    assert (place.module, place.attribute, place.folder) == ("shop.web", "api", tmp_path)
    assert place.import_string == "shop.web:api"


def test_module_alone_leaves_the_attribute_open(tmp_path: Path) -> None:
    place = find("shop.web", tmp_path)

    assert (place.module, place.attribute) == ("shop.web", None)


@pytest.mark.parametrize("target", ["main.py", "./main.py", "main.py:"])
def test_file_is_the_module_of_its_folder(tmp_path: Path, write: Write, target: str) -> None:
    write({"main.py": ""})

    place = find(target, tmp_path)

    assert (place.module, place.attribute, place.folder) == ("main", None, tmp_path)
    assert place.file == tmp_path / "main.py"


def test_file_in_a_package_is_named_from_outside_all_packages(tmp_path: Path, write: Write) -> None:
    write({"src/shop/__init__.py": "", "src/shop/web/__init__.py": "", "src/shop/web/main.py": ""})

    place = find("src/shop/web/main.py:site", tmp_path)

    assert (place.module, place.attribute) == ("shop.web.main", "site")
    assert place.folder == tmp_path / "src"


def test_absolute_path_is_a_file(tmp_path: Path, write: Write) -> None:
    write({"deep/main.py": ""})

    place = find(f"{tmp_path}/deep/main.py", Path("/"))

    assert (place.module, place.folder) == ("main", tmp_path / "deep")


def test_package_folder_with_an_app_is_that_package(tmp_path: Path, write: Write) -> None:
    write({"shop/__init__.py": "app = 1"})

    place = find("shop", tmp_path)

    assert (place.module, place.folder) == ("shop", tmp_path)


def test_folder_is_searched_like_the_current_one(tmp_path: Path, write: Write) -> None:
    write({"shop/__init__.py": "", "shop/main.py": "app = 1"})

    place = find("shop/", tmp_path)

    assert (place.module, place.folder, place.origin) == ("shop.main", tmp_path, "shop/")


def test_module_wins_over_a_folder_of_its_name_that_is_no_package(
    tmp_path: Path, write: Write
) -> None:
    write({"shop.py": "app = 1", "shop/readme.txt": ""})

    assert find("shop", tmp_path).module == "shop"


@pytest.mark.parametrize("target", ["main:make_app()", "main.py:make_app()"])
def test_parentheses_say_factory(tmp_path: Path, write: Write, target: str) -> None:
    write({"main.py": ""})

    place = find(target, tmp_path)

    assert (place.attribute, place.is_factory) == ("make_app", True)


def test_dots_in_the_attribute_lead_on(tmp_path: Path) -> None:
    assert find("main:site.api", tmp_path).attribute == "site.api"


@pytest.mark.parametrize(
    "name", ["main.py", "app.py", "api.py", "app/main.py", "app/app.py", "app/api.py"]
)
def test_usual_files_are_found_by_themselves(tmp_path: Path, write: Write, name: str) -> None:
    write({name: "app = 1"})

    place = find(None, tmp_path)

    assert place.file == tmp_path / name
    assert place.origin == name


def test_usual_file_of_a_package_is_imported_as_its_module(tmp_path: Path, write: Write) -> None:
    write({"app/__init__.py": "", "app/main.py": "app = 1"})

    place = find(None, tmp_path)

    assert (place.module, place.folder) == ("app.main", tmp_path)


def test_script_without_an_application_is_passed_over(tmp_path: Path, write: Write) -> None:
    write({"main.py": "print('a script')", "api.py": "from trivet import App\nsite = App()"})

    assert find(None, tmp_path).module == "api"


@pytest.mark.parametrize(
    "text",
    [
        "def create_app(): ...",
        "try:\n    app = 1\nexcept ValueError:\n    pass",
        "app: object = 1",
        "from shop import app",
        "import fastapi\nservice = fastapi.FastAPI()",
        "def broken(:",
    ],
)
def test_file_worth_importing_is_not_passed_over(tmp_path: Path, write: Write, text: str) -> None:
    write({"main.py": text, "app.py": "app = 1"})

    assert find(None, tmp_path).module == "main"


def test_pyproject_goes_before_the_usual_files(tmp_path: Path, write: Write) -> None:
    write(
        {
            "main.py": "app = 1",
            "src/shop/__init__.py": "",
            "src/shop/web.py": "",
            "pyproject.toml": '[tool.trivet]\napp = "src/shop/web.py:site"\n',
        }
    )

    place = find(None, tmp_path)

    assert (place.module, place.attribute) == ("shop.web", "site")
    assert place.folder == tmp_path / "src"
    assert "pyproject" not in place.module
    assert place.origin == "[tool.trivet] app = 'src/shop/web.py:site'"


def test_pyproject_without_our_table_changes_nothing(tmp_path: Path, write: Write) -> None:
    write({"main.py": "app = 1", "pyproject.toml": '[project]\nname = "x"\n'})

    assert find(None, tmp_path).module == "main"


def test_factory_option_is_carried(tmp_path: Path, write: Write) -> None:
    write({"main.py": "def create_app(): ..."})

    assert find(None, tmp_path, is_factory=True).is_factory


@pytest.mark.parametrize(
    ("target", "code", "message"),
    [
        ("mian.py", "cli.no-file", "main.py is there: did you mean that?"),
        ("src/main.py", "cli.no-file", "is no folder"),
        ("no/such/main.py:app", "cli.no-file", "there is no file 'no/such/main.py'"),
        ("main.py:my app", "cli.not-a-target", "main.py:app"),
        ("shop web", "cli.not-a-target", "neither a file nor the name of a module"),
        ("2-step.py", "cli.not-a-module", "rename it to _2_step.py"),
        ("x" * 300, "cli.not-a-target", "neither a file"),
        ("main\0.py", "cli.not-a-target", "neither a file"),
        ("empty/", "cli.no-app", "no application found in"),
    ],
)
def test_what_leads_nowhere_is_told_with_the_mend(
    tmp_path: Path, write: Write, target: str, code: str, message: str
) -> None:
    write({"main.py": "", "2-step.py": "", "empty/readme.txt": ""})

    with pytest.raises(CannotFindApp) as caught:
        find(target, tmp_path)

    assert caught.value.code == code
    assert message in str(caught.value)


def test_empty_folder_is_told_with_all_that_was_looked_at(tmp_path: Path) -> None:
    with pytest.raises(CannotFindApp, match=r"(?s)no application found in .*app/main\.py") as error:
        find(None, tmp_path)

    assert error.value.code == "cli.no-app"
    assert "[tool.trivet]" in str(error.value)


@pytest.mark.parametrize("text", ["[tool", "[tool.trivet]\napp = 3\n", '[tool.trivet]\napp = ""'])
def test_broken_pyproject_is_named(tmp_path: Path, write: Write, text: str) -> None:
    write({"pyproject.toml": text})

    with pytest.raises(CannotFindApp) as caught:
        find(None, tmp_path)

    assert caught.value.code == "cli.broken-pyproject"
    assert caught.value.where == str(tmp_path / "pyproject.toml")


def test_missing_folder_is_named(tmp_path: Path) -> None:
    with pytest.raises(CannotFindApp, match="there is no folder") as caught:
        find(None, tmp_path / "nowhere")

    assert caught.value.code == "cli.no-folder"


def test_pyproject_that_leads_to_its_own_folder_is_followed_once(
    tmp_path: Path, write: Write
) -> None:
    write({"pyproject.toml": '[tool.trivet]\napp = "."\n', "main.py": "app = 1"})

    assert find(None, tmp_path).module == "main"


@example("\0.py")
@example("/")
@given(st.text(max_size=30))
def test_any_text_gives_a_place_or_says_why_not(text: str) -> None:
    """No input of the user raises anything else."""
    outcome: str | None
    try:
        outcome = find(text, Path(__file__).parent).module
    except CannotFindApp as error:
        outcome = error.mend

    assert outcome
