"""`fastapi.dependencies`, as far as extensions use it."""
