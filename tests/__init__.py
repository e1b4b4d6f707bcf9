"""Trivet's tests. A package only so that no installed distribution's `tests` can stand in its way."""
