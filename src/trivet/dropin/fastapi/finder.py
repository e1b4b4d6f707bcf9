"""How `import fastapi` finds this package: our modules under FastAPI's names."""

from __future__ import annotations

import importlib
import sys
from collections.abc import Sequence
from importlib.abc import Loader, MetaPathFinder
from importlib.machinery import ModuleSpec
from types import ModuleType

__all__ = ["install"]

_OURS = "trivet.dropin.fastapi"


class _Alias(Loader):
    """Gives the module of ours as the module of theirs: one object under two names."""

    def __init__(self, name: str) -> None:
        self._name = name

    def create_module(self, spec: ModuleSpec) -> ModuleType:
        module = importlib.import_module(self._name)
        # The import system writes the alias's spec into the module; ours is put back below.
        self._own = module.__spec__
        return module

    def exec_module(self, module: ModuleType) -> None:
        module.__spec__ = self._own
        module.__name__ = self._name
        module.__package__ = self._own.parent if self._own else None
        module.__loader__ = self._own.loader if self._own else None


class _Finder(MetaPathFinder):
    """Answers for `fastapi` and everything below it."""

    def find_spec(
        self, fullname: str, path: Sequence[str] | None, target: ModuleType | None = None
    ) -> ModuleSpec | None:
        if fullname != "fastapi" and not fullname.startswith("fastapi."):
            return None
        ours = _OURS + fullname[len("fastapi") :]
        try:
            importlib.import_module(ours)
        except ModuleNotFoundError as error:
            if error.name == ours:
                return None
            raise
        is_package = hasattr(sys.modules[ours], "__path__")
        return ModuleSpec(fullname, _Alias(ours), is_package=is_package)


def install() -> None:
    """Make `import fastapi` find Trivet's drop-in, in this process, from now on.

    Raises `RuntimeError` where the real FastAPI is imported already: half of a program would use
    the one and half the other.
    """
    found = sys.modules.get("fastapi")
    if found is not None and found.__name__ != _OURS:
        raise RuntimeError(
            "fastapi is imported already; call trivet.dropin.fastapi.install() before that, or"
            " start the program with `trivet run --dropin fastapi main:app`"
        )
    if not any(isinstance(finder, _Finder) for finder in sys.meta_path):
        sys.meta_path.insert(0, _Finder())
