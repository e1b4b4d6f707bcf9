"""A Django application of its own, as models need one; its label is that of the tables."""
