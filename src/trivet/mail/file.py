"""A transport that writes each message to a file, which mail programs open."""

from __future__ import annotations

import os
import tempfile
from pathlib import Path

from trivet.concurrency import run_in_thread
from trivet.mail.message import Message
from trivet.mail.mime import mime_of

__all__ = ["FileTransport"]


class FileTransport:
    """Write messages as ``.eml`` files to a folder, which is made; nothing is sent.

    A file is whole or not there. Names begin with the message's moment (UTC), so that they sort by
    it. Hidden recipients stand in none, as in what would be sent.
    """

    def __init__(self, folder: str | Path) -> None:
        self._folder = Path(folder)

    async def open(self) -> None:
        """Do nothing: the folder is made with the first message."""

    async def close(self) -> None:
        """Do nothing."""

    async def send(self, message: Message) -> None:
        """Write a message."""
        await run_in_thread(self._write, message)

    def _write(self, message: Message) -> None:
        assert message.date is not None
        self._folder.mkdir(parents=True, exist_ok=True)
        moment = message.date.strftime("%Y%m%d-%H%M%S-%f")
        handle, temporary = tempfile.mkstemp(prefix=f"{moment}-", suffix=".part", dir=self._folder)
        try:
            with os.fdopen(handle, "wb") as file:
                file.write(mime_of(message).as_bytes())
            os.replace(temporary, Path(temporary).with_suffix(".eml"))
        except BaseException:
            Path(temporary).unlink(missing_ok=True)
            raise
