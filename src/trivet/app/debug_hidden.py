"""Values as text for the debug page: short, and with what must stay secret hidden.

Three nets, because none is enough alone: names of variables and keys that mean a secret, the same
names inside the text of an object, and text that has the form of a credential. A page that shows
too little costs a look into a log; one that shows a password may cost more.
"""

from __future__ import annotations

import builtins
import re
import reprlib
from typing import Any

__all__ = ["HIDDEN", "hide", "is_secret", "shown"]

HIDDEN = "••••••"

_WORDS = (
    r"pass(?:word|wd|phrase|code)|pwd|secret|token|credential|authori[sz]ation|cookie|csrf|xsrf"
    r"|signature|private|api[_-]?key|session[_-]?(?:id|key)|jwt|otp\b|cvv|cvc\d?|card[_-]?number"
    r"|connection[_-]?string|\bdsn\b"
)
_SECRET_NAME = re.compile(rf"{_WORDS}|(?:^|[_-])keys?$|(?-i:[a-z]Key$)|^auth$", re.IGNORECASE)
_QUOTED = r"""b?'(?:\\.|[^'\\])*'|b?"(?:\\.|[^"\\])*\""""
# password='x', "api-key": "x", (b'cookie', b'x'), token=x
_NAMED = re.compile(
    rf"""(['"]?(?<![\w-])[\w-]{{0,64}}?(?:{_WORDS}|[_-]keys?(?=['"\s=:]))[\w-]{{0,64}}['"]?\s*[=:,]\s*)"""
    rf"""({_QUOTED}|[^\s,;)}}\]&]+)""",
    re.IGNORECASE,
)
_FORMS = (
    (re.compile(r"""(\w+://[^\s:/@'"]*:)[^\s@/'"]+(?=@)"""), rf"\1{HIDDEN}"),
    (
        re.compile(r"""(\b(?:bearer|basic|digest)\s+)[\w.~+/=-]{12,}""", re.IGNORECASE),
        rf"\1{HIDDEN}",
    ),
    (re.compile(r"\beyJ[\w-]{8,}\.[\w-]+\.[\w-]*"), HIDDEN),
)
_LONGEST_READ = 20_000  # characters of an object's own text that are looked at
_LONGEST_SHOWN = 400


def is_secret(name: str) -> bool:
    """Tell whether a variable, key or header of this name holds what nobody may see."""
    return _SECRET_NAME.search(name) is not None


def hide(text: str) -> str:
    """Give a text with what looks like a secret in it hidden."""
    # Forms first: of "Authorization: Bearer x" the name alone would take the first word.
    for form, replacement in _FORMS:
        text = form.sub(replacement, text)
    return _NAMED.sub(rf"\1{HIDDEN}", text)


def shown(name: str, value: Any) -> str:
    """Give a value as one line or a few; never raises, whatever its `__repr__` does."""
    if is_secret(name) and not isinstance(value, bool | None):
        return HIDDEN
    try:
        return _reprs.repr(value)
    except Exception as error:
        return f"<{type(value).__qualname__}: its repr raised {type(error).__name__}>"


class _Reprs(reprlib.Repr):
    """Short texts of nested values, in which the values under secret keys are hidden."""

    def __init__(self) -> None:
        super().__init__()
        self.maxlevel = 4
        self.maxdict = self.maxlist = self.maxtuple = self.maxset = 12
        self.maxlong = 60

    def repr_dict(self, x: dict[Any, Any], level: int) -> str:
        if level <= 0:
            return "{…}" if x else "{}"
        pairs = []
        for key in list(x)[: self.maxdict]:
            is_hidden = isinstance(key, str | bytes) and is_secret(_text(key))
            value = HIDDEN if is_hidden else self.repr1(x[key], level - 1)
            pairs.append(f"{self.repr1(key, level - 1)}: {value}")
        if len(x) > self.maxdict:
            pairs.append("…")
        return "{" + ", ".join(pairs) + "}"

    def repr_tuple(self, x: tuple[Any, ...], level: int) -> str:
        # A pair whose first says what its second is: a header, a form field.
        if len(x) == 2 and isinstance(x[0], str | bytes) and is_secret(_text(x[0])):
            return f"({x[0]!r}, {HIDDEN})"
        return super().repr_tuple(x, level)

    def repr_str(self, x: str, level: int) -> str:
        return _cut(hide(builtins.repr(x[:_LONGEST_READ])))

    def repr_bytes(self, x: bytes, level: int) -> str:
        return _cut(hide(builtins.repr(x[:_LONGEST_READ])))

    def repr_instance(self, x: Any, level: int) -> str:
        return _cut(hide(builtins.repr(x)[:_LONGEST_READ]))


def _text(name: str | bytes) -> str:
    return name.decode("latin-1") if isinstance(name, bytes) else name


def _cut(text: str) -> str:
    if len(text) <= _LONGEST_SHOWN:
        return text
    half = _LONGEST_SHOWN // 2
    return f"{text[:half]} … {text[-half:]}"


_reprs = _Reprs()
