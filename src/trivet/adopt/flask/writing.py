"""The file that serves a Flask application inside Trivet, as text."""

from __future__ import annotations

from collections.abc import Sequence

from trivet.adopt.bare_app import bare_app
from trivet.adopt.flask.facts import Maker
from trivet.adopt.flask.moving import Moved

__all__ = ["app_text"]

_FIRST = '''
def first(request: Request, name: str, default: Any = None, type: Any = None) -> Any:
    """Give a value of the query as Flask's `request.args.get` does: the first, by a type."""
    values = request.query_params.getlist(name)
    if not values:
        return default
    try:
        return values[0] if type is None else type(values[0])
    except (ValueError, TypeError):
        return default
'''

_PAGES = '''

@app.exception_handler(HTTPException)
def as_flask(request: Request, error: HTTPException) -> Response:
    """Answer errors with Flask's pages; take it out, and they are JSON."""
    page = default_exceptions.get(error.status_code)
    if page is None:
        return JSONResponse({"detail": error.detail}, error.status_code)
    is_usual = error.detail == HTTPStatus(error.status_code).phrase
    text = page(None if is_usual else error.detail).get_body()
    return HTMLResponse(text, error.status_code)
'''


def app_text(module: str, application: Maker, handlers: Sequence[Moved]) -> str:
    """Give the file."""
    made = application.factory or application.variable
    called = f"{made}()" if application.factory else made
    names = {"App"}.union(*(one.trivet for one in handlers))
    aborts = "HTTPException" in names
    asks = "first" in names
    names.discard("first")
    if aborts:
        names |= {"HTMLResponse", "JSONResponse", "Request", "Response"}
    if handlers:
        names.add("Router")
    standard = ["from http import HTTPStatus"] if aborts else []
    standard += ["from typing import Any"] if asks else []
    outside = [f"from trivet import {', '.join(sorted(names, key=str.lower))}"]
    outside.append("from trivet.adapters.wsgi import WSGI")
    if aborts:
        outside.append("from werkzeug.exceptions import default_exceptions")
    # The application comes in under a name of its own, so that none of the handlers' hides it.
    own = [f"from {module} import {made} as flask_{made}"]
    own += _imports(handlers)
    parts = [
        f'"""{module} inside Trivet: what has moved is answered here, all else by Flask.\n\n'
        "Run it with `trivet dev trivet_app.py`. To move a route on, write it above the mount.\n"
        '"""\n\nfrom __future__ import annotations\n',
        *(["\n".join(standard) + "\n"] if standard else []),
        "\n".join(outside) + "\n",
        "\n".join(sorted(set(own))) + "\n",
        *(["moved = Router()\n"] if handlers else []),
    ]
    text = "\n".join(parts)
    if asks:
        text += "\n" + _FIRST
    text += "".join(f"\n\n{one.code}\n" for one in handlers)
    text += bare_app("Flask", module)
    if aborts:
        text += _PAGES
    included = "app.include_router(moved)\n" if handlers else ""
    gap = "\n\n" if aborts else "\n"
    end = f"{gap}# Last: what stands above is asked first.\n{included}"
    return text + end + f'app.mount("/", WSGI(flask_{called}))\n'


def _imports(handlers: Sequence[Moved]) -> list[str]:
    found: list[str] = []
    for local, full in {key: one.names[key] for one in handlers for key in one.names}.items():
        module, _, name = full.rpartition(".")
        if not module:
            found.append(f"import {full}" + (f" as {local}" if local != full else ""))
        else:
            found.append(f"from {module} import {name}" + (f" as {local}" if local != name else ""))
    return found
