"""Drills: what is promised under failure, with real processes that are really killed."""
