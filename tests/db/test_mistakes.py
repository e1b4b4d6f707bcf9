"""A mistake in a model is told when a program starts: where it is, and what to write instead."""

from __future__ import annotations

import importlib.util
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest
from sqlalchemy.orm import registry

from trivet import App
from trivet.db import BareModel, Database, schema
from trivet.db.errors import OutsideUnitError
from trivet.db.mistakes import configured, place_in
from trivet.errors import SetupError

HEAD = """\
from __future__ import annotations

from sqlalchemy import Column, MetaData
from sqlalchemy.orm import registry as Registry

from trivet.db import *


class Base(BareModel):
    __abstract__ = True
    metadata = MetaData()
    registry = _sa_registry = Registry(metadata=metadata)


class Keyed(Base):
    __abstract__ = True
    id: Mapped[int] = field(primary_key=True)


class Author(Keyed):
    name: Mapped[str] = field(max_length=50)
    {author}


class Post(Keyed):
    title: Mapped[str] = field(max_length=50)
    {post}
"""

# name: (a line of Author, lines of Post, code, in the message, in the mend); `# here` is the place
CASES = {
    "a relation to an unknown class": (
        "pass",
        ["author: Mapped[Autor] = relationship()  # here"],
        "db.relation-target",
        "Post.author is to 'Autor'",
        "Author",
    ),
    "a relation to a class that is nowhere": (
        "pass",
        ['author: Mapped["Zoo"] = relationship()  # here'],
        "db.relation-target",
        "Post.author is to 'Zoo'",
        "import the module of Zoo",
    ),
    "a relation without a foreign key": (
        "pass",
        ["author: Mapped[Author] = relationship()  # here"],
        "db.relation-key",
        "no foreign key joins Post and Author",
        "author_id: Mapped[int] = foreign_key(Author)   # in Post",
    ),
    "a relation to many without a foreign key": (
        "posts: Mapped[list[Post]] = relationship()  # here",
        ["pass"],
        "db.relation-key",
        "no foreign key joins Author and Post",
        "author_id: Mapped[int] = foreign_key(Author)   # in Post",
    ),
    "two foreign keys and no word which": (
        "pass",
        [
            "author_id: Mapped[int] = foreign_key(Author)",
            "editor_id: Mapped[int] = foreign_key(Author)",
            "author: Mapped[Author] = relationship()  # here",
        ],
        "db.relation-ambiguous",
        "Post.author_id, Post.editor_id",
        'author = relationship(foreign_keys="Post.author_id")',
    ),
    "two relations that do not know each other": (
        "posts: Mapped[list[Post]] = relationship()",
        [
            "author_id: Mapped[int] = foreign_key(Author)",
            "author: Mapped[Author] = relationship()  # here",
        ],
        "db.relation-overlap",
        "Post.author and Author.posts write the same column",
        'author = relationship(back_populates="posts")',
    ),
    "back_populates of what is not there": (
        "pass",
        [
            "author_id: Mapped[int] = foreign_key(Author)",
            'author: Mapped[Author] = relationship(back_populates="posts")  # here',
        ],
        "db.relation-back",
        "Author has no such relation",
        'posts: Mapped[list[Post]] = relationship(back_populates="author")   # in Author',
    ),
    "back_populates of a column": (
        "pass",
        [
            "author_id: Mapped[int] = foreign_key(Author)",
            'author: Mapped[Author] = relationship(back_populates="name")  # here',
        ],
        "db.relation-back",
        "Author.name is no relation",
        "the relation of Author to Post",
    ),
    "a foreign key to a table that is not there": (
        "pass",
        ['author_id: Mapped[int] = foreign_key("autor.id")  # here'],
        "db.foreign-key",
        "Post.author_id is to 'autor.id'",
        'foreign_key("author.id")',
    ),
    "a relation by a foreign key to a table that is not there": (
        "pass",
        [
            'author_id: Mapped[int] = foreign_key("autor.id")  # here',
            "author: Mapped[Author] = relationship()",
        ],
        "db.foreign-key",
        "Post.author_id is to 'autor.id'",
        'foreign_key("author.id")',
    ),
    "a foreign key to a column that is not there": (
        "pass",
        [
            'author_id: Mapped[int] = foreign_key("author.idd")  # here',
            "author: Mapped[Author] = relationship()",
        ],
        "db.foreign-key",
        "Post.author_id is to 'author.idd'",
        'foreign_key("author.id")',
    ),
    "a misspelt column in an index": (
        "pass",
        ['__table_args__ = (index("titel"),)  # here'],
        "db.constraint-column",
        "Index of Post names the column 'titel'",
        "'title'",
    ),
    "a misspelt column in a unique constraint": (
        "pass",
        ['__table_args__ = (unique("id", "zzz"),)  # here'],
        "db.constraint-column",
        "UniqueConstraint of Post names the column 'zzz'",
        "one of: title, id",
    ),
    "a forgotten comma": (
        "pass",
        ['__table_args__ = (unique("title"))  # here'],
        "db.table-args",
        "is no tuple",
        ",)",
    ),
    "a type that no column has": (
        "pass",
        ["odd: Mapped[object] = field()  # here"],
        "db.column-type",
        "Post.odd: nobody knows a column for object",
        "give a column type",
    ),
    "a type that was not imported": (
        "pass",
        ["odd: Mapped[Decimal] = field()  # here"],
        "db.column-type",
        "Post.odd: nobody knows a column for Decimal",
        "import the type",
    ),
    "an annotation without Mapped": (
        "pass",
        ["odd: int = field()  # here"],
        "db.not-mapped",
        "Post.odd is not in Mapped[...]",
        "odd: Mapped[int]",
    ),
    "a table that another model has": (
        '__tablename__ = "post"',
        ["pass"],
        "db.table-twice",
        "two models have the table 'post', and Post is the second",
        '__tablename__ = "another_post"',
    ),
    "a value that SQLAlchemy alone refuses": (
        "pass",
        ["odd: Mapped[int] = relationship(default=None)"],
        "db.model",
        "Post cannot be mapped",
        "",
    ),
}
NO_KEY = """

class Keyless(Base):  # here
    name: Mapped[str]
"""


@pytest.fixture
def loaded(tmp_path: Path) -> Iterator[object]:
    """Give a function that imports the text of a module, and forget the module afterwards."""
    name = f"mistaken_{tmp_path.name}"

    def load(text: str) -> tuple[Path, registry]:
        file = tmp_path / f"{name}.py"
        file.write_text(text, encoding="utf-8")
        spec = importlib.util.spec_from_file_location(name, file)
        assert spec is not None
        assert spec.loader is not None
        module = importlib.util.module_from_spec(spec)
        sys.modules[name] = module
        spec.loader.exec_module(module)
        return file, module.Base.registry

    yield load
    sys.modules.pop(name, None)


def line_of(text: str, mark: str) -> int:
    return next(number for number, line in enumerate(text.splitlines(), 1) if mark in line)


@pytest.mark.parametrize("case", CASES)
def test_a_mistake_is_told_with_its_place_and_a_mend(
    case: str, loaded: object, tmp_path: Path
) -> None:
    author, post, code, what, mend = CASES[case]
    text = HEAD.format(author=author, post="\n    ".join(post))

    with pytest.raises(SetupError) as caught:
        configured(loaded(text)[1])  # type: ignore[operator]

    found = caught.value
    assert (found.code, what in found.what, mend in (found.mend or "")) == (code, True, True), found
    assert found.where is not None
    file, _, line = found.where.rpartition(":")
    assert Path(file).parent == tmp_path
    assert int(line) == line_of(text, "# here" if "# here" in text else "class Post")


def test_a_model_without_a_key_is_told(loaded: object, tmp_path: Path) -> None:
    text = HEAD.format(author="pass", post="pass") + NO_KEY

    with pytest.raises(SetupError, match="Keyless has no primary key") as caught:
        loaded(text)  # type: ignore[operator]

    assert caught.value.code == "db.no-key"
    assert str(caught.value.where).endswith(f":{line_of(text, '# here')}")
    assert "class Keyless(Model)" in str(caught.value)


def test_two_classes_of_one_name_are_told(loaded: object) -> None:
    post = ["author_id: Mapped[int] = foreign_key(Author)", 'author = relationship("Author")']
    text = HEAD.format(author="pass", post="\n    ".join(post))
    text += '\ntype("Author", (Keyed,), {"__module__": "another", "__tablename__": "twin"})\n'

    with pytest.raises(SetupError, match="several models are called") as caught:
        configured(loaded(text)[1])  # type: ignore[operator]

    assert caught.value.code == "db.relation-target"
    assert str(caught.value.where).endswith(f":{line_of(text, 'author = rel')}")


def test_a_mistake_is_told_again_by_each_further_try(loaded: object) -> None:
    text = HEAD.format(author="pass", post="author: Mapped[Author] = relationship()")
    _, models = loaded(text)  # type: ignore[operator]

    told = []
    for _ in range(2):
        with pytest.raises(SetupError) as caught:
            configured(models)
        told.append((caught.value.code, caught.value.where))

    assert told[0] == told[1]


def test_models_without_mistakes_are_silent(loaded: object) -> None:
    text = HEAD.format(
        author='posts: Mapped[list[Post]] = relationship(back_populates="author")',
        post="author_id: Mapped[int] = foreign_key(Author)\n"
        '    author: Mapped[Author] = relationship(back_populates="posts")',
    )

    _, models = loaded(text)  # type: ignore[operator]

    configured(models)
    assert not models._new_mappers
    configured(models)


def test_a_class_without_source_has_no_place() -> None:
    scope: dict[str, type] = {}
    exec("class Gone: pass", scope)

    assert place_in(scope["Gone"]) is None
    assert str(place_in(HasAttribute, "here")).endswith(f":{line_of(TEXT, 'here: ' + 'int')}")


class HasAttribute:
    here: int = 1


TEXT = Path(__file__).read_text(encoding="utf-8")


async def test_a_mistake_stops_the_start_of_an_app(
    loaded: object, monkeypatch: pytest.MonkeyPatch
) -> None:
    text = HEAD.format(author="pass", post="author: Mapped[Author] = relationship()")
    _, models = loaded(text)  # type: ignore[operator]
    monkeypatch.setattr(BareModel, "registry", models)
    database = Database("sqlite://")
    app = App()

    with pytest.raises(SetupError):
        async with database.lifespan(app):
            pass  # pragma: no cover
    with pytest.raises(SetupError):
        database.checks(app)
    with pytest.raises(SetupError):
        await database.create_tables()
    with pytest.raises(SetupError) as caught:
        async with database.transaction():
            pass  # pragma: no cover

    assert caught.value.code == "db.relation-key"
    assert not isinstance(caught.value, OutsideUnitError)
    await database.close()


def test_a_mistake_is_told_where_a_model_becomes_a_schema(loaded: object) -> None:
    text = HEAD.format(author="pass", post="author: Mapped[Author] = relationship()")
    loaded(text)  # type: ignore[operator]
    (module,) = [one for name, one in sys.modules.items() if name.startswith("mistaken_")]

    with pytest.raises(SetupError) as caught:
        schema(module.Post)

    assert caught.value.code == "db.relation-key"
