"""Links between the files of the repository lead somewhere; the site builder sees docs/ only."""

from __future__ import annotations

from pathlib import Path

from markdown_it import MarkdownIt

REPOSITORY = Path(__file__).parents[2]


def find_dead_links(page: Path) -> list[str]:
    """Name every relative link or image of a Markdown page whose file is not there."""
    found = []
    for block in MarkdownIt().parse(page.read_text(encoding="utf-8")):
        for token in block.children or []:
            target = str(token.attrs.get("href") or token.attrs.get("src") or "")
            path = target.split("#")[0]
            if not path or "://" in path or path.startswith("mailto:"):
                continue
            if not (page.parent / path).exists():
                line = (block.map or [0])[0] + 1
                found.append(f"{page.name}:{line}: {target} is not there")
    return found


def test_links_of_the_top_pages_lead_somewhere() -> None:
    dead = [line for page in sorted(REPOSITORY.glob("*.md")) for line in find_dead_links(page)]

    assert not dead, "\n".join(dead)


def test_dead_link_is_found(tmp_path: Path) -> None:
    (tmp_path / "there.md").touch()
    (tmp_path / "page.md").write_text(
        "[a](there.md#x) [b](https://a.org/x) [c](#y)\n\n![d](gone.png)\n"
    )

    assert find_dead_links(tmp_path / "page.md") == ["page.md:3: gone.png is not there"]
