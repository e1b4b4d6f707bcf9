"""Texts that are made to be slow: work grows with the text, not with its square.

Counted are steps of the interpreter and calls, for a text and for one eight times as long. What a
pattern does between two steps is not counted: all patterns of the packages are given texts that
make bad ones explode, and each is done by a bound that no good one comes near.
"""

from __future__ import annotations

import importlib
import pkgutil
import re
import sys
import time
from collections.abc import Callable, Iterator
from contextlib import suppress
from types import FrameType
from typing import Any  # what the interpreter hands over

import pytest

import trivet
from trivet.auth.organisations.roles import OrganisationRoles
from trivet.auth.permissions.names import covers
from trivet.auth.users import normal_email, normal_username
from trivet.http.cookies import cookies_of
from trivet.mail.addresses import Mailbox
from trivet.security.redirects import safe_path
from trivet.sessions.agents import browser_of

_PACKAGES = ("auth", "sessions", "security", "templates", "static", "storage", "mail", "http")
_SECONDS = 2.0  # for one text of 64 KiB; a good pattern takes some milliseconds on any machine


def _patterns() -> Iterator[tuple[str, re.Pattern[str]]]:
    for package in (*_PACKAGES, "middleware", "i18n"):
        home = importlib.import_module(f"trivet.{package}")
        for found in pkgutil.walk_packages(home.__path__, home.__name__ + "."):
            try:
                module = importlib.import_module(found.name)
            except ImportError:
                continue
            for name, value in vars(module).items():
                if isinstance(value, re.Pattern) and isinstance(value.pattern, str):
                    yield f"{found.name.removeprefix(trivet.__name__ + '.')}.{name}", value


_BITES = [
    *(
        "a",
        "0",
        " ",
        "-",
        ".",
        "@",
        "/",
        "\\",
        "=",
        ";",
        ",",
        '"',
        "<",
        "%",
        "{",
        "(",
        "[",
        "é",
        "\n",
    ),
    *("a.", "a=", "a,", ' "', "a-", "/.", "a@", '="', "<!--", "0,", ".a", "; a", "a ", '\\"'),
]
_ENDS = ["", "!", "\x00", '"']
# What is given to these is written by the developer, not sent by a client.
_TRUSTED = {"templates.risks._ATTRIBUTE"}


@pytest.mark.parametrize(
    ("name", "pattern"), [pytest.param(*one, id=one[0]) for one in _patterns()]
)
def test_no_pattern_explodes(name: str, pattern: re.Pattern[str]) -> None:
    if name in _TRUSTED:
        return
    began = time.process_time()
    for bite in _BITES:
        long = bite * (8_192 // len(bite))
        for end in _ENDS:
            for how in (pattern.fullmatch, pattern.match):
                how(long + end)
        pattern.search(bite * (2048 // len(bite)) + "!")
    spent = time.process_time() - began

    assert spent < _SECONDS, f"{name}: {pattern.pattern!r} took {spent:.1f} s"


def _steps(function: Callable[[str], object], text: str) -> int:
    """Count lines and calls."""
    count = 0

    def traced(frame: FrameType, event: str, argument: Any) -> Any:
        nonlocal count
        count += 1
        return traced

    before = sys.gettrace()
    sys.settrace(traced)
    try:
        with suppress(ValueError):
            function(text)
    finally:
        sys.settrace(before)
    return count


def _cookies(text: str) -> object:
    return cookies_of([(b"cookie", text.encode("latin-1", "replace"))])


_READERS: list[Callable[[str], object]] = [
    normal_email,
    normal_username,
    safe_path,
    _cookies,
    browser_of,
    Mailbox.read,
    lambda text: covers([text], text),
    lambda text: text in OrganisationRoles({}),
]


@pytest.mark.parametrize("read", _READERS)
@pytest.mark.parametrize(
    "bite", ["a", "a;", "a=b; ", "/", "%25", "é", "a@", '"', "a.", " ", "\\", "("]
)
def test_work_grows_with_the_text_at_most(read: Callable[[str], object], bite: str) -> None:
    short, long = (_steps(read, bite * (size // len(bite))) for size in (8_192, 65_536))

    assert long <= short * 8 * 1.3 + 200, (short, long)
