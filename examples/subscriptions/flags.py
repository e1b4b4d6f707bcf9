"""Typed feature flags by OpenFeature's API (https://openfeature.dev), kept in our own database.

The code says a flag's name, its type and its value until somebody switches it; the admin says who
has another. Asking costs no query: the provider keeps all flags, and reads them again now and then.
"""

import asyncio
import logging
from collections.abc import AsyncIterator, Mapping, Sequence
from contextlib import asynccontextmanager, suppress
from dataclasses import dataclass
from hashlib import sha256
from typing import Any, Generic, TypeVar

from openfeature import api
from openfeature.evaluation_context import EvaluationContext
from openfeature.exception import FlagNotFoundError, TypeMismatchError
from openfeature.flag_evaluation import FlagResolutionDetails, Reason
from openfeature.provider import AbstractProvider, Metadata

from subscriptions.models import Flag, FlagRule
from trivet.auth.organisations import Organisation
from trivet.db import Database

__all__ = ["BETTER_MODEL", "SHARING", "DatabaseFlags", "TypedFlag", "keeping_flags"]

Value = TypeVar("Value", bool, int, str)

log = logging.getLogger("subscriptions.flags")

SECONDS = 5.0
"""After which a change in the admin counts in every process."""


class DatabaseFlags(AbstractProvider):
    """OpenFeature's provider on the tables `flag` and `flag_rule`."""

    def __init__(self, db: Database) -> None:
        super().__init__()
        self._db = db
        self._flags: Mapping[str, Flag] = {}

    def get_metadata(self) -> Metadata:
        """Name this provider, as OpenFeature wants it."""
        return Metadata(name="database")

    async def read(self) -> None:
        """Read all flags with their rules: two queries."""
        async with self._db.own_transaction():
            self._flags = {flag.name: flag for flag in await Flag.all().with_(Flag.rules)}

    def _resolved(
        self, key: str, kind: type, context: EvaluationContext | None
    ) -> FlagResolutionDetails[Any]:
        flag = self._flags.get(key)
        if flag is None:
            raise FlagNotFoundError(f"There is no flag {key!r}")
        if not flag.is_on:
            return FlagResolutionDetails(None, reason=Reason.DISABLED)
        chosen = next((one for one in flag.rules if _holds(flag, one, context)), None)
        value = flag.value if chosen is None else chosen.value
        if type(value) is not kind and not isinstance(value, kind if kind is not int else ()):
            raise TypeMismatchError(f"The flag {key!r} is {value!r}, and no {kind.__name__}")
        reason = Reason.DEFAULT if chosen is None else Reason.TARGETING_MATCH
        return FlagResolutionDetails(value, reason=reason)

    def resolve_boolean_details(
        self,
        flag_key: str,
        default_value: bool,
        evaluation_context: EvaluationContext | None = None,
    ) -> FlagResolutionDetails[bool]:
        """Give a flag that is on or off."""
        return self._or(default_value, self._resolved(flag_key, bool, evaluation_context))

    def resolve_string_details(
        self,
        flag_key: str,
        default_value: str,
        evaluation_context: EvaluationContext | None = None,
    ) -> FlagResolutionDetails[str]:
        """Give a flag that is a text."""
        return self._or(default_value, self._resolved(flag_key, str, evaluation_context))

    def resolve_integer_details(
        self,
        flag_key: str,
        default_value: int,
        evaluation_context: EvaluationContext | None = None,
    ) -> FlagResolutionDetails[int]:
        """Give a flag that is a whole number."""
        return self._or(default_value, self._resolved(flag_key, int, evaluation_context))

    def resolve_float_details(
        self,
        flag_key: str,
        default_value: float,
        evaluation_context: EvaluationContext | None = None,
    ) -> FlagResolutionDetails[float]:
        """Give a flag that is a number."""
        return self._or(default_value, self._resolved(flag_key, float, evaluation_context))

    def resolve_object_details(
        self,
        flag_key: str,
        default_value: Sequence[Any] | Mapping[str, Any],
        evaluation_context: EvaluationContext | None = None,
    ) -> FlagResolutionDetails[Any]:
        """Give a flag that is an object or a list."""
        return self._or(default_value, self._resolved(flag_key, object, evaluation_context))

    def _or(self, default: Any, found: FlagResolutionDetails[Any]) -> FlagResolutionDetails[Any]:
        if found.reason is Reason.DISABLED:
            return FlagResolutionDetails(default, reason=Reason.DISABLED)
        return found


def _holds(flag: Flag, rule: FlagRule, context: EvaluationContext | None) -> bool:
    about = {} if context is None else context.attributes
    key = "" if context is None else context.targeting_key or ""
    if rule.organisation is not None and rule.organisation != about.get("organisation"):
        return False
    if rule.user is not None and rule.user != about.get("user"):
        return False
    return _place(flag.name, key) < rule.share


def _place(flag: str, key: str) -> int:
    """Give a number below 100: the same for the same flag and key, others for other flags."""
    return int.from_bytes(sha256(f"{flag}/{key}".encode()).digest()[:8]) % 100


@dataclass(frozen=True)
class TypedFlag(Generic[Value]):
    """A flag as the code knows it: ``if SHARING.of(organisation): …``."""

    name: str
    default: Value

    def of(self, organisation: Organisation, user: str = "") -> Value:
        """Give its value for an organisation, and somebody in it by their handle."""
        about = EvaluationContext(
            organisation.handle, {"organisation": organisation.handle, "user": user}
        )
        client = api.get_client()
        match self.default:
            case bool():
                return client.get_boolean_value(self.name, self.default, about)
            case int():
                return client.get_integer_value(self.name, self.default, about)
            case str():
                return client.get_string_value(self.name, self.default, about)


SHARING = TypedFlag("sharing", False)
BETTER_MODEL = TypedFlag("model", "small")


@asynccontextmanager
async def keeping_flags(db: Database) -> AsyncIterator[None]:
    """Let OpenFeature ask this database, and read it again now and then."""
    provider = DatabaseFlags(db)
    await provider.read()
    api.set_provider(provider)

    async def again() -> None:
        while True:
            await asyncio.sleep(SECONDS)
            try:
                await provider.read()
            except Exception:  # the database may be away: flags stay as they were
                log.warning("The flags could not be read", exc_info=True)

    task = asyncio.create_task(again())
    try:
        yield
    finally:
        task.cancel()
        with suppress(asyncio.CancelledError):
            await task
