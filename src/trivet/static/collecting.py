"""All static files of an application in one folder, as it is served or given to a CDN.

Each file is written twice, under its own name and under the one with its fingerprint, and each of
the two compressed where that makes it smaller. Older versions stay: pages that are still open ask
for them. The manifest is written last.
"""

from __future__ import annotations

import gzip
import os
import shutil
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, field
from functools import partial
from importlib import import_module
from pathlib import Path
from typing import Any

from trivet.errors import SetupError
from trivet.http.files import Folder, is_hidden, media_type_of
from trivet.static.fingerprints import fingerprint, marked
from trivet.static.manifest import MANIFEST, read_manifest, write_manifest

__all__ = ["Collected", "collect"]

_COMPRESSED = frozenset(
    {
        "application/javascript", "application/json", "application/manifest+json",
        "application/wasm", "application/xml", "font/otf", "font/ttf", "image/svg+xml",
        "image/vnd.microsoft.icon",
    }
)  # fmt: skip
_VARIANTS = (".br", ".zst", ".gz")
_WORTH = 0.95  # of the size; less is not worth a second file


@dataclass
class Collected:
    """What was collected, and what was not and why, each as a name and a reason."""

    files: dict[str, str] = field(default_factory=dict)
    left_out: list[tuple[str, str]] = field(default_factory=list)
    bytes: int = 0
    variants: int = 0


def collect(
    sources: Sequence[Path], target: Path, progress: Callable[[str], None] = lambda name: None
) -> Collected:
    """Write the files of `sources`, the first that has a name winning, into `target`. Blocks.

    `progress` is told each name. Raises `SetupError` for a target that lies in a source or around
    one, or that has files of somebody else's.
    """
    _check(sources, target)
    target.mkdir(parents=True, exist_ok=True)
    found = Collected()
    for source in sources:
        for name in _names(source):
            _take(source, name, target, found, progress)
    write_manifest(target, found.files)
    return found


def _check(sources: Sequence[Path], target: Path) -> None:
    there = target.resolve()
    for source in (one.resolve() for one in sources):
        if there.is_relative_to(source) or source.is_relative_to(there):
            raise SetupError(
                f"Files of {str(source)!r} cannot be collected into {str(there)!r}: one lies in"
                " the other",
                code="static.own-folder",
                mend="trivet collectstatic build/static",
            )
    is_ours = read_manifest(there) is not None
    if there.exists() and not is_ours and (not there.is_dir() or any(there.iterdir())):
        raise SetupError(
            f"{str(there)!r} has something in it, and was not made by `trivet collectstatic`",
            code="static.foreign-folder",
            mend="a folder that is empty or not there yet: trivet collectstatic build/static",
        )


def _names(source: Path) -> Iterator[str]:
    for folder, folders, files in os.walk(source):
        folders.sort()
        for file in sorted(files):
            yield Path(folder, file).relative_to(source).as_posix()


def _take(
    source: Path, name: str, target: Path, found: Collected, progress: Callable[[str], None]
) -> None:
    reason = None
    if is_hidden(name):
        reason = "its name begins with a dot"
    elif name in found.files:
        reason = f"a folder before {str(source)!r} has it"
    elif name == MANIFEST:
        reason = "its name is that of the list of files"
    elif name.endswith(_VARIANTS) and (source / name).with_suffix("").exists():
        reason = "it is made anew of the file beside it"
    else:
        path, state = Folder(source).lookup_path(name)
        if state is None or not os.path.isfile(path):
            reason = "it is a link that leads nowhere or out of its folder"
    if reason is not None:
        found.left_out.append((name, reason))
        return
    progress(name)
    named = found.files[name] = marked(name, fingerprint(path))
    found.bytes += os.path.getsize(path)
    for one in (name, named):
        found.variants += _write(Path(path), target / one)


def _write(source: Path, target: Path) -> int:
    """Write a file and its compressed neighbours; gives how many of those."""
    target.parent.mkdir(parents=True, exist_ok=True)
    _replace(target, partial(shutil.copyfile, source))
    for suffix in _VARIANTS:
        target.with_name(target.name + suffix).unlink(missing_ok=True)
    kind = media_type_of(target.name)
    if not kind.startswith("text/") and kind not in _COMPRESSED:
        return 0
    content = target.read_bytes()
    count = 0
    for suffix, compress in _compressors():
        packed = compress(content)
        if len(packed) < len(content) * _WORTH:
            _replace(target.with_name(target.name + suffix), partial(_put, packed))
            count += 1
    return count


def _put(content: bytes, file: Path) -> None:
    file.write_bytes(content)


def _replace(target: Path, write: Callable[[Path], Any]) -> None:
    """Write a file as a whole: who reads meanwhile has the old one."""
    fresh = target.with_name(f".{target.name}.new")
    write(fresh)
    os.replace(fresh, target)


def _compressors() -> Iterator[tuple[str, Callable[[bytes], bytes]]]:
    # No time in it: the same file always gives the same bytes.
    yield ".gz", lambda content: gzip.compress(content, 9, mtime=0)
    try:
        brotli: Any = import_module("brotli")  # Any: a module that may not be there
    except ImportError:
        return
    yield ".br", brotli.compress
