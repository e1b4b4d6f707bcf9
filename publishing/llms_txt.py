"""The documentation for readers that are models; run by `make docs` behind the site's build.

Puts three things into the built site: `llms.txt`, an index of all pages with a sentence on each, in
the shape of https://llmstxt.org; `llms-full.txt`, all pages in one; and each page as it was
written, in Markdown, at the address that it has in the source:

    python -m publishing.llms_txt
"""

from __future__ import annotations

import re
import shutil
import sys
import tomllib
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

__all__ = ["Page", "main", "pages_of", "write"]

_HEADING = re.compile(r"^# +(?P<title>.+?) *$", re.MULTILINE)
_LINK = re.compile(r"\[([^\]]+)\]\([^)]*\)")
_SENTENCE = re.compile(r"(.+?[.:])(?:\s|$)", re.DOTALL)
_NO_PROSE = ("#", "```", "|", "-", "*", ">", "!", "<", "1.")


@dataclass(frozen=True)
class Page:
    """One page of the documentation."""

    section: str
    path: str
    text: str

    @property
    def title(self) -> str:
        """Give its heading."""
        found = _HEADING.search(self.text)
        return found["title"].replace("`", "") if found else self.path

    @property
    def about(self) -> str:
        """Give its first sentence, without links; empty where it begins with no prose."""
        _, _, below = self.text.partition(f"# {self.title}")
        for paragraph in (below or self.text).split("\n\n"):
            words = _LINK.sub(r"\1", " ".join(paragraph.split()))
            if words and not words.startswith(_NO_PROSE):
                found = _SENTENCE.match(words)
                return (found[1] if found else words).rstrip(":")
        return ""


def pages_of(config: dict[str, Any], docs: Path) -> Iterator[Page]:
    """Give the pages in the order of the navigation; those at its top are in no section."""
    for entry in config["project"]["nav"]:
        for section, path in _paths(entry, ""):
            yield Page(section, path, (docs / path).read_text(encoding="utf-8"))


def _paths(entry: Any, section: str) -> Iterator[tuple[str, str]]:
    if isinstance(entry, str):
        yield section, entry
        return
    for name, inner in entry.items():
        if isinstance(inner, str):
            yield section, inner
        else:
            for one in inner:
                yield from _paths(one, section or name)


def write(config: dict[str, Any], docs: Path, site: Path) -> None:
    """Write the index, the whole, and each page into `site`, which has been built."""
    pages = list(pages_of(config, docs))
    (site / "llms.txt").write_text(_index(config, pages), encoding="utf-8", newline="\n")
    whole = "\n\n".join(f"<!-- {page.path} -->\n\n{page.text.strip()}" for page in pages)
    (site / "llms-full.txt").write_text(whole + "\n", encoding="utf-8", newline="\n")
    for page in pages:
        target = site / page.path
        target.parent.mkdir(parents=True, exist_ok=True)
        shutil.copyfile(docs / page.path, target)


def _index(config: dict[str, Any], pages: list[Page]) -> str:
    project = config["project"]
    lines = [f"# {project['site_name']}", "", f"> {project['site_description']}", ""]
    for section in dict.fromkeys(page.section for page in pages):
        if section:
            lines += ["", f"## {section}", ""]
        for page in pages:
            if page.section == section:
                about = f": {page.about}" if page.about else ""
                lines.append(f"- [{page.title}]({page.path}){about}")
    return "\n".join(lines) + "\n"


def main(folder: Path) -> None:
    """Do it for the site whose `zensical.toml` is in `folder`."""
    config = tomllib.loads((folder / "zensical.toml").read_text(encoding="utf-8"))
    project = config["project"]
    site = folder / project["site_dir"]
    if not site.is_dir():
        raise SystemExit(f"{site} is not there: build the site first, with `make docs`")
    write(config, folder / project["docs_dir"], site)


if __name__ == "__main__":
    main(Path(sys.argv[1]) if len(sys.argv) > 1 else Path(__file__).parents[1])
