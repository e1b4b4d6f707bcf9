"""Deletion: what goes with a row, what stays without it, what keeps it, and the trash."""
