"""`trivet collectstatic`: what it writes, what it leaves out and says so, what it refuses."""

from __future__ import annotations

import gzip
import json
import os
import subprocess
import sys
from pathlib import Path

import brotli
import pytest

from trivet.errors import SetupError
from trivet.static.collecting import collect
from trivet.static.fingerprints import fingerprint
from trivet.static.manifest import read_manifest

STYLE = "body { color: teal }\n" * 50


@pytest.fixture
def source(tmp_path: Path) -> Path:
    made = tmp_path / "static"
    (made / "css").mkdir(parents=True)
    (made / "css" / "site.css").write_text(STYLE)
    (made / "pixel.png").write_bytes(b"\x89PNG")
    return made


def test_files_are_written_plain_marked_and_compressed(source: Path, tmp_path: Path) -> None:
    target = tmp_path / "built"
    mark = fingerprint(source / "css" / "site.css")

    found = collect([source], target)

    written = {path.relative_to(target).as_posix() for path in target.rglob("*") if path.is_file()}
    png = f"pixel.{fingerprint(source / 'pixel.png')}.png"
    names = [
        f"css/site{one}.css{suffix}" for one in ("", f".{mark}") for suffix in ("", ".gz", ".br")
    ]
    assert written == {*names, "pixel.png", png, "collected.json"}
    marked = target / f"css/site.{mark}.css"
    assert marked.read_text() == STYLE
    assert gzip.decompress(Path(f"{marked}.gz").read_bytes()).decode() == STYLE
    assert brotli.decompress(Path(f"{marked}.br").read_bytes()).decode() == STYLE
    assert read_manifest(target) == found.files
    assert found.files == {"css/site.css": f"css/site.{mark}.css", "pixel.png": png}
    assert (found.variants, found.left_out) == (4, [])


def test_the_same_files_give_the_same_bytes(source: Path, tmp_path: Path) -> None:
    for name in ("one", "two"):
        collect([source], tmp_path / name)

    for path in (tmp_path / "one").rglob("*.*"):
        other = tmp_path / "two" / path.relative_to(tmp_path / "one")
        assert path.read_bytes() == other.read_bytes()


def test_older_versions_stay(source: Path, tmp_path: Path) -> None:
    target = tmp_path / "built"
    before = collect([source], target).files["css/site.css"]
    (source / "css" / "site.css").write_text("new")

    after = collect([source], target).files["css/site.css"]

    assert after != before
    assert (target / before).read_text() == STYLE
    assert (target / "css" / "site.css").read_text() == "new"
    assert not (target / "css" / "site.css.gz").exists()  # it is too short for one now


def test_what_is_left_out_is_said(source: Path, tmp_path: Path) -> None:
    other = tmp_path / "other"
    other.mkdir()
    (other / "pixel.png").write_text("theirs")
    (source / ".env").write_text("KEY=1")
    (source / "collected.json").write_text("{}")
    (source / "css" / "site.css.gz").write_text("stale")
    (source / "out.txt").symlink_to(tmp_path / "nowhere")

    found = collect([source, other], tmp_path / "built")

    assert dict(found.left_out) == {
        ".env": "its name begins with a dot",
        "collected.json": "its name is that of the list of files",
        "css/site.css.gz": "it is made anew of the file beside it",
        "out.txt": "it is a link that leads nowhere or out of its folder",
        "pixel.png": f"a folder before {str(other)!r} has it",
    }
    assert (tmp_path / "built" / "pixel.png").read_bytes() == b"\x89PNG"


@pytest.mark.parametrize("name", ["static", "static/built", "."])
def test_target_within_a_source_is_refused(source: Path, tmp_path: Path, name: str) -> None:
    with pytest.raises(SetupError) as found:
        collect([source], tmp_path / name)

    assert found.value.code == "static.own-folder"


def test_folder_of_somebody_else_is_refused(source: Path, tmp_path: Path) -> None:
    target = tmp_path / "photos"
    target.mkdir()
    (target / "site.css").write_text("mine")

    with pytest.raises(SetupError) as found:
        collect([source], target)

    assert found.value.code == "static.foreign-folder"
    assert (target / "site.css").read_text() == "mine"


@pytest.mark.parametrize("text", ["{}", "[]", "x", '{"trivet": 1, "files": [1]}'])
def test_manifest_of_somebody_else_is_refused(source: Path, tmp_path: Path, text: str) -> None:
    target = tmp_path / "built"
    target.mkdir()
    (target / "collected.json").write_text(text)

    with pytest.raises(SetupError) as found:
        collect([source], target)

    assert found.value.code == "static.manifest"


def test_command_collects_and_says_so(source: Path, tmp_path: Path) -> None:
    (source / ".env").write_text("KEY=1")
    (tmp_path / "app.py").write_text(
        "from trivet import App\nfrom trivet.static import Static\n"
        'app = App()\nstatic = app.use(Static("static"))\n'
    )

    done = subprocess.run(
        [sys.executable, "-m", "trivet", "collectstatic", "built"],
        cwd=tmp_path,
        env={**os.environ, "NO_COLOR": "1"},
        capture_output=True,
        text=True,
        check=False,
    )

    assert done.returncode == 0, done.stderr
    assert "left out .env: its name begins with a dot" in done.stdout
    assert "collected 2 files of 1054 bytes into built, and 4 compressed ones" in done.stdout
    told = json.loads((tmp_path / "built" / "collected.json").read_text())
    assert set(told["files"]) == {"css/site.css", "pixel.png"}
