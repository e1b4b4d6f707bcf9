"""The cases of many slow streams at once: how many, and how slow."""

from __future__ import annotations

__all__ = ["PAUSE", "STREAM_CASES", "WORDS"]

WORDS = 40
PAUSE = 0.1  # seconds between two words

# By their names, how many streams run at once.
STREAM_CASES = {"slow-tokens-50": 50, "slow-tokens-500": 500}
