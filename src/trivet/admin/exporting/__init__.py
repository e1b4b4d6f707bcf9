"""Rows of a list as a file: CSV, Excel, JSON and JSON lines, written while they are read."""
