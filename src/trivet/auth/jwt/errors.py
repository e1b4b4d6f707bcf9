"""Why no access token is given, as RFC 6749, 5.2 has it."""

from __future__ import annotations

from collections.abc import Mapping

__all__ = ["GrantRefused"]


class GrantRefused(Exception):
    """No token is given; `code` is what a program reads, `detail` what a person does."""

    def __init__(
        self,
        code: str,
        detail: str,
        *,
        status: int = 400,
        headers: Mapping[str, str] | None = None,
    ) -> None:
        super().__init__(detail)
        self.code = code
        self.detail = detail
        self.status = status
        self.headers = dict(headers or {})
