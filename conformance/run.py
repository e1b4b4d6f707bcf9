"""Run FastAPI's own tests against the drop-in, `trivet.dropin.fastapi`.

    python conformance/run.py                       # what counts, compared with the list
    python conformance/run.py tests/test_query.py   # some files only
    python conformance/run.py --target fastapi      # self-check, with the real FastAPI installed

The tests come from FastAPI's source distribution on the package index; the `fastapi` package in it
is thrown away. Seven files in ten are run. The rest is kept unread, so that it can still judge from
outside whether the drop-in is like FastAPI or only like the tests that were looked at: run it with
`--kept-back` to judge, never to mend by.

Failures must be those of `lived_with.toml`, each with its reason; one that is listed and passes is
an error too. Exit status: 0 as it should be, 1 other failures or entries to take out, 2 the tests
could not be run.
"""

from __future__ import annotations

import argparse
import hashlib
import os
import shutil
import subprocess
import sys
import tarfile
import tempfile
import tomllib
import xml.etree.ElementTree as ElementTree
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from pathlib import Path

VERSION = "0.165.0"
HERE = Path(__file__).resolve().parent
CACHE = Path(os.environ.get("CONFORMANCE_CACHE", Path.home() / ".cache" / "trivet-conformance"))
SUITE = CACHE / f"fastapi-{VERSION}"
# Seconds for one test; slow machines share their processors.
TIMEOUT = 60

# File or folder -> why its tests are no measure of a drop-in.
LEFT_OUT = {
    "tests/benchmarks": "benchmarks",
    "tests/memory_benchmarks": "benchmarks",
    "tests/test_compat.py": "the private module fastapi._compat",
    "tests/test_dependencies_utils.py": "private functions",
    "tests/test_dependency_models.py": "private classes",
    "tests/test_dump_json_fast_path.py": "a private way of the code",
    "tests/test_fastapi_cli.py": "FastAPI's own command line",
    "tests/test_form_limits.py": "private functions",
    "tests/test_multipart_installation.py": "needs a package to be missing",
    "tests/test_parameter_extraction.py": "private functions",
    "tests/test_prepare_release.py": "how FastAPI is released",
    "tests/test_pydantic_v1_error.py": "Pydantic 1",
    "tests/test_request_body_limits.py": "private functions",
    "tests/test_telemetry": "fastapi.telemetry, a product of its own",
    "tests/test_translate.py": "how FastAPI is translated",
    "tests/test_tutorial/test_graphql": "strawberry.fastapi, which needs the real package",
    "tests/test_tutorial/test_opentelemetry": "fastapi.telemetry, a product of its own",
    "tests/test_upload_file_read_position.py": "private functions",
}

# Loaded by pytest before any test is; the tests read two facts from a private module.
PLUGIN = """
import os, sys, types
if os.environ["CONFORMANCE_TARGET"] == "trivet":
    from trivet.dropin import fastapi as dropin
    dropin.install()
    import fastapi, pydantic
    from pydantic_core import PydanticUndefined
    compat = types.ModuleType("fastapi._compat")
    compat.PYDANTIC_VERSION_MINOR_TUPLE = tuple(int(n) for n in pydantic.VERSION.split(".")[:2])
    compat.Undefined = PydanticUndefined
    sys.modules["fastapi._compat"] = compat
    assert fastapi.FastAPI.__module__.split(".")[0] == "trivet", fastapi.FastAPI.__module__
"""


# Files of unexpected failures that are run again; more than these do not fail by chance.
MOST_AGAIN = 10


@dataclass
class Result:
    """What became of the tests, by test id (`tests/test_query.py::test_x[a]`)."""

    passed: set[str] = field(default_factory=set)
    failed: set[str] = field(default_factory=set)
    skipped: set[str] = field(default_factory=set)

    @classmethod
    def read(cls, report: Path) -> Result:
        """Read pytest's report; a test that failed once and passed once has failed."""
        found = cls()
        for case in ElementTree.parse(report).getroot().iter("testcase"):
            name = _test_id(case)
            if case.find("error") is not None or case.find("failure") is not None:
                found.failed.add(name)
            elif case.find("skipped") is not None:
                found.skipped.add(name)
            else:
                found.passed.add(name)
        found.passed -= found.failed
        return found


def main() -> int:
    """Run what the command line asks for; gives the exit status."""
    options = _options()
    prepare()
    if options.install:
        _install()
    chosen = options.files or files(kept_back=options.kept_back)
    with tempfile.TemporaryDirectory() as folder:
        report, log = run(chosen, options.target, options.workers, Path(folder))
        if report is None:
            print(f"conformance: the tests could not be run; see {log}")
            return 2
        result = Result.read(report)
        again_alone(result, lived_with(), options.target, Path(folder))
    if not result.passed and not result.failed:
        print(f"conformance: no test was found; see {log}")
        return 2
    return tell(result, lived_with(), chosen, log)


def prepare() -> None:
    """Fetch and unpack the tests into the cache; a second call does nothing."""
    if (SUITE / "tests").is_dir():
        return
    CACHE.mkdir(parents=True, exist_ok=True)
    with tempfile.TemporaryDirectory(dir=CACHE) as folder:
        subprocess.run(
            [
                *(sys.executable, "-m", "pip", "--disable-pip-version-check", "download", "-q"),
                *("--no-deps", "--no-binary", "fastapi", "--dest", folder, f"fastapi=={VERSION}"),
            ],
            check=True,
        )
        with tarfile.open(next(Path(folder).glob("fastapi-*.tar.gz"))) as archive:
            archive.extractall(folder, filter="data")
        unpacked = Path(folder) / SUITE.name
        shutil.rmtree(unpacked / "fastapi")  # the package under test is not this one
        shutil.rmtree(SUITE, ignore_errors=True)
        unpacked.rename(SUITE)


def _install() -> None:
    """Install what the tests import; pip asks the index only for what is missing."""
    subprocess.run(
        [
            *(sys.executable, "-m", "pip", "--disable-pip-version-check", "install", "-q"),
            *("--requirement", str(HERE / "requirements.txt")),
        ],
        check=True,
    )


def files(*, kept_back: bool = False) -> list[str]:
    """Give the files that count: those to mend by, or those that are kept back."""
    found = sorted(str(path.relative_to(SUITE)) for path in (SUITE / "tests").rglob("test_*.py"))
    return [name for name in found if not _left_out(name) and is_kept_back(name) is kept_back]


def is_kept_back(name: str) -> bool:
    """True for three files in ten, chosen by their name's hash."""
    return hashlib.sha256(name.encode()).digest()[0] < 77


def _left_out(name: str) -> bool:
    return any(name == one or name.startswith(one + "/") for one in LEFT_OUT)


def run(chosen: Iterable[str], target: str, workers: str, folder: Path) -> tuple[Path | None, Path]:
    """Run pytest on the files; gives its report, None where it wrote none, and its log."""
    (folder / "conformance_plugin.py").write_text(PLUGIN)
    report, log = folder / "report.xml", CACHE / f"last-{target}.log"
    path = [str(folder), str(SUITE), os.environ.get("PYTHONPATH", "")]
    environment = os.environ | {
        "CONFORMANCE_TARGET": target,
        "PYTHONPATH": os.pathsep.join(filter(None, path)),
        "PYTHONDONTWRITEBYTECODE": "1",
    }
    command = [
        *(sys.executable, "-m", "pytest", "-q", "-p", "conformance_plugin"),
        *("-p", "no:cacheprovider", "--tb=short", f"--junitxml={report}"),
        # A test that hangs takes its worker with it; another one is started in its place.
        *("--timeout", str(TIMEOUT), "--timeout-method", "thread", "--max-worker-restart", "20"),
        *("-n", workers, "--dist", "loadfile"),
        *chosen,
    ]
    with log.open("w") as output:
        subprocess.run(command, cwd=SUITE, env=environment, stdout=output, stderr=subprocess.STDOUT)
    return (report if report.exists() else None), log


def again_alone(result: Result, listed: Mapping[str, str], target: str, folder: Path) -> None:
    """Run the files of unexpected failures once more, one after the other.

    Some of the suite's files write the same file in the same folder (`image.png`), and take it from
    each other when they happen to run side by side.
    """
    files = sorted({name.partition("::")[0] for name in result.failed - listed.keys()})
    if not files or len(files) > MOST_AGAIN:
        return
    (folder / "report.xml").unlink()
    report, _ = run(files, target, "0", folder)
    if report is None:
        return
    passed = result.failed & Result.read(report).passed
    for name in sorted(passed):
        print(f"passed when run alone: {name}")
    result.failed -= passed
    result.passed |= passed


def _test_id(case: ElementTree.Element) -> str:
    """Give the id under which pytest runs a test, from the report's dotted class name."""
    dotted, name = case.get("classname") or "", case.get("name") or "?"
    if not dotted:  # a file that could not be imported
        return name.replace(".", "/") + ".py"
    parts = dotted.split(".")
    for count in range(len(parts), 0, -1):
        path = "/".join(parts[:count]) + ".py"
        if (SUITE / path).is_file():
            return "::".join([path, *parts[count:], name])
    return f"{dotted}::{name}"


def lived_with() -> dict[str, str]:
    """Give the failures that are lived with, by test id: why."""
    table = tomllib.loads((HERE / "lived_with.toml").read_text())
    return {name: group["reason"] for group in table["group"] for name in group["tests"]}


def tell(result: Result, listed: Mapping[str, str], chosen: Iterable[str], log: Path) -> int:
    """Print what came out; gives the exit status."""
    ran = set(chosen)
    expected = {name for name in listed if name.partition("::")[0] in ran}
    new = sorted(result.failed - expected)
    gone = sorted(expected - result.failed)
    for name in new:
        print(f"failed: {name}")
    for name in gone:
        state = "passes" if name in result.passed else "was not run"
        print(f"{state}, take it out of the list: {name}")
    total = len(result.passed) + len(result.failed)
    rate = 100 * len(result.passed) / total
    print(f"(the whole log: {log})")
    print(
        f"conformance: {len(result.passed)}/{total} passed ({rate:.2f} %),"
        f" {len(expected & result.failed)} failures lived with, {len(new)} others,"
        f" {len(gone)} to take out of the list"
    )
    return 1 if new or gone else 0


def _options() -> argparse.Namespace:
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("--target", choices=["trivet", "fastapi"], default="trivet")
    parser.add_argument("--workers", default="2", help="processes of pytest-xdist")
    parser.add_argument("--kept-back", action="store_true", help="the files that judge, instead")
    parser.add_argument(
        "--no-install",
        dest="install",
        action="store_false",
        help="take the packages of requirements.txt as they are",
    )
    parser.add_argument("files", nargs="*", help="test files, as tests/test_query.py")
    return parser.parse_args()


if __name__ == "__main__":
    sys.exit(main())
