"""Pictures of the admin for the documentation, taken of the demo in headless Chromium.

    python -m publishing.screenshots docs/assets/admin

Needs what tests need, Chromium included. The pictures are committed: not everybody has a browser.
"""

from __future__ import annotations

import json
import shutil
import sys
import tempfile
from pathlib import Path

from tests.examples.browser import Page, browsing
from tests.examples.serving import serving

__all__ = ["take_pictures"]

_PASSWORD = "nine copper bells"
_PICTURES = {
    "home": "/admin/",
    "list": "/admin/album/?f.year__gte=1990&q=river",
    "form": "/admin/album/1",
    "delete": "/admin/album/1/delete",
}
_SHOWN = "document.readyState == 'complete' && location.pathname"


def take_pictures(folder: Path, chromium: str) -> list[Path]:
    """Serve the demo, sign in, and write a picture of each page, light and dark."""
    folder.mkdir(parents=True, exist_ok=True)
    taken: list[Path] = []
    with (
        tempfile.TemporaryDirectory() as profile,
        serving("examples/shop.py", SHOP_PASSWORD=_PASSWORD) as shop,
        browsing(chromium, Path(profile)) as page,
    ):
        _sign_in(page, shop.url)
        for scheme in ("light", "dark"):
            page.prefer(scheme)
            for name, address in _PICTURES.items():
                page.open(shop.url + address)
                page.wait_for(f"{_SHOWN} == {json.dumps(address.partition('?')[0])}")
                page.wait_for("document.fonts.status == 'loaded'")
                taken.append(folder / f"{name}-{scheme}.png")
                page.photograph(taken[-1])
                sys.stdout.write(f"  {taken[-1]}\n")
    return taken


def _sign_in(page: Page, url: str) -> None:
    page.open(f"{url}/account/sign-in")
    page.wait_for("document.querySelector('input[type=password]') !== null")
    known = {"log_in": "admin@example.org", "password": _PASSWORD}
    sent = (
        "window.done = 0; fetch('/auth/sign-in', {method: 'POST', headers: {'Content-Type':"
        f" 'application/json'}}, body: {json.dumps(json.dumps(known))}}})"
        ".then(answer => { window.done = answer.status })"
    )
    page.run(f"{{ {sent}; true }}")
    status = page.wait_for("window.done")
    assert status == 200, f"signing in was answered with {status}"


if __name__ == "__main__":
    program = shutil.which("chromium") or shutil.which("google-chrome")
    if program is None:
        sys.exit("Chromium is not installed (Debian: apt-get install chromium)")
    take_pictures(Path(sys.argv[1]), program)
