"""Importing the application that was found, and choosing it among what its module holds."""

from __future__ import annotations

import gc
import importlib
import inspect
import sys
from dataclasses import dataclass, replace
from difflib import get_close_matches
from pathlib import Path
from types import ModuleType
from typing import Any

from trivet.app.application import App
from trivet.cli.broken import broke, short_path, user_frames
from trivet.cli.find import FACTORY_NAMES, USUAL_NAMES, CannotLoad, Place

__all__ = ["Loaded", "load"]

_DROPINS = "trivet.dropin"


@dataclass(frozen=True, slots=True)
class Loaded:
    """An application and the place where it was; `place.attribute` is known now."""

    app: Any  # an App, or any ASGI application
    place: Place


def load(place: Place, *, dropin: str | None = None) -> Loaded:
    """Import the module of `place` and give its application.

    `dropin` names the framework whose import names are to lead to Trivet's parts (`fastapi`).
    Raises `CannotLoad` with the place in the user's code and the mend.
    """
    folder = str(place.folder)
    if folder not in sys.path:
        sys.path.insert(0, folder)
    if dropin is not None:
        _install_dropin(dropin)
    try:
        module = _import(place)
    finally:
        gc.enable()  # the imports are over, during which there is nothing to collect
    attribute = place.attribute or _choose(module, place)
    value = _reach(module, attribute, place)
    is_factory = place.is_factory or _is_factory(value, attribute)
    if is_factory:
        value = _call(value, attribute, place)
    if not is_factory and not _serves(value):
        raise CannotLoad(
            f"{place.module}:{attribute} is {_kind(value)}, not an application",
            code="cli.not-an-app",
            mend=_suggest(module, place),
        )
    return Loaded(value, replace(place, attribute=attribute, is_factory=is_factory))


def _install_dropin(name: str) -> None:
    try:
        # By name: drop-ins stand beside the command line, and most runs need none.
        module = importlib.import_module(f"{_DROPINS}.{name}")
    except ModuleNotFoundError as error:
        if error.name != f"{_DROPINS}.{name}":
            raise
        raise CannotLoad(
            f"there is no drop-in for {name!r}", code="cli.no-dropin", mend="--dropin fastapi"
        ) from error
    module.install()


def _import(place: Place) -> ModuleType:
    try:
        module = importlib.import_module(place.module)
    except KeyboardInterrupt:
        raise
    except BaseException as error:  # also SystemExit: a module that ends the process is no app
        if _is_missing(error, place):
            raise CannotLoad(
                f"there is no module {place.module!r}",
                code="cli.no-module",
                mend=_nearest_module(place),
            ) from error
        name = short_path(str(place.file)) if place.file else place.module
        raise broke(f"{name} did not import", error) from error
    found = getattr(module, "__file__", None)
    if place.file is not None and (found is None or Path(found).resolve() != place.file):
        owner = found or "a module built into Python"
        raise CannotLoad(
            f"{short_path(str(place.file))} cannot be imported: "
            f"the name {place.module!r} belongs to {owner}",
            code="cli.name-is-taken",
            mend="rename the file",
        )
    return module


def _is_missing(error: BaseException, place: Place) -> bool:
    """Tell whether the very module that was asked for is not there."""
    if not isinstance(error, ModuleNotFoundError) or error.name is None or place.file is not None:
        return False
    is_asked = place.module == error.name or place.module.startswith(f"{error.name}.")
    return is_asked and not user_frames(error.__traceback__)


def _nearest_module(place: Place) -> str:
    names = [path.stem for path in place.folder.glob("*.py")]
    names += [path.parent.name for path in place.folder.glob("*/__init__.py")]
    close = get_close_matches(place.module.split(".")[0], names, n=1)
    if close and close[0] != place.module.split(".")[0]:
        return f"{close[0]!r} is there: did you mean that?"
    return f"looked in {place.folder} and the installed packages; another folder: --app-dir FOLDER"


def _choose(module: ModuleType, place: Place) -> str:
    """Give the name of the application in a module: a usual one, the only one, or a factory."""
    for name in FACTORY_NAMES if place.is_factory else USUAL_NAMES:
        value = getattr(module, name, None)
        if callable(value) if place.is_factory else _serves(value):
            return name
    if not place.is_factory:
        names = _instances(module)
        if len(names) == 1:
            return names[0]
        if len(names) > 1:
            raise CannotLoad(
                f"{place.module} has several applications: {', '.join(names)}",
                code="cli.several-apps",
                where=short_path(str(module.__file__)),
                mend=f"say which: {place.module}:{names[0]}",
            )
        for name in FACTORY_NAMES:
            if inspect.isfunction(getattr(module, name, None)):
                return name
    raise CannotLoad(
        f"{place.module} holds no application",
        code="cli.no-app-in-module",
        where=short_path(str(module.__file__)),
        mend=_suggest(module, place),
    )


def _instances(module: ModuleType) -> list[str]:
    """Give the names of different App instances; a second name for the same one does not count."""
    found: dict[int, str] = {}
    for name, value in vars(module).items():
        if isinstance(value, App):
            found.setdefault(id(value), name)
    return list(found.values())


def _suggest(module: ModuleType, place: Place) -> str:
    if names := _instances(module):
        return f"{place.module}:{names[0]}"
    return "write `app = App()` in it, or name another module"


def _reach(module: ModuleType, attribute: str, place: Place) -> Any:  # Any: whatever is there
    value: Any = module
    for name in attribute.split("."):
        try:
            value = getattr(value, name)
        except AttributeError as error:
            holder = place.module if value is module else f"{place.module}:{_kind(value)}"
            close = get_close_matches(name, [n for n in dir(value) if n[0] != "_"], n=1)
            raise CannotLoad(
                f"{holder} has no {name!r}",
                code="cli.no-attribute",
                where=short_path(str(module.__file__)),
                mend=f"did you mean {place.module}:{close[0]}?"
                if close and value is module
                else _suggest(module, place),
            ) from error
    return value


def _is_factory(value: object, attribute: str) -> bool:
    """Tell whether a function is to be called: it takes nothing, and an ASGI function takes 3."""
    if not inspect.isfunction(value) or inspect.iscoroutinefunction(value):
        return False
    required = [
        parameter
        for parameter in inspect.signature(value).parameters.values()
        if parameter.default is parameter.empty
        and parameter.kind in (parameter.POSITIONAL_ONLY, parameter.POSITIONAL_OR_KEYWORD)
    ]
    return not required or attribute.rpartition(".")[2] in FACTORY_NAMES


def _call(factory: Any, attribute: str, place: Place) -> Any:  # Any: the user's own function
    if not callable(factory):
        raise CannotLoad(
            f"{place.module}:{attribute} is {_kind(factory)}, not a factory",
            code="cli.not-a-factory",
            mend=f"without --factory: {place.module}:{attribute}",
        )
    try:
        app = factory()
    except KeyboardInterrupt:
        raise
    except BaseException as error:
        raise broke(f"{place.module}:{attribute}() did not give an application", error) from error
    if not _serves(app):
        raise CannotLoad(
            f"{place.module}:{attribute}() gave {_kind(app)}, not an application",
            code="cli.not-an-app",
            mend=f"let {attribute} return the App",
        )
    return app


def _serves(value: object) -> bool:
    """Tell whether a value can be an ASGI application."""
    if isinstance(value, App):
        return True
    if value is None or inspect.ismodule(value) or inspect.isclass(value):
        return False
    if inspect.isfunction(value):
        return not _is_factory(value, "") and len(inspect.signature(value).parameters) in (1, 3)
    # A router answers to `__call__` too, and is none the less no application.
    return callable(value) and not hasattr(value, "include_router")


def _kind(value: object) -> str:
    if inspect.isclass(value):
        return f"the class {value.__qualname__}"
    if inspect.ismodule(value):
        return f"the module {value.__name__}"
    if inspect.isfunction(value):
        return f"the function {value.__qualname__}"
    return f"a {type(value).__qualname__}"
