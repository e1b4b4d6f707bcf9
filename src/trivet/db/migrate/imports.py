"""What a Python file that is written imports."""

from __future__ import annotations

import sys

__all__ = ["Imports"]


class Imports:
    """Names by module; a file of models has `Mapped` in any case."""

    def __init__(self) -> None:
        self.found: dict[str, set[str]] = {"trivet.db": {"Mapped"}}

    def add(self, module: str, name: str) -> str:
        """Note a name, and give it back."""
        self.found.setdefault(module, set()).add(name)
        return name

    def text(self) -> str:
        """Give the lines, those of the standard library first."""
        groups: list[list[str]] = [[], []]
        for module in sorted(self.found):
            is_standard = module.split(".")[0] in sys.stdlib_module_names
            names = ", ".join(sorted(self.found[module]))
            groups[0 if is_standard else 1].append(f"from {module} import {names}")
        return "\n\n".join("\n".join(group) for group in groups if group)
