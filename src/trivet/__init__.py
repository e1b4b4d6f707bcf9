"""Trivet: one Python web framework, small to start, typed and fast, complete."""
