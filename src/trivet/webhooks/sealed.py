"""The secrets of endpoints at rest: a column of JSON, each secret sealed with its owner's name.

A webhook is signed by them, so that they cannot be kept as hashes. What is stored as it is, because
there were no secrets to seal by, is read as ever.
"""

from __future__ import annotations

import json
from collections.abc import Iterable, Sequence
from typing import Any

from pydantic import SecretStr

from trivet.security.sealing import Sealing

__all__ = ["SealedSecrets"]


class SealedSecrets:
    """Reads and writes the column; `seal_with` says by what, before the application starts."""

    def __init__(self) -> None:
        self._sealing = _sealing(None)

    def seal_with(self, secrets: Sequence[str | SecretStr]) -> None:
        """Seal from now on by the first of the secrets, and open by all; raises `SetupError`."""
        self._sealing = _sealing(secrets)

    @property
    def is_on(self) -> bool:
        """False where secrets are stored as they are."""
        return self._sealing.is_on

    def kept(self, secret: str, owner: str | None) -> dict[str, Any]:
        """Give what stands in the column of a new secret."""
        return {"secret": self._sealing.seal(secret, owner or ""), "until": None}

    def newest(self, text: str, owner: str) -> str:
        """Give the secret that is told to who verifies; raises `UnreadableSecret`."""
        return self._sealing.open(json.loads(text)[0]["secret"], owner)

    def good(self, text: str, owner: str, now: int) -> Iterable[str]:
        """Give the secrets that are good at a moment, newest first; raises `UnreadableSecret`."""
        for one in json.loads(text):
            if one["until"] is None or one["until"] > now:
                yield self._sealing.open(one["secret"], owner)

    def anew(self, text: str, owner: str) -> str | None:
        """Give a column with secrets sealed by the one in use; None where all of them are."""
        if all(self._sealing.is_current(one["secret"]) for one in json.loads(text)):
            return None
        rows = json.loads(text)
        for one in rows:
            one["secret"] = self._sealing.seal(self._sealing.open(one["secret"], owner), owner)
        return json.dumps(rows)


def _sealing(secrets: Sequence[str | SecretStr] | None) -> Sealing:
    return Sealing(
        secrets,
        purpose="trivet.webhooks.secret",
        code="webhooks.sealing",
        mend="Webhooks(jobs).seal_with(new, old)",
    )
