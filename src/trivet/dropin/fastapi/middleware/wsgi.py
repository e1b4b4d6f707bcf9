"""`fastapi.middleware.wsgi`."""

from __future__ import annotations

import warnings

with warnings.catch_warnings():
    warnings.simplefilter("ignore")
    from starlette.middleware.wsgi import WSGIMiddleware

__all__ = ["WSGIMiddleware"]
