"""Passwords: hashed by Argon2id, verified whatever hashed them, and stored anew where that is old.

No text of a password stands in what is stored, told or logged. Whether somebody is known shows
neither in what is answered nor in how long it takes: who is not known is `pretend`ed for.
"""

from __future__ import annotations

import secrets
from collections.abc import Sequence
from dataclasses import dataclass, field

from pydantic import SecretStr

from trivet.auth.passwords.argon import Argon
from trivet.auth.passwords.foreign import LONGEST_STORED, is_of_another, verify_foreign
from trivet.auth.passwords.not_common import NotCommon
from trivet.auth.passwords.pepper import Peppers
from trivet.auth.passwords.refused import PasswordRefused
from trivet.auth.passwords.rules import MinimumLength, NotLikeUser, NotOnlyDigits, Rule
from trivet.auth.passwords.spelling import spelled, spellings
from trivet.auth.passwords.turns import Turns
from trivet.checks import Finding, Level

__all__ = ["Passwords", "Verdict"]

_UNUSABLE = "!"


@dataclass(frozen=True)
class Verdict:
    """Whether a password is the right one, which is also its truth.

    `upgraded` is what to store instead, where what is stored is older than what is made today.
    """

    ok: bool
    upgraded: str | None = field(default=None, repr=False)

    def __bool__(self) -> bool:
        return self.ok


class Passwords:
    """Hashes and verifies passwords off the event loop; `rules` say which may be chosen.

    A hash takes `memory_cost` KiB and `time_cost` passes over them, on `parallelism` threads; 64
    MiB and 2 passes are about 150 ms of one processor. `at_once` run together, by default one for
    each processor and 8 at most; `waiting` more wait, and others are told 503. With a `pepper`, or
    several of which the first is used, a stolen table alone is of no use. Raises `SetupError`.
    """

    def __init__(
        self,
        *,
        time_cost: int = 2,
        memory_cost: int = 65_536,
        parallelism: int = 1,
        rules: Sequence[Rule] | None = None,
        pepper: str | SecretStr | Sequence[str | SecretStr] | None = None,
        at_once: int | None = None,
        waiting: int = 64,
    ) -> None:
        self._argon = Argon(time_cost, memory_cost, parallelism)
        self._peppers = Peppers(pepper)
        self._turns = Turns(at_once, waiting)
        self.rules: tuple[Rule, ...] = (
            (MinimumLength(8), NotOnlyDigits(), NotCommon(), NotLikeUser())
            if rules is None
            else tuple(rules)
        )
        self._nobodys = self._argon.nobodys()

    async def check(self, password: str, *, about: Sequence[str] = ()) -> None:
        """Ask every rule about a new password; raises `PasswordRefused` with all their reasons.

        `about` is what is known of the person: e-mail address, names.
        """
        spelled(password)
        found = [await rule.check(password, about) for rule in self.rules]
        reasons = [one for one in found if one is not None]
        if reasons:
            raise PasswordRefused(reasons)

    async def hash(self, password: str) -> str:
        """Give what to store for a password; its rules are `check`'s to ask.

        Raises `PasswordRefused` for what is never hashed, such as over 1,024 bytes, and a 503.
        """
        secret = spelled(password)
        return await self._turns.run(lambda: self._made(secret))

    async def verify(self, password: str, stored: str | None) -> Verdict:
        """Tell whether `stored` is the password's: one of ours, or of Django, Werkzeug, bcrypt.

        What has no known form is nobody's password, and takes as long as one of ours; so does
        None. A hash of another program takes its own time. Raises `PasswordRefused` and a 503,
        alike for whom is known and who is not.
        """
        given = spellings(password)
        return await self._turns.run(lambda: self._judged(given, stored))

    async def pretend(self, password: str) -> None:
        """Do the work of `verify` for somebody who is not known, so that time tells nothing."""
        await self.verify(password, None)

    def unusable(self) -> str:
        """Give what to store for somebody who has no password: nobody can sign in with it."""
        return _UNUSABLE + secrets.token_urlsafe(30)

    def is_usable(self, stored: str) -> bool:
        """Tell whether what is stored can be anybody's password at all."""
        return self._is_known(stored)

    def findings(self) -> Sequence[Finding]:
        """Give what `trivet check` should say: of hashes that are too cheap to guess."""
        if not self._argon.is_weak:
            return ()
        return [
            Finding(
                Level.WARNING,
                "auth.weak-passwords",
                f"a guess at a stored password costs {self._argon.memory_cost} KiB and"
                f" {self._argon.time_cost} passes, less than is advised",
                "Passwords(), which costs 65536 KiB and 2 passes",
            )
        ]

    # -- on a worker thread ----------------------------------------------------------------------

    def _made(self, secret: bytes) -> str:
        return self._peppers.wrapped(self._argon.hash(self._peppers.added(secret)))

    def _judged(self, given: Sequence[bytes], stored: str | None) -> Verdict:
        if stored is None or not self._is_known(stored):
            stored = None
        for secret in given:
            if self._is_it(secret, stored):
                is_current = secret == given[0] and self._is_current(stored or "")
                return Verdict(True, None if is_current else self._made(given[0]))
        return Verdict(False)

    def _is_it(self, secret: bytes, stored: str | None) -> bool:
        read = None if stored is None else self._peppers.read(stored, secret)
        if read is None:
            self._argon.verify(self._peppers.added(secret), self._nobodys)
            return False
        text, mixed = read
        if text.startswith("$argon2"):
            return self._argon.verify(mixed, text)
        return verify_foreign(mixed, text)

    def _is_known(self, stored: str) -> bool:
        if len(stored) > LONGEST_STORED:
            return False
        read = self._peppers.read(stored, b"")
        return read is not None and (self._argon.can_read(read[0]) or is_of_another(read[0]))

    def _is_current(self, stored: str) -> bool:
        read = self._peppers.read(stored, b"")
        is_ours = read is not None and self._argon.is_current(read[0])
        return is_ours and self._peppers.is_current(stored)
