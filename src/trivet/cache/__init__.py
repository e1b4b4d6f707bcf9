"""A cache: values that are kept for a time, results of functions, answers of routes.

``from trivet.cache import Cache, cached``
"""

from __future__ import annotations

from trivet.cache.cache import Cache, Stats
from trivet.cache.conditional import Conditions, conditional
from trivet.cache.functions import Cached, cached
from trivet.cache.guard import Breaker
from trivet.cache.keys import CacheKeyError
from trivet.cache.memory import MemoryStore
from trivet.cache.namespace import FOREVER, Namespace
from trivet.cache.redis import RedisStore
from trivet.cache.store import (
    Lease,
    NotANumberError,
    Store,
    StoreAway,
    StoreBusy,
    StoreError,
    StoreFull,
)
from trivet.cache.values import CacheValueError
from trivet.http.conditional import entity_tag
from trivet.http.private import is_private, mark_private

__all__ = [
    "FOREVER",
    "Breaker",
    "Cache",
    "CacheKeyError",
    "CacheValueError",
    "Cached",
    "Conditions",
    "Lease",
    "MemoryStore",
    "Namespace",
    "NotANumberError",
    "RedisStore",
    "Stats",
    "Store",
    "StoreAway",
    "StoreBusy",
    "StoreError",
    "StoreFull",
    "cached",
    "conditional",
    "entity_tag",
    "is_private",
    "mark_private",
]
