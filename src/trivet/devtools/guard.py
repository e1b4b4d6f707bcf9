"""Who may look at the pages of development: people at this machine, in a browser or by hand.

Three walls, because each alone has a hole. The address of the client keeps out other machines; the
Host keeps out names that were made to point here (DNS rebinding), whose pages a browser would let
read ours; and what browsers say of where a request comes from keeps out other sites, even where the
application lets them in by CORS.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Sequence
from ipaddress import ip_address

from starlette.requests import Request

from trivet.http.exchange import Scope

__all__ = ["guard", "is_local", "is_loopback"]

_HOST = re.compile(r"(\[[0-9a-f:.]+\]|[a-z0-9_.-]+)(?::[0-9]{1,5})?", re.IGNORECASE)
_FOREIGN = frozenset({"cross-site", "same-site"})


def is_loopback(address: str) -> bool:
    """Tell whether an address is this machine's own: 127.0.0.0/8, ::1."""
    try:
        found = ip_address(address.strip().strip("[]"))
    except ValueError:
        return False
    mapped = getattr(found, "ipv4_mapped", None)
    return bool((mapped or found).is_loopback)


def is_local(scope: Scope, hosts: Iterable[str] = ()) -> bool:
    """Tell whether a request comes from this machine, for one of its own names or of `hosts`."""
    client = scope.get("client")
    if not client or not is_loopback(str(client[0])):
        return False
    named: list[str] = []
    for raw, value in scope["headers"]:
        name, text = raw.lower(), value.decode("latin-1")
        if name == b"host":
            named.append(text)
        elif name in (b"x-forwarded-for", b"x-real-ip"):
            # Somebody stands between: who is at the other end of it is what counts.
            if not all(is_loopback(one) for one in text.split(",")):
                return False
        elif name == b"forwarded":
            return False
    return len(named) == 1 and _is_own(named[0], hosts)


def _is_own(host: str, hosts: Iterable[str]) -> bool:
    found = _HOST.fullmatch(host)
    if found is None:
        return False
    name = found[1].lower().rstrip(".")
    is_own = name == "localhost" or name.endswith(".localhost") or is_loopback(name)
    return is_own or name in hosts


def guard(request: Request, hosts: Sequence[str] = ()) -> str | None:
    """Give why a request for these pages is refused, or None where it is not."""
    if not is_local(request.scope, hosts):
        client = request.client.host if request.client else "unknown"
        return (
            "These pages are for the machine on which the application runs, by the name localhost"
            f" or its address. This request came from {client}, for the host"
            f" {request.headers.get('host', '')!r}."
        )
    site = request.headers.get("sec-fetch-site", "")
    is_link = request.headers.get("sec-fetch-mode") == "navigate" and (
        request.headers.get("sec-fetch-dest") == "document"
    )
    origin = request.headers.get("origin")
    own = f"{request.url.scheme}://{request.headers.get('host', '')}"
    if (site in _FOREIGN and not is_link) or (origin is not None and origin != own):
        return "These pages are not for other sites to read."
    return None
