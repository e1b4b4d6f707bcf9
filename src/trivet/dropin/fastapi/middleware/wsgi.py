"""`fastapi.middleware.wsgi`."""

from __future__ import annotations

import warnings

from trivet.errors import TrivetDeprecationWarning

with warnings.catch_warnings():
    warnings.simplefilter("ignore")
    from starlette.middleware.wsgi import WSGIMiddleware

__all__ = ["WSGIMiddleware"]
