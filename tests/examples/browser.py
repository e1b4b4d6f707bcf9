"""A headless Chromium, steered over its DevTools protocol: opens pages and looks at what they show.

Nothing but this machine has an address in it, so that a page that needs a CDN stays empty.
"""

from __future__ import annotations

import base64
import json
import os
import re
import subprocess
import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

from websockets.sync.client import ClientConnection, connect

FLAGS = (
    "--headless=new",
    "--remote-debugging-port=0",
    "--disable-gpu",
    "--disable-dev-shm-usage",
    "--disable-background-networking",
    "--disable-component-update",
    "--disable-default-apps",
    "--disable-extensions",
    "--disable-sync",
    "--no-first-run",
    "--no-default-browser-check",
    "--hide-scrollbars",
    "--window-size=1200,900",
    "--host-resolver-rules=MAP * ~NOTFOUND , EXCLUDE 127.0.0.1 , EXCLUDE localhost",
)
PATIENCE_SECONDS = 45.0


class Navigated(AssertionError):
    """A page went away while it was asked."""


class Page:
    """One page of the browser."""

    def __init__(self, devtools: ClientConnection) -> None:
        self._devtools = devtools
        self._sent = 0
        self._session: str | None = None
        self._entries: list[dict[str, Any]] = []
        self.dialogs: list[str] = []
        """The kinds of dialogs that were accepted: `beforeunload`, `confirm` …"""
        target = self._ask("Target.createTarget", url="about:blank")["targetId"]
        found = self._ask("Target.attachToTarget", targetId=target, flatten=True)
        self._session = found["sessionId"]
        self._ask("Log.enable")
        self._ask("Page.enable")  # its dialogs are told then, and would wait for somebody

    def _ask(self, method: str, **params: Any) -> dict[str, Any]:
        self._sent += 1
        number = self._sent
        call: dict[str, Any] = {"id": number, "method": method, "params": params}
        if self._session is not None:
            call["sessionId"] = self._session
        self._devtools.send(json.dumps(call))
        while True:  # events come in between
            told = json.loads(self._devtools.recv(PATIENCE_SECONDS))
            if told.get("method") == "Log.entryAdded":
                self._entries.append(told["params"]["entry"])
            if told.get("method") == "Page.javascriptDialogOpening":
                self.dialogs.append(told["params"]["type"])
                self._accept()
            if told.get("id") == number:
                if "navigated" in str(told.get("error")):
                    raise Navigated(told)
                assert "error" not in told, told
                result: dict[str, Any] = told["result"]
                return result

    def _accept(self) -> None:
        """Say yes to a dialog, while something else is waited for."""
        self._sent += 1
        call: dict[str, Any] = {"id": self._sent, "method": "Page.handleJavaScriptDialog"}
        call |= {"params": {"accept": True}, "sessionId": self._session}
        self._devtools.send(json.dumps(call))

    def open(self, url: str) -> None:
        """Go to a page; what it shows is there a moment later."""
        self._ask("Page.navigate", url=url)

    def run(self, script: str, *, by_person: bool = False) -> Any:
        """Give the value of a JavaScript expression on the page; as if a person had done it."""
        done = self._ask(
            "Runtime.evaluate", expression=script, returnByValue=True, userGesture=by_person
        )
        assert "exceptionDetails" not in done, done
        return done["result"].get("value")

    def _told(self, script: str) -> Any:
        try:
            return self.run(script)
        except Navigated:  # the page that is waited for comes
            return None

    def wait_for(self, script: str) -> Any:
        """Ask until the expression is true, and give its value."""
        ends = time.monotonic() + PATIENCE_SECONDS
        while not (value := self._told(script)):
            assert time.monotonic() < ends, self.run("document.documentElement.outerHTML")
            time.sleep(0.1)
        return value

    def complaints(self) -> list[str]:
        """Give what the browser's console has of broken policies, since the page was opened."""
        self.run("0")  # what was logged before this has come with its answer
        return [one["text"] for one in self._entries if "Content Security Policy" in one["text"]]

    def prefer(self, scheme: str) -> None:
        """Let the person at the browser prefer ``light`` or ``dark``."""
        wish = {"name": "prefers-color-scheme", "value": scheme}
        self._ask("Emulation.setEmulatedMedia", features=[wish])

    def photograph(self, path: Path) -> None:
        """Write a picture of what is seen."""
        data = self._ask("Page.captureScreenshot")["data"]
        path.write_bytes(base64.b64decode(data))


@contextmanager
def browsing(chromium: str, folder: Path) -> Iterator[Page]:
    """Start a browser whose profile is in `folder`, and give a page of it."""
    # Chromium refuses its sandbox to root, as which containers run tests.
    is_root = hasattr(os, "geteuid") and os.geteuid() == 0
    sandbox = ["--no-sandbox"] if is_root else []
    process = subprocess.Popen(
        [chromium, *FLAGS, *sandbox, f"--user-data-dir={folder / 'profile'}", "about:blank"],
        stdout=subprocess.DEVNULL,
        stderr=subprocess.PIPE,
        text=True,
    )
    assert process.stderr is not None
    lines = process.stderr
    # Goes on reading behind the address, so that the browser never waits for a reader.
    drain = threading.Thread(target=lines.read)
    try:
        told = (re.search(r"ws://127\.0\.0\.1:\S+", line) for line in lines)
        address = next((found[0] for found in told if found), None)
        assert address is not None, "the browser did not start"
        drain.start()
        with connect(address, max_size=None) as devtools:
            yield Page(devtools)
    finally:
        process.terminate()
        process.wait(20)
        if drain.is_alive():
            drain.join()
        lines.close()
