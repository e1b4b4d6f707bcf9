"""A Redis that others use too."""

from tests.cache.conftest import redis_url

__all__ = ["redis_url"]
