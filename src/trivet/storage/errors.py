"""What goes wrong with files in a storage; the first three are answers to the client."""

from __future__ import annotations

from trivet.errors import HTTPException, TrivetError

__all__ = ["BadName", "FileMissing", "FileTooLarge", "StorageAway"]


class FileMissing(HTTPException, LookupError):
    """There is no such file; a request is answered with 404, which does not show the name."""

    def __init__(self, name: str) -> None:
        self.name = name
        super().__init__(404, "There is no such file")


class BadName(FileMissing, ValueError):
    """A name that no file of a storage can have; `reason` says why, for developers."""

    def __init__(self, name: str, reason: str) -> None:
        self.reason = reason
        super().__init__(name)

    def __str__(self) -> str:
        return f"no file is called {self.name!r}: {self.reason}"


class FileTooLarge(HTTPException, ValueError):
    """A file of more than `most` bytes; a request is answered with 413."""

    def __init__(self, most: int) -> None:
        self.most = most
        super().__init__(413, f"The file is larger than {most} bytes; send less.")


class StorageAway(TrivetError):
    """The storage does not answer, or lets us not in; the cause is the library's own error."""
