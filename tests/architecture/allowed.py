"""Exceptions from the house rules, each with its reason.

An exception that is no longer needed fails its test: take the line out then. Paths are relative to
src/trivet; a function is named as `path::Class.function`.
"""

from __future__ import annotations

# Files of more than MAX_FILE_LINES lines of code.
LONG_FILES: dict[str, str] = {}

# Functions of more than MAX_FUNCTION_LINES lines of code.
LONG_FUNCTIONS: dict[str, str] = {}

# Functions of more than MAX_PARAMETERS parameters.
MANY_PARAMETERS: dict[str, str] = {
    "http/cookies.py::set_cookie": "the attributes of a cookie, named as Starlette names them",
}

# Imports inside functions, as `path::module`; never of trivet's own modules.
LATE_IMPORTS: dict[str, str] = {
    "redis_pool.py::redis.asyncio": "an extra; only who keeps something in Redis needs it",
    "auth/passwords/foreign.py::bcrypt": "only who has passwords stored by bcrypt needs it",
    "binding/signature.py::annotationlib": "exists from Python 3.14 on only",
    "mail/addresses.py::idna": "only domains in other letters need it",
    "mail/smtp.py::aiosmtplib": "an extra; only who makes an SmtpTransport needs it",
    "observe/metrics.py::prometheus_client": "an extra; only who has figures needs it",
    "observe/metrics.py::prometheus_client.core": "an extra; only who has figures needs it",
    "observe/metrics.py::prometheus_client.exposition": "an extra; only who has figures needs it",
    "storage/bucket.py::obstore": "an extra; only who makes a BucketStorage needs it",
    "storage/bucket.py::obstore.exceptions": "an extra; only who makes a BucketStorage needs it",
    "storage/bucket.py::obstore.store": "an extra; only who makes a BucketStorage needs it",
    "storage/thumbnails.py::PIL.Image": "an extra; only who makes Thumbnails needs it",
    "storage/thumbnails.py::PIL.ImageOps": "an extra; only who makes Thumbnails needs it",
    "static/collecting.py::brotli": "an extra; only who collects files may have it",
    "cli/find.py::tomllib": "most applications are named; 4 ms of every start",
}

# Uses of an outside library away from its door, as `path::library`.
SIDE_DOORS: dict[str, str] = {}

# Tracked files that may name a path such as a home folder, as `path from the repository's root`.
MACHINE_PATHS: dict[str, str] = {}
