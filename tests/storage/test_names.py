"""Names: what a client sends never becomes a path, and no name leads out of the folder."""

from __future__ import annotations

import os
import re
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from trivet.storage import BadName, LocalStorage
from trivet.storage.names import (
    check_folder,
    check_name,
    clean_extension,
    clean_filename,
    new_name,
)

# Pieces that mean something to a file system, mixed with anything.
_PIECES = st.sampled_from(
    [
        "..",
        ".",
        "",
        "/",
        "\\",
        "\0",
        "C:",
        "nul",
        "CON.txt",
        "~",
        "%2e%2e",
        "a",
        "\u202e",
        "\ud800",
        " ",
    ]
)
TEXTS = st.one_of(st.text(), st.lists(_PIECES | st.text(max_size=3)).map("/".join))


@given(TEXTS)
def test_no_text_leads_out_of_the_folder(text: str) -> None:
    storage = LocalStorage("/srv/nowhere/media")

    try:
        place = storage._place(text)
    except BadName:
        return

    assert Path(os.path.normpath(place)).is_relative_to("/srv/nowhere/media")
    assert os.path.normpath(place) == place


@given(TEXTS)
def test_whatever_a_file_is_called_its_name_is_ours(filename: str) -> None:
    name = new_name(clean_extension(filename))

    assert re.fullmatch(r"[0-9a-f]{32}(\.[a-z0-9]{1,10})?", name)
    assert check_name(name) == name


@given(TEXTS)
def test_the_kept_name_is_one_line_without_folders(filename: str) -> None:
    kept = clean_filename(filename)

    assert kept is None or (len(kept) <= 200 and not re.search(r"[\x00-\x1f\x7f/\\]", kept))
    assert kept is None or kept.encode()  # and can be written
    assert clean_filename(kept) == kept


@given(TEXTS)
def test_a_good_name_has_pieces_that_mean_themselves(text: str) -> None:
    try:
        check_name(text)
    except BadName:
        return

    assert all(piece.strip(". ") for piece in text.split("/"))
    assert not re.search(r'[\x00-\x1f\\:*?"<>|]', text)


@pytest.mark.parametrize(
    "name",
    [
        "../a", "a/../../b", "./a", "a/.", "..", ".env", "a/.git/config", "/a", "a/", "a//b",
        "//server/share", "\\\\server\\share", "C:\\a", "c:/a", "a:stream", "a\\..\\b", "a\0.png",
        "a\n", "nul", "NUL.txt", "a/Com1.log", "aux", "lpt9", "com\u00b9.txt", "conin$", "a.", "a ",
        "a*", "a?", "a|b", "\ud800", "x" * 256, "é" * 128, "/".join("x" * 200 for _ in range(6)),
    ],
)  # fmt: skip
def test_dangerous_names_are_refused(name: str) -> None:
    with pytest.raises(BadName) as found:
        check_name(name)

    assert str(found.value).startswith(f"no file is called {name!r}: ")


@pytest.mark.parametrize(
    "name", ["a", "a/b.c", "nullable.txt", "console/x", "a..b", "~a", "%2e%2e"]
)
def test_harmless_names_are_names(name: str) -> None:
    assert check_name(name) == name


def test_a_slash_behind_a_folder_does_not_matter() -> None:
    assert check_folder("a/b/") == "a/b"
    assert check_folder("") == ""
    with pytest.raises(BadName):
        check_folder("/a/b")


@pytest.mark.parametrize(
    ("filename", "extension"),
    [
        ("Photo.JPG", ".jpg"), ("a.tar.gz", ".gz"), ("none", ""), ("a.", ""), (".env", ".env"),
        ("a.p hp", ""), ("a.ph/p", ""), ("a.verylongextension", ""), ("a.é", ""), ("", ""),
        ("a.php\0.png", ".png"), ("a.png\n", ""),
    ],
)  # fmt: skip
def test_only_clean_extensions_are_taken(filename: str, extension: str) -> None:
    assert clean_extension(filename) == extension


def test_folders_and_what_turns_text_around_are_taken_away() -> None:
    assert clean_filename("C:\\fakepath\\photo.png") == "photo.png"
    assert clean_filename("../../etc/passwd") == "passwd"
    assert clean_filename("in\u202egnp.exe\r\n") == "ingnp.exe"
    assert clean_filename("x" * 300 + ".png") == "x" * 196 + ".png"
    assert clean_filename("///") is None
    assert clean_filename(None) is None
