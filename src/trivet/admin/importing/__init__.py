"""Rows of a file, read with care, tried in a transaction that leaves nothing, and then stored."""
