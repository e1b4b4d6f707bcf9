"""A row and its form: what stands in the inputs, and how what was posted is stored."""
