"""Native hooks: CORS, compression, hosts, headers, sessions and the like, folded into the routes.

Each hook is in a module of its own, so that none is loaded before it is used:
``from trivet.middleware.cors import Cors``.
"""

from __future__ import annotations

from trivet.middleware.hook import Hook, HookMethods, hooked

__all__ = ["Hook", "HookMethods", "hooked"]
