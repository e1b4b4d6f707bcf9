"""The forms of the admin."""
