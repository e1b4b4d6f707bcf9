"""Measure `trivet adopt fastapi` on the applications of FastAPI's own documentation.

    python conformance/adopted.py                  # all of them
    python conformance/adopted.py first_steps      # those whose path contains a word
    python conformance/adopted.py --as fastapi     # with the application left FastAPI's

`docs_src` of FastAPI's source distribution is copied twice; the codemod writes over the second
copy. Each application of both is imported, in a process of its own, and asked the same: for its
OpenAPI document, and requests that are made from the document of FastAPI's own run. It needs an
environment with both, which `make adopted` makes: FastAPI, and what its tests need.

HEAD in the header Allow is not compared, as Trivet answers it wherever GET is; nor is what two runs
under FastAPI itself answer differently: times, random numbers. Exit status: 0 where at least 95 %
answer the same, 1 otherwise.
"""

from __future__ import annotations

import argparse
import json
import subprocess
import sys
import tempfile
from pathlib import Path
from shutil import copytree
from typing import Any

from conformance.run import SUITE, prepare
from trivet.adopt import write
from trivet.adopt.fastapi import adopt_fastapi

ASKING = Path(__file__).with_name("asking.py")
WANTED = 0.95


def main() -> int:
    """Run what the command line asks for; gives the exit status."""
    options = _options()
    prepare()
    with tempfile.TemporaryDirectory() as folder:
        before, after = Path(folder) / "before", Path(folder) / "after"
        for copy in (before, after):
            copytree(SUITE / "docs_src", copy / "docs_src")
        adoption = adopt_fastapi(after / "docs_src", own=options.own == "trivet")
        write(adoption, force=True)
        names = [
            str(path.relative_to(before).with_suffix("")).replace("/", ".")
            for path in sorted((before / "docs_src").rglob("*.py"))
            if options.word in str(path.relative_to(before)) and _makes_application(path)
        ]
        found = _compared(names, before, after)
    return _tell(found)


def _makes_application(path: Path) -> bool:
    text = path.read_text(encoding="utf-8")
    return "FastAPI(" in text and not path.name.startswith("test_")


def _compared(names: list[str], before: Path, after: Path) -> dict[str, list[str]]:
    """Give what differs, by application; a line that begins with `skipped` counts for nothing."""
    theirs = _asked("fastapi", before, dict.fromkeys(names))
    requests = {name: one["requests"] for name, one in theirs.items() if "failed" not in one}
    ours = _asked("trivet", after, requests)
    found: dict[str, list[str]] = {}
    for name in names:
        if name not in requests:
            found[name] = [f"skipped: under FastAPI itself: {theirs[name]['failed']}"]
        else:
            found[name] = _differences(theirs[name], ours[name], theirs[name])
    unlike = {name: requests[name] for name in requests if found[name]}
    for name, again in _asked("fastapi", before, unlike).items():
        found[name] = _differences(theirs[name], ours[name], again)
    return found


def _differences(first: dict[str, Any], ours: dict[str, Any], again: dict[str, Any]) -> list[str]:
    if "failed" in ours:
        return [f"does not run: {ours['failed']}"]
    differences = []
    if first["document"] != ours["document"]:
        differences.append(f"document: {_where(first['document'], ours['document'])}")
    asked = zip(first["requests"], first["answers"], strict=True)
    for number, (request, answer) in enumerate(asked):
        got = ours["answers"][number]
        for key, value in answer.items():
            if again["answers"][number][key] == value and got[key] != value:
                what = f"{request['method']} {request['url']}"
                differences.append(f"{what}: {key} {value!r:.160} became {got[key]!r:.160}")
    return differences


def _asked(kind: str, folder: Path, requests: dict[str, Any]) -> dict[str, Any]:
    """Ask applications; gives what each said, by its name."""
    jobs = [{"name": name, "requests": one} for name, one in requests.items()]
    command = [sys.executable, str(ASKING), kind, str(folder)]
    done = subprocess.run(command, input=json.dumps(jobs), stdout=subprocess.PIPE, text=True)
    lines = [json.loads(line) for line in done.stdout.splitlines()]
    return dict(zip(requests, lines, strict=True))


def _where(old: Any, new: Any, path: str = "") -> str:
    """Give the first place at which two documents differ."""
    if isinstance(old, dict) and isinstance(new, dict):
        for key in [*old, *(key for key in new if key not in old)]:
            if old.get(key) != new.get(key):
                return _where(old.get(key), new.get(key), f"{path}/{key}")
    return f"{path}: {old!r:.120} became {new!r:.120}"


def _tell(found: dict[str, list[str]]) -> int:
    ran = {name: lines for name, lines in found.items() if not lines or "skipped" not in lines[0]}
    for name, lines in found.items():
        for line in lines[:4]:
            print(f"{name}: {line}")
    same = sum(not lines for lines in ran.values())
    print(
        f"adopted: {same}/{len(ran)} applications answer the same ({100 * same / len(ran):.1f} %),"
        f" {len(found) - len(ran)} do not run under FastAPI itself here"
    )
    return 0 if same >= WANTED * len(ran) else 1


def _options() -> argparse.Namespace:
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("word", nargs="?", default="", help="only paths that contain it")
    parser.add_argument("--as", dest="own", choices=["trivet", "fastapi"], default="trivet")
    return parser.parse_args()


if __name__ == "__main__":
    sys.exit(main())
