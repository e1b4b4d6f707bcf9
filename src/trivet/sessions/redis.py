"""Sessions in Redis or Valkey, for several processes and machines.

A session is a hash under its token's digest; beside it stand its digest under its id, and the ids
of each user's sessions. Each step is one script, so that nobody comes between. Nothing is part of a
transaction of a database: what is kept here stays where the database then fails. One Redis is
meant, or one with replicas, that evicts nothing which has not expired (`noeviction`).
"""

from __future__ import annotations

from collections.abc import AsyncIterator, Iterator, Mapping, Sequence
from contextlib import asynccontextmanager, contextmanager
from typing import Any, ClassVar

from trivet.redis_pool import RedisPool
from trivet.sessions.kept import Kept
from trivet.sessions.store import GRACE, SessionsAway, SessionStore, digest_of, new_token
from trivet.watching import Probe

__all__ = ["RedisSessions"]

# Each script gets the prefix, then what it is about; a session's key is prefix .. 's:' .. digest.
_HEAD = """
local prefix = ARGV[1]
local function forget(id, digest)
  local user = redis.call('HGET', prefix .. 's:' .. digest, 'user')
  if user and user ~= '' then redis.call('ZREM', prefix .. 'u:' .. user, id) end
  redis.call('DEL', prefix .. 's:' .. digest, prefix .. 'i:' .. id)
end
local function known(id) return redis.call('GET', prefix .. 'i:' .. id) end
local function write(id, digest, life, expires, fields)
  local key = prefix .. 's:' .. digest
  redis.call('HSET', key, unpack(fields))
  redis.call('PEXPIRE', key, life)
  redis.call('SET', prefix .. 'i:' .. id, digest, 'PX', life)
  local user = redis.call('HGET', key, 'user')
  if user ~= '' then
    local users = prefix .. 'u:' .. user
    redis.call('ZADD', users, expires, id)
    redis.call('PEXPIRE', users, math.max(life, redis.call('PTTL', users)))
  end
end
"""
# id, digest, life, expires, the id in whose place it comes, the digest of that, grace, fields …
_INSERT = (
    _HEAD
    + """
if ARGV[6] ~= '' then
  local before = known(ARGV[6])
  if before then forget(ARGV[6], before) end
  redis.call('SET', prefix .. 'r:' .. ARGV[7], '1', 'PX', ARGV[8])
end
write(ARGV[2], ARGV[3], tonumber(ARGV[4]), ARGV[5], {unpack(ARGV, 9)})
return 1
"""
)
# id, digest, life, expires, the digest until now, grace, fields …
_UPDATE = (
    _HEAD
    + """
if known(ARGV[2]) ~= ARGV[6] then return 0 end
if ARGV[3] ~= ARGV[6] then
  redis.call('RENAME', prefix .. 's:' .. ARGV[6], prefix .. 's:' .. ARGV[3])
  redis.call('SET', prefix .. 'r:' .. ARGV[6], '1', 'PX', ARGV[7])
end
write(ARGV[2], ARGV[3], tonumber(ARGV[4]), ARGV[5], {unpack(ARGV, 8)})
return 1
"""
)
_DELETE = (
    _HEAD
    + """
local digest = known(ARGV[2])
if not digest then return 0 end
if ARGV[3] ~= '' and redis.call('HGET', prefix .. 's:' .. digest, 'user') ~= ARGV[3] then
  return 0
end
forget(ARGV[2], digest)
return 1
"""
)
_OF = (
    _HEAD
    + """
local found = {}
local users = prefix .. 'u:' .. ARGV[2]
for _, id in ipairs(redis.call('ZRANGE', users, 0, -1)) do
  local digest = known(id)
  local session = digest and redis.call('HGETALL', prefix .. 's:' .. digest) or {}
  if #session == 0 then redis.call('ZREM', users, id) else found[#found + 1] = session end
end
return found
"""
)
_END_ALL = (
    _HEAD
    + """
local count = 0
for _, id in ipairs(redis.call('ZRANGE', prefix .. 'u:' .. ARGV[2], 0, -1)) do
  local digest = known(id)
  if digest and id ~= ARGV[3] then
    forget(id, digest)
    count = count + 1
  end
end
return count
"""
)


class RedisSessions(SessionStore):
    """Keep sessions in Redis: ``RedisSessions("redis://127.0.0.1:6379/0")``, ``rediss://`` for TLS.

    Who waits longer than `timeout` seconds for a connection or an answer is told 503. At most
    `connections` are open. Keys begin with `prefix`, and go by themselves. Raises
    `MissingExtraError` without redis-py.
    """

    name: ClassVar[str] = "Redis"

    def __init__(
        self,
        url: str,
        *,
        prefix: str = "sessions",
        timeout: float = 0.5,
        connections: int = 50,
    ) -> None:
        self._redis = RedisPool(url, timeout=timeout, connections=connections, what="RedisSessions")
        self._prefix = f"{prefix}:"

    def probes(self) -> Sequence[Probe]:
        return (Probe("sessions in Redis", self._redis.version),)

    async def close(self) -> None:
        await self._redis.close()

    async def find(self, token: str, now: int) -> Kept | None:
        digest = digest_of(token)
        if digest is None:
            return None
        async with self._asking() as redis:
            found = await redis.hgetall(f"{self._prefix}s:{digest}")
        kept = _kept(found) if found else None
        return kept if kept is not None and kept.expires > now else None

    async def insert(self, kept: Kept, instead_of: tuple[str, str] | None) -> str:
        token = new_token()
        id, before = instead_of or ("", "")
        place = (id, digest_of(before) or "", GRACE)
        await self._run(_INSERT, *_place(kept, token), *place, *_fields(kept))
        return token

    async def update(self, kept: Kept, token: str, *, rotates: bool) -> str | None:
        new = new_token() if rotates else token
        given = (*_place(kept, new), digest_of(token), GRACE, *_fields(kept))
        return new if await self._run(_UPDATE, *given) else None

    async def touch(self, kept: Kept, token: str) -> None:
        digest = digest_of(token)
        fields = {
            "seen": kept.seen,
            "expires": kept.expires,
            "address": kept.address,
            "agent": kept.agent,
        }
        given = (*_place(kept, token), digest, GRACE, *_pairs(fields))
        await self._run(_UPDATE, *given)

    async def delete(self, id: str) -> None:
        await self._run(_DELETE, id, "")

    async def was_replaced(self, token: str, now: int) -> bool:
        async with self._asking() as redis:
            return bool(await redis.exists(f"{self._prefix}r:{digest_of(token)}"))

    async def of(self, user: str, now: int) -> list[Kept]:
        found = [
            _kept(dict(zip(pairs[::2], pairs[1::2], strict=True)))
            for pairs in await self._run(_OF, user)
        ]
        living = [kept for kept in found if kept.expires > now]
        return sorted(living, key=lambda kept: kept.seen, reverse=True)

    async def end(self, id: str, user: str) -> bool:
        return bool(await self._run(_DELETE, id, user))

    async def end_all(self, user: str, except_id: str | None) -> int:
        return int(await self._run(_END_ALL, user, except_id or ""))

    async def forget_expired(self, now: int) -> int:
        return 0  # Redis does it

    async def _run(self, script: str, *given: Any) -> Any:  # Any: as Redis answers
        with self._meant():
            return await self._redis.run(script, given=(self._prefix, *given))

    @asynccontextmanager
    async def _asking(self) -> AsyncIterator[Any]:  # Any: redis-py's commands are typed for both
        """Give the client for one step, and its errors in our words."""
        with self._meant():
            async with self._redis.asking() as redis:
                yield redis

    @contextmanager
    def _meant(self) -> Iterator[None]:
        try:
            yield
        except self._redis.failures as error:
            raise SessionsAway(
                f"Redis, which keeps the sessions: {str(error) or type(error).__name__}"
            ) from error


def _place(kept: Kept, token: str) -> tuple[Any, ...]:
    """Give what all that write begin with: id, digest, how long it lives, when it ends."""
    return kept.id, digest_of(token), max(1, kept.expires - kept.seen), kept.expires


def _fields(kept: Kept) -> Sequence[Any]:
    return _pairs(
        {
            "id": kept.id,
            "user": kept.user or "",
            "data": kept.data,
            "created": kept.created,
            "seen": kept.seen,
            "expires": kept.expires,
            "authenticated": "" if kept.authenticated is None else kept.authenticated,
            "is_remembered": int(kept.is_remembered),
            "address": kept.address,
            "agent": kept.agent,
        }
    )


def _pairs(fields: Mapping[str, Any]) -> list[Any]:
    return [one for pair in fields.items() for one in pair]


def _kept(found: Mapping[bytes, bytes]) -> Kept:
    text = {name.decode(): value.decode() for name, value in found.items()}
    return Kept(
        id=text["id"],
        user=text["user"] or None,
        data=text["data"],
        created=int(text["created"]),
        seen=int(text["seen"]),
        expires=int(text["expires"]),
        authenticated=int(text["authenticated"]) if text["authenticated"] else None,
        is_remembered=text["is_remembered"] == "1",
        address=text["address"],
        agent=text["agent"],
    )
