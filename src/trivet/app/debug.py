"""What development shows for an error that nobody handled; production never does.

HTML for browsers, JSON for clients that ask for it, and text for all others, such as curl.
"""

from __future__ import annotations

import re

from starlette.requests import Request
from starlette.responses import HTMLResponse, JSONResponse, PlainTextResponse, Response

from trivet.app.debug_html import page
from trivet.app.debug_report import Report, report_of

__all__ = ["debug_page"]

_HEADERS = {
    "cache-control": "no-store",
    # A second wall behind the escaping: the page needs no script, and none may run.
    "content-security-policy": "default-src 'none'; style-src 'unsafe-inline'; base-uri 'none';"
    " form-action 'none'; frame-ancestors 'none'",
    "referrer-policy": "no-referrer",
    "x-content-type-options": "nosniff",
}
_QUALITY = re.compile(r";\s*q\s*=\s*([\d.]+)")


def debug_page(request: Request, error: Exception) -> Response:
    """Give the answer that shows `error`: frames with source, the request, the route, a hint."""
    report = report_of(request, error)
    wanted = _wanted(request.headers.get("accept", ""))
    if wanted == "text/html":
        return HTMLResponse(page(report), 500, _HEADERS)
    if wanted == "application/json":
        return JSONResponse(_as_json(report), 500, _HEADERS)
    hint = f"\nWhat to do: {report.hint}\n" if report.hint else ""
    text = f"{report.method} {report.path} failed.\n\n{report.text}{hint}"
    return PlainTextResponse(text.encode("utf-8", "backslashreplace"), 500, _HEADERS)


def _wanted(accept: str) -> str:
    """Say which of HTML and JSON a client names first or likes better; plain text for neither."""
    best, wanted = 0.0, "text/plain"
    for part in accept.lower().split(","):
        name = part.split(";")[0].strip()
        if name not in ("text/html", "application/json"):
            continue
        found = _QUALITY.search(part)
        try:
            quality = float(found[1]) if found else 1.0
        except ValueError:
            continue
        if quality > best:
            best, wanted = quality, name
    return wanted


def _as_json(report: Report) -> dict[str, object]:
    return {
        "detail": "Internal Server Error",
        "error": {
            "type": report.chain[0].name,
            "message": _encodable(report.chain[0].message),
            "hint": report.hint,
            "frames": [
                {
                    "file": frame.file,
                    "line": frame.line,
                    "function": frame.function,
                    "code": _encodable(frame.text),
                    "yours": frame.kind == "yours",
                }
                for frame in report.chain[0].frames
            ],
        },
    }


def _encodable(text: str) -> str:
    return text.encode("utf-8", "backslashreplace").decode()
