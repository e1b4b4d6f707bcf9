"""What is kept of a file beside the file: by which name it is found, and what it is."""

from __future__ import annotations

from pydantic import BaseModel, ConfigDict, NonNegativeInt

__all__ = ["FileRef"]


class FileRef(BaseModel):
    """A file in a storage, as a row or an answer carries it: ``Mapped[FileRef]``, stored as JSON.

    `name` is what the storage finds it by, `size` in bytes, `content_type` as in HTTP. `filename`
    is what a client called it: data, never a path. `checksum` is the SHA-256 of the content in
    hexadecimal digits.
    """

    model_config = ConfigDict(frozen=True)

    name: str
    size: NonNegativeInt
    content_type: str = "application/octet-stream"
    filename: str | None = None
    checksum: str | None = None
