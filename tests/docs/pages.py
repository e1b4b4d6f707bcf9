"""Reading and running the code blocks of a Markdown page, with Sybil.

One page is one namespace and one folder, as for a reader who types along. A block whose first line
is `# file: name.py` becomes that file in the page's folder and is imported (a `test_….py` is given
to pytest); other Python blocks run in the page's namespace. A block that cannot run says why:
```python { no-run="needs a cluster" }, which is also a form that the site builder understands.
"""

from __future__ import annotations

import importlib
import os
import re
import shlex
import subprocess
import sys
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from pathlib import Path
from types import ModuleType

from sybil import Document, Example, Region
from sybil.evaluators.python import PythonEvaluator
from sybil.parsers.abstract.lexers import LexerCollection
from sybil.parsers.markdown.lexers import RawFencedCodeBlockLexer

FENCES = LexerCollection(
    [RawFencedCodeBlockLexer(re.compile(r"(?P<info>[^\n]*)$\n", re.MULTILINE))]
)
FILE = re.compile(r"\A\s*(?:#|//|--|<!--)\s*file:\s*(?P<name>[\w./-]+)")
PYTHON_INFO = re.compile(
    r"""python(?:\s+(?:title|hl_lines|linenums)="[^"]+")*(?:\s*\{\s*no-run="(?P<reason>[^"]*)"\s*\})?"""
)
SHELLS = frozenset({"bash", "console", "sh", "shell"})


@dataclass(frozen=True)
class Block:
    """One fenced block: the line of its fence, its info string and its text."""

    line: int
    info: str
    text: str

    @property
    def language(self) -> str:
        """Give the first word of the info string."""
        return self.info.split(maxsplit=1)[0] if self.info.strip() else ""


def read_blocks(page: Path) -> list[Block]:
    """Give all fenced blocks of a page in order."""
    found: list[Block] = []

    def parse(document: Document) -> Iterable[Region]:
        for region in FENCES(document):
            line = document.text.count("\n", 0, region.start) + 1
            found.append(Block(line, region.lexemes["info"].strip(), str(region.lexemes["source"])))
        return ()

    Document.parse(str(page), parse)
    return found


def find_unclear_blocks(page: Path) -> list[str]:
    """Name the Python blocks that neither run nor say why not, and fences without a language."""
    found = []
    for block in read_blocks(page):
        where = f"{page.name}:{block.line}"
        if not block.language:
            found.append(f"{where}: name the block's language, `text` where it has none")
        elif block.language.startswith(("python", "py")):
            match = PYTHON_INFO.fullmatch(block.info)
            if match is None:
                found.append(f'{where}: write ```python or ```python {{ no-run="the reason" }}')
            elif match["reason"] is not None and len(match["reason"].split()) < 2:
                found.append(f"{where}: give the reason why the block does not run")
    return found


class PageRun:
    """Runs the blocks of one page in `folder`, which must be the current one and on sys.path."""

    def __init__(self, page: Path, folder: Path) -> None:
        self.page = page
        self.folder = folder
        self.module = ModuleType("page_" + re.sub(r"\W", "_", page.stem))
        self.files: list[str] = []
        self._python = PythonEvaluator()

    def run(self) -> int:
        """Run every block in order and give how many ran; the first that raises ends the page."""
        before = set(sys.modules)
        sys.modules[self.module.__name__] = self.module  # Pydantic looks names up there
        try:
            document = Document.parse(str(self.page), self._parse)
            document.namespace = self.module.__dict__
            examples = list(document.examples())
            for example in examples:
                example.evaluate()
            return len(examples)
        finally:
            for name in set(sys.modules) - before:
                if name == self.module.__name__ or self._is_ours(sys.modules[name]):
                    del sys.modules[name]

    def _parse(self, document: Document) -> Iterator[Region]:
        for region in FENCES(document):
            match = PYTHON_INFO.fullmatch(region.lexemes["info"].strip())
            region.parsed = region.lexemes["source"]
            if FILE.match(region.parsed) and not (match and match["reason"]):
                region.evaluator = self._write
                yield region
            elif match and not match["reason"]:
                region.evaluator = self._python
                yield region

    def _write(self, example: Example) -> None:
        match = FILE.match(example.parsed)
        assert match is not None
        path = self.folder / match["name"]
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(example.parsed, encoding="utf-8")
        if path.suffix != ".py":
            return
        if path.name.startswith("test_"):
            self._test(path)
            return
        name = ".".join(Path(match["name"]).with_suffix("").parts).removesuffix(".__init__")
        sys.modules.pop(name, None)  # a page may show a file again, further written
        importlib.invalidate_caches()
        importlib.import_module(name)

    def _test(self, path: Path) -> None:
        # Only what a reader has: the plugins that happen to be installed here take seconds to load.
        plugins = ["-p", "anyio", "-p", "no:cacheprovider"]
        done = subprocess.run(
            [sys.executable, "-m", "pytest", "-q", *plugins, str(path)],
            cwd=self.folder,
            env={**os.environ, "PYTEST_DISABLE_PLUGIN_AUTOLOAD": "1"},
            capture_output=True,
            text=True,
            check=False,
        )
        assert done.returncode == 0, f"{path.name} fails:\n{done.stdout}{done.stderr}"

    def _is_ours(self, module: ModuleType) -> bool:
        file = getattr(module, "__file__", None)
        return bool(file) and Path(str(file)).is_relative_to(self.folder)


def read_commands(page: Path) -> list[tuple[int, list[str]]]:
    """Give every command of the page's shell blocks with its line; output lines are left out."""
    found = []
    for block in read_blocks(page):
        if block.language not in SHELLS:
            continue
        has_prompt = any(line.startswith("$ ") for line in block.text.splitlines())
        text = block.text.replace("\\\n", "  ")
        for number, line in enumerate(text.splitlines(), block.line + 1):
            if has_prompt and not line.startswith("$ "):
                continue
            words = shlex.split(line.removeprefix("$ "), comments=True)
            while words and re.fullmatch(r"\w+=.*", words[0]):
                del words[0]  # environment variables before the command
            if words:
                found.append((number, words))
    return found
