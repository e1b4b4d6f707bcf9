"""Makes what the peers need: a virtual environment each, Node's packages, Go's binary.

Everything lands in git-ignored folders of benchmarks/ and is made again only when its source
changed. A peer that cannot be installed is reported and left out.
"""

from __future__ import annotations

import json
import shutil
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path

from benchmarks.peers import APPS, BUILD, HERE, VENVS, Peer

Say = Callable[[str], None]

VERSIONS = """
import json, sys
from importlib.metadata import PackageNotFoundError, version
found = {"python": sys.version.split()[0]}
for name in sys.argv[1:]:
    try:
        found[name] = version(name)
    except PackageNotFoundError:
        pass
print(json.dumps(found))
"""


def prepare(peer: Peer, say: Say) -> str | None:
    """Install what `peer` needs; gives the reason where that failed. Blocks, uses the network."""
    try:
        if peer.name == "fastify":
            _fastify(say)
        elif peer.name == "go":
            _go(say)
        elif peer.made_from:
            _python(peer, say)
    except subprocess.CalledProcessError as error:
        lines = (error.stderr or error.stdout or "").strip().splitlines()
        return f"installation failed: {lines[-1] if lines else error}"
    return peer.absence()


def versions(peer: Peer) -> dict[str, str]:
    """Give the versions of the interpreter and of the packages that matter."""
    if peer.name == "go":
        return {"go": _output("go", "version").split()[2].removeprefix("go")}
    if peer.name == "fastify":
        package = json.loads((BUILD / "fastify/node_modules/fastify/package.json").read_text())
        return {"node": _output("node", "--version").lstrip("v"), "fastify": package["version"]}
    found: dict[str, str] = json.loads(_output(str(peer.python), "-c", VERSIONS, *peer.packages))
    return found


def _python(peer: Peer, say: Say) -> None:
    wanted = HERE / "requirements" / f"{peer.made_from}.txt"
    home = VENVS / peer.made_from
    stamp = home / ".installed"
    if _is_same(stamp, wanted):
        return
    say(f"installing {peer.title} into {home.relative_to(HERE.parent)}")
    _run(sys.executable, "-m", "venv", str(home))
    pip = (str(peer.python), "-m", "pip", "--quiet", "--disable-pip-version-check")
    _run(*pip, "install", "-r", str(wanted))
    stamp.write_bytes(wanted.read_bytes())


def _fastify(say: Say) -> None:
    if not (shutil.which("node") and shutil.which("npm")):
        return
    home = BUILD / "fastify"
    stamp = home / ".installed"
    home.mkdir(parents=True, exist_ok=True)
    for name in ("app.js", "package.json"):
        shutil.copy(APPS / "fastify" / name, home)
    if _is_same(stamp, home / "package.json"):
        return
    say("installing Fastify")
    _run("npm", "install", "--silent", "--no-audit", "--no-fund", cwd=home)
    stamp.write_bytes((home / "package.json").read_bytes())


def _go(say: Say) -> None:
    if not shutil.which("go"):
        return
    stamp = BUILD / "go-server.source"
    if _is_same(stamp, APPS / "go/main.go") and (BUILD / "go-server").exists():
        return
    say("building the Go server")
    BUILD.mkdir(exist_ok=True)
    _run("go", "build", "-o", str(BUILD / "go-server"), ".", cwd=APPS / "go")
    stamp.write_bytes((APPS / "go/main.go").read_bytes())


def _is_same(stamp: Path, source: Path) -> bool:
    return stamp.exists() and stamp.read_bytes() == source.read_bytes()


def _run(*command: str, cwd: Path | None = None) -> None:
    subprocess.run(command, cwd=cwd, check=True, capture_output=True, text=True)


def _output(*command: str) -> str:
    return subprocess.run(command, check=True, capture_output=True, text=True).stdout
