"""The file that serves a Flask application inside Trivet, as text."""

from __future__ import annotations

import builtins
import keyword
import re
from collections.abc import Iterable, Sequence

from trivet.adopt.bare_app import bare_app
from trivet.adopt.flask.facts import Maker
from trivet.adopt.flask.moving import Moved
from trivet.adopt.flask.naming import RESERVED
from trivet.adopt.flask.standins import ERRORS, ORDER, STANDINS

__all__ = ["app_text"]


def app_text(module: str, application: Maker, handlers: Sequence[Moved], pages: str) -> str:
    """Give the file; `pages` is the folder of templates, as a path beside it."""
    made = application.factory or application.variable
    called = f"flask_{made}()" if application.factory else f"flask_{made}"
    needs = set().union(*(one.needs for one in handlers))
    used = [name for name in ORDER if name in needs or (name == "as_flask" and handlers)]
    reads_application = any(STANDINS[name].needs_application for name in used)
    routers = _routers(handlers)
    # The application comes in under a name of its own, so that none of the handlers' hides it.
    # It comes first, as modules of a project may import each other in a ring.
    first = f"from {module} import {made} as flask_{made}"
    own = [first, *sorted(set(_imports(handlers)))]
    parts = [
        f'"""{module} inside Trivet: what has moved is answered here, all else by Flask.\n\n'
        "Run it with `trivet dev trivet_app.py`. To move a route on, write it above the mount.\n"
        '"""\n\nfrom __future__ import annotations\n',
        *_outside(used, needs, has_handlers=bool(handlers)),
        "\n".join(own) + "\n",
    ]
    if reads_application and called != "flask_app":
        parts.append(f"flask_app = {called}\n")
    if routers:
        parts.append("".join(f"{name} = Router({given})\n" for name, given in routers.values()))
    text = "\n".join(parts)
    text += "".join(f"\n{STANDINS[name].text}" for name in used if STANDINS[name].text)
    for one in handlers:
        router = routers[one.blueprint][0]
        text += f"\n\n{one.code.replace('ROUTER', router, 1).replace('NAME(', one.name + '(', 1)}\n"
    text += bare_app("Flask", module)
    if "rendered" in used:
        text += f"pages = app.use(FlaskPages({pages!r}))\n".replace("'", '"')
    if handlers:
        text += ERRORS
    included = "".join(f"app.include_router({name})\n" for name, _ in routers.values())
    gap = "\n\n" if handlers else "\n"
    end = f"{gap}# Last: what stands above is asked first.\n{included}"
    served = "flask_app" if reads_application else called
    return text + end + f'app.mount("/", WSGI({served}))\n'


def _outside(used: Iterable[str], needs: set[str], *, has_handlers: bool) -> list[str]:
    """Give the imports of the standard library, and of others."""
    names = {"App"} | {name for name in needs if name not in STANDINS}
    standard: set[str] = set()
    outside = {"from trivet.adapters.wsgi import WSGI"}
    for name in used:
        one = STANDINS[name]
        names |= one.trivet
        standard |= set(one.standard)
        outside |= set(one.outside)
    names |= {"Router"} if has_handlers else set()
    outside |= {f"from trivet import {name}" for name in names}
    return [_together(lines) for lines in (standard, outside) if lines]


def _together(lines: Iterable[str]) -> str:
    """Give lines of imports, one for each module; a name that gets another stands alone."""
    found: dict[str, list[str]] = {}
    for line in sorted(lines, key=str.lower):
        module, _, name = line.removeprefix("from ").partition(" import ")
        found.setdefault(module if " as " not in name else line, []).append(name)
    text = ""
    for key, names in sorted(found.items()):
        module = key.removeprefix("from ").partition(" import ")[0]
        one = f"from {module} import {', '.join(names)}\n"
        if len(one) > 101:
            one = f"from {module} import (\n    " + ",\n    ".join(names) + ",\n)\n"
        text += one
    return text


def _routers(handlers: Sequence[Moved]) -> dict[str | None, tuple[str, str]]:
    """Give the name of each router and what it is made with, by its blueprint."""
    taken = RESERVED | {one.name for one in handlers} | set(dir(builtins))
    taken |= {name for one in handlers for name in one.names}
    found: dict[str | None, tuple[str, str]] = {}
    for one in handlers:
        if one.blueprint in found:
            continue
        name = re.sub(r"\W", "_", one.blueprint or "moved")
        if one.blueprint is not None:
            name = f"blueprint_{name}" if name[:1].isdigit() or keyword.iskeyword(name) else name
            while name in taken:
                name += "_routes"
        taken = taken | {name}
        given = f'prefix="{one.prefix}"' if one.prefix else ""
        found[one.blueprint] = name, given
    return found


def _imports(handlers: Sequence[Moved]) -> list[str]:
    found: list[str] = []
    for local, full in {key: one.names[key] for one in handlers for key in one.names}.items():
        module, _, name = full.rpartition(".")
        if not module:
            found.append(f"import {full}" + (f" as {local}" if local != full else ""))
        else:
            found.append(f"from {module} import {name}" + (f" as {local}" if local != name else ""))
    return found
