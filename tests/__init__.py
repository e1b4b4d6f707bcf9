"""Trivet's tests. A package only so that no installed `tests` can stand in its way."""
