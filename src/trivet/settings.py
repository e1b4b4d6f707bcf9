"""Typed settings from the environment, a `.env` file and a TOML file; read once, never changed.

What wins, first to last: values that are given, the environment, `.env`, the TOML file, the
default of the field. A setting that is missing or wrong is a setup error that says which variable,
where it was looked for and what to write. No error and no `repr` holds a value that may be secret.
"""

from __future__ import annotations

import enum
import inspect
import os
import re
import tomllib
from collections.abc import Callable, Iterator, Mapping
from difflib import get_close_matches
from functools import partial
from pathlib import Path
from typing import Any, ClassVar, Literal, Self, get_args, get_origin

from pydantic import AliasChoices, BaseModel, SecretBytes, SecretStr, ValidationError
from pydantic.fields import FieldInfo
from pydantic_settings import (
    BaseSettings,
    DotEnvSettingsSource,
    EnvSettingsSource,
    PydanticBaseSettingsSource,
    SecretsSettingsSource,
    SettingsConfigDict,
    TomlConfigSettingsSource,
)
from pydantic_settings import SettingsError as UnreadableError

from trivet.errors import SetupError, place_of

__all__ = ["SecretBytes", "SecretStr", "Settings", "SettingsConfigDict"]

_ENVIRONMENT = "the environment"
# What a line looks like for a type of which no example is known; the rest gets dots.
_EXAMPLES: dict[Any, str] = {bool: "true", int: "1", float: "1.5"}
# The types whose values hold nothing secret, so that a message may show a wrong one.
_OPEN_TYPES = (bool, int, float, enum.Enum)
_LONGEST_SHOWN = 40
_HIDDEN = "**********"
_DEEPEST = 6  # nested models that are followed; one may hold itself
_PASSWORD = re.compile(r"(\w+://[^\s:/@'\"]*:)[^\s@/'\"]+(?=@)")


class Settings(BaseSettings):
    """What an application is told from outside: subclass it, and write a field for each setting.

    ``class ShopSettings(Settings, env_prefix="SHOP_")`` reads the field `name` from `SHOP_NAME`,
    and the field `host` of a nested model `mail` from `SHOP_MAIL__HOST`. Files are looked for in
    the current folder: `.env` with the same names, and `settings.toml` with the fields' own names
    and a table for each nested model. Give others as `env_file=` and `toml_file=`; what is in them
    and is no field is somebody else's, and passed over.
    """

    model_config = SettingsConfigDict(
        env_file=".env",
        env_file_encoding="utf-8",
        env_nested_delimiter="__",
        toml_file="settings.toml",
        extra="ignore",
        frozen=True,
        hide_input_in_errors=True,
        loc_by_alias=False,
        validate_default=True,
    )

    _loaded: ClassVar[dict[type[Settings], Any]] = {}  # Any: of the class that is its key

    def __init__(self, **values: Any) -> None:
        """Read everything now; `values` win over what is read. Raises `SetupError`."""
        _know(type(self), values)
        error = _error_of(self, lambda: super(Settings, self).__init__(**values), values)
        if error is not None:
            raise error

    @classmethod
    def __pydantic_init_subclass__(cls, **options: Any) -> None:
        super().__pydantic_init_subclass__(**options)
        # As a dependency the class has no parameters: no client may give a setting in a query.
        cls.__signature__ = inspect.Signature()

    @classmethod
    def load(cls) -> Self:
        """Give the settings, read at the first call; every later one gives the same object.

        Reads files, so it blocks for a moment, once. Raises `SetupError`.
        """
        found: Self | None = cls._loaded.get(cls)
        if found is None:
            found = cls._loaded.setdefault(cls, cls())
        return found

    @classmethod
    async def provide(cls) -> Self:
        """Give what `load` gives, as a dependency: ``Depends(ShopSettings.provide)``."""
        return cls.load()

    @classmethod
    def given(cls, **values: Any) -> Self:
        """Make settings of `values` and defaults alone, in tests; nothing is read from outside."""
        _know(cls, values)
        made = cls.__new__(cls)
        error = _error_of(made, lambda: BaseModel.__init__(made, **values), None)
        if error is not None:
            raise error
        return made

    @classmethod
    def settings_customise_sources(
        cls,
        settings_cls: type[BaseSettings],
        init_settings: PydanticBaseSettingsSource,
        env_settings: PydanticBaseSettingsSource,
        dotenv_settings: PydanticBaseSettingsSource,
        file_secret_settings: PydanticBaseSettingsSource,
    ) -> tuple[PydanticBaseSettingsSource, ...]:
        """Say what wins; a file for each secret (`secrets_dir`) stands between `.env` and TOML."""
        toml = TomlConfigSettingsSource(settings_cls)
        return init_settings, env_settings, dotenv_settings, file_secret_settings, toml

    def __repr_args__(self) -> Iterator[tuple[str | None, Any]]:
        # A password may stand in an address, whatever the type of the field.
        for name, value in super().__repr_args__():
            text = repr(value)
            hidden = _PASSWORD.sub(rf"\1{_HIDDEN}", text)
            yield name, value if hidden == text else _Text(hidden)


class _Text(str):
    """A text that stands for another value's `repr`."""

    def __repr__(self) -> str:
        return str(self)


def _know(cls: type[Settings], values: Mapping[str, Any]) -> None:
    """Refuse a name that is no field; files may hold what belongs to others, a call may not."""
    fields = cls.model_fields
    known = {*fields, *[str(field.validation_alias) for field in fields.values()]}
    for name in values:
        if name not in known and not name.startswith("_"):
            raise TypeError(f"{cls.__name__} has no setting {name!r}; it knows {', '.join(fields)}")


def _error_of(
    made: Settings, read: Callable[[], None], values: Mapping[str, Any] | None
) -> SetupError | None:
    """Run `read`; give the error to raise in place of what it raised.

    It is raised by the caller, outside any `except`: the frames in which Pydantic and its sources
    work hold every value that was read, and a page or report that shows frames would show them.
    """
    cls = type(made)
    try:
        read()
    except ValidationError as error:
        details = error.errors(include_url=False, include_context=False)
    except (UnreadableError, tomllib.TOMLDecodeError, UnicodeDecodeError, OSError) as error:
        return _unreadable(cls, error)
    else:
        return None
    sources = _Sources(cls, values)
    problems = [_Problem(cls, sources, detail) for detail in details]
    count = len(problems)
    lines = [
        f"{cls.__name__}: {count} setting{' is' if count == 1 else 's are'} missing or wrong",
        *[line for problem in problems for line in problem.lines()],
    ]
    if sources.names and any(problem.is_missing for problem in problems):
        lines.append(f"  looked in {sources.looked()}")
    told = partial(SetupError, "\n".join(lines), where=_where(cls), mend=_mend(sources, problems))
    if all(problem.is_missing for problem in problems):
        return told(code="settings.missing")
    return told(code="settings.wrong")


def _unreadable(cls: type[Settings], error: Exception) -> SetupError:
    """Say which source cannot be read; never with the text of `error`, which may quote a value."""
    named = re.search(r'field "(\w+)" from source "(\w+)"', str(error))
    if named is not None:
        name = _variable(cls, (named[1],))
        what = f"{name} is not JSON, which its type {_type(cls, (named[1],))} needs"
        is_model = _model_in(_annotation(cls, (named[1],))) is not None
        mend = f"{name}__FIELD=..., for each field" if is_model else f"""{name}='["one", "two"]'"""
    else:
        files = ", ".join(_files(cls, "env_file") + _files(cls, "toml_file"))
        line = re.search(r"at line \d+, column \d+", str(error))
        fault = line[0] if line is not None else type(error).__name__
        what = f"the settings files cannot be read ({fault}): {files}"
        mend = "lines NAME=value in .env; name = 'value' in TOML; both in UTF-8"
    return SetupError(
        f"{cls.__name__}: {what}", code="settings.unreadable", where=_where(cls), mend=mend
    )


class _Sources:
    """What each source holds, read once more to say where a value came from or was looked for."""

    def __init__(self, cls: type[Settings], values: Mapping[str, Any] | None) -> None:
        self.cls = cls
        self.names: list[str] = []
        self.held: dict[str, Mapping[str, Any]] = {}
        self.there: set[str] = set()
        if values is None:
            return
        options: dict[str, Any] = {}
        if "_env_file" in values:
            options["env_file"] = values["_env_file"]
        self._add(_ENVIRONMENT, EnvSettingsSource(cls))
        for file in _files(cls, "env_file", options.get("env_file", ...)):
            self._add(file, DotEnvSettingsSource(cls, env_file=file))
        if folder := cls.model_config.get("secrets_dir"):
            self._add(f"the files in {folder}", SecretsSettingsSource(cls, secrets_dir=folder))
        for file in _files(cls, "toml_file"):
            self._add(file, TomlConfigSettingsSource(cls, toml_file=Path(file)))
        self.names.insert(0, "what was given")
        self.held["what was given"] = values

    def _add(self, name: str, source: PydanticBaseSettingsSource) -> None:
        self.names.append(name)
        self.held[name] = source()
        # A dotenv source is an environment source too.
        is_file = isinstance(source, DotEnvSettingsSource | TomlConfigSettingsSource)
        if not is_file or Path(name).expanduser().is_file():
            self.there.add(name)

    def holding(self, place: tuple[str | int, ...]) -> str | None:
        """Name the first source that has a value at `place`."""
        for name in self.names:
            value: Any = self.held[name]
            try:
                for key in place:
                    value = value[key]
            except (KeyError, IndexError, TypeError):
                continue
            return name
        return None

    def looked(self) -> str:
        """Say where was looked, and which files are not there."""
        return ", ".join(
            name if name in self.there else f"{name} (not there)" for name in self.names[1:]
        )

    def similar(self, variable: str) -> str | None:
        """Name a variable that is set and was probably meant."""
        known = {name.upper() for name in os.environ}
        for file in _files(self.cls, "env_file"):
            path = Path(file).expanduser()
            if path.is_file():
                known |= set(re.findall(r"^\s*(?:export\s+)?(\w+)\s*=", path.read_text(), re.M))
        found = get_close_matches(variable, known - _variables(self.cls), n=1, cutoff=0.85)
        return found[0] if found else None


class _Problem:
    """One setting that is missing or wrong."""

    def __init__(self, cls: type[Settings], sources: _Sources, detail: Mapping[str, Any]) -> None:
        self.place: tuple[str | int, ...] = detail["loc"]
        self.is_missing = detail["type"] == "missing"
        self.variable = _variable(cls, self.place)
        self._cls = cls
        self._sources = sources
        self._detail = detail

    def lines(self) -> Iterator[str]:
        """Give the lines of the message."""
        if not self.place:
            yield f"  {self._detail['msg']}"
        elif self.is_missing:
            yield f"  {self.variable} is missing ({_type(self._cls, self.place)})"
            if self._sources.names:
                similar = self._sources.similar(self.variable)
                if similar is not None:
                    yield f"    {similar} is set: was that meant?"
        else:
            source = self._sources.holding(self.place)
            origin = f" (from {source})" if source else ""
            yield f"  {self.variable}{self._shown()}{origin} does not fit: {self._reason()}"

    def _shown(self) -> str:
        """Show the value where its type says that it is no secret."""
        annotation = _annotation(self._cls, self.place)
        is_open = get_origin(annotation) is Literal or (
            inspect.isclass(annotation) and issubclass(annotation, _OPEN_TYPES)
        )
        text = repr(self._detail.get("input"))
        return f" = {text}" if is_open and len(text) <= _LONGEST_SHOWN else ""

    def _reason(self) -> str:
        """Give the reason, in which a validator of the user's may have quoted the value."""
        reason, value = str(self._detail["msg"]), self._detail.get("input")
        if self._shown() or not isinstance(value, str) or not value:
            return reason
        return reason.replace(value, _HIDDEN)

    def to_write(self) -> list[str]:
        """Give the lines to write: one, or one for each field that a model must have."""
        model = _model_in(_annotation(self._cls, self.place))
        if model is None:
            return [self._line(self.place)]
        needed = [name for name, field in model.model_fields.items() if field.is_required()]
        return [self._line((*self.place, name)) for name in needed]

    def _line(self, place: tuple[str | int, ...]) -> str:
        variable = _variable(self._cls, place)
        field = _field(self._cls, place)
        if field is not None and field.examples:
            return f"{variable}={field.examples[0]}"
        annotation = _annotation(self._cls, place)
        if get_origin(annotation) is Literal:
            return f"{variable}={get_args(annotation)[0]}"
        if inspect.isclass(annotation) and issubclass(annotation, enum.Enum):
            return f"{variable}={next(iter(annotation)).value}"
        return f"{variable}={_EXAMPLES.get(annotation, '...')}"


def _mend(sources: _Sources, problems: list[_Problem]) -> str | None:
    lines = [line for problem in problems if problem.place for line in problem.to_write()]
    if not lines:
        return None
    if not sources.names:
        return "give each a value that fits"
    files = _files(sources.cls, "env_file")
    where = f"in the environment{f' or in {files[0]}' if files else ''}"
    if len(lines) == 1:
        return f"{lines[0]}  ({where})"
    return f"write {where}:" + "".join(f"\n    {line}" for line in lines)


def _where(cls: type) -> str | None:
    place = place_of(cls)
    return f"{place['file']}:{place['line']}" if "line" in place else None


def _files(cls: type[Settings], option: str, given: Any = ...) -> list[str]:
    """Give the files that are read, those that win first, as `source` has them later first."""
    value: Any = cls.model_config.get(option) if given is ... else given  # Any: one or several
    if value is None:
        return []
    several = list(value) if isinstance(value, list | tuple) else [value]
    return [os.fspath(file) for file in reversed(several)]


def _prefix(cls: type[Settings]) -> str:
    return (cls.model_config.get("env_prefix") or "").upper()


def _variable(cls: type[Settings], place: tuple[str | int, ...]) -> str:
    """Give the name of the environment variable that holds the value at `place`."""
    if not place:
        return cls.__name__
    first = str(place[0])
    name = _prefix(cls) + first
    field = cls.model_fields.get(first)
    alias = None if field is None else field.validation_alias
    if isinstance(alias, AliasChoices):
        alias = next((choice for choice in alias.choices if isinstance(choice, str)), None)
    if isinstance(alias, str):
        name = alias
    # What lies inside a list is written as JSON, in the variable of the list.
    rest = [str(key) for key in place[1 : _depth(cls, place)]]
    joined = (cls.model_config.get("env_nested_delimiter") or ".").join([name, *rest])
    return joined if cls.model_config.get("case_sensitive") else joined.upper()


def _variables(cls: type[Settings]) -> set[str]:
    """Give the names of all variables that are read, in upper case."""
    found: set[str] = set()
    waiting: list[tuple[str, ...]] = [(name,) for name in cls.model_fields]
    while waiting:
        place = waiting.pop()
        found.add(_variable(cls, place).upper())
        model = _model_in(_annotation(cls, place))
        if model is not None and len(place) < _DEEPEST:
            waiting += [(*place, name) for name in model.model_fields]
    return found


def _depth(cls: type[Settings], place: tuple[str | int, ...]) -> int:
    """Count the keys of `place` that are fields of models."""
    depth = 1
    while depth < len(place) and _field(cls, place[: depth + 1]) is not None:
        depth += 1
    return depth


def _field(cls: type[Settings], place: tuple[str | int, ...]) -> FieldInfo | None:
    """Give the field at `place`, through nested models; None for what is no field."""
    model: Any = cls  # Any: then the annotation of each field
    field: FieldInfo | None = None
    for key in place:
        model = _model_in(model)
        field = None if model is None else model.model_fields.get(key)
        if field is None:
            return None
        model = field.annotation
    return field


def _model_in(annotation: Any) -> type[BaseModel] | None:
    """Give the one model in an annotation such as `Mail | None`."""
    if inspect.isclass(annotation) and issubclass(annotation, BaseModel):
        return annotation
    found = [model for part in get_args(annotation) if (model := _model_in(part)) is not None]
    return found[0] if len(found) == 1 else None


def _annotation(cls: type[Settings], place: tuple[str | int, ...]) -> Any:
    field = _field(cls, place)
    return None if field is None else field.annotation


def _type(cls: type[Settings], place: tuple[str | int, ...]) -> str:
    annotation = _annotation(cls, place)
    return annotation.__name__ if inspect.isclass(annotation) else str(annotation)
