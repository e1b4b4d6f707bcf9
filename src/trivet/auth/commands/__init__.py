"""`trivet createsuperuser`, `changepassword` and `users …`; loaded where a command is wanted."""

from __future__ import annotations

from trivet.auth.commands.made import commands_of

__all__ = ["commands_of"]
