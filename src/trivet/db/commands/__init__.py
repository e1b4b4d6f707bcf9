"""What `trivet` can do with a database: `named` gives all of it, for one database or several.

Those of migrations are in `trivet.db.migrate`; here are `trivet seed`, `dumpdata`, `loaddata` and
`dbshell`. Loaded where a command is listed or run, never by a service.
"""

from __future__ import annotations

from trivet.db.commands.named import commands_of

__all__ = ["commands_of"]
