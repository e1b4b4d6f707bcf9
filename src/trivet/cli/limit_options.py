"""The server's limits as options, as uvicorn names them and with uvicorn's meaning."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Annotated

import typer

__all__ = ["LimitOptions"]

_LIMITS = "Limits"


@dataclass(frozen=True, slots=True)
class LimitOptions:
    """How much and how long; durations in seconds."""

    limit_concurrency: Annotated[
        int | None,
        typer.Option(
            metavar="NUMBER",
            help="Connections or requests at once; more are answered 503",
            rich_help_panel=_LIMITS,
        ),
    ] = None
    limit_max_requests: Annotated[
        int | None,
        typer.Option(
            metavar="NUMBER",
            help="A worker ends after as many requests and is replaced",
            rich_help_panel=_LIMITS,
        ),
    ] = None
    limit_max_requests_jitter: Annotated[
        int,
        typer.Option(
            metavar="NUMBER",
            help="At most so many more, so that workers do not end together",
            rich_help_panel=_LIMITS,
        ),
    ] = 0
    timeout_keep_alive: Annotated[
        float,
        typer.Option(
            metavar="SECONDS",
            help="An idle connection is closed after this",
            rich_help_panel=_LIMITS,
        ),
    ] = 5.0
    timeout_graceful_shutdown: Annotated[
        int | None,
        typer.Option(
            metavar="SECONDS",
            help="How long a stop waits for what is in flight",
            show_default="until it is done",
            rich_help_panel=_LIMITS,
        ),
    ] = None
    timeout_worker_healthcheck: Annotated[
        int,
        typer.Option(
            metavar="SECONDS",
            help="A worker that does not answer its supervisor for so long is replaced",
            rich_help_panel=_LIMITS,
        ),
    ] = 5
    ws_max_size: Annotated[
        int,
        typer.Option(
            metavar="BYTES", help="The largest WebSocket message", rich_help_panel=_LIMITS
        ),
    ] = 16 * 1024 * 1024
    ws_max_queue: Annotated[
        int,
        typer.Option(
            metavar="NUMBER",
            help="WebSocket messages that wait for the handler; read by --ws websockets alone",
            rich_help_panel=_LIMITS,
        ),
    ] = 32
    ws_ping_interval: Annotated[
        float,
        typer.Option(metavar="SECONDS", help="Between WebSocket pings", rich_help_panel=_LIMITS),
    ] = 20.0
    ws_ping_timeout: Annotated[
        float,
        typer.Option(metavar="SECONDS", help="Waiting for the pong", rich_help_panel=_LIMITS),
    ] = 20.0
    ws_per_message_deflate: Annotated[
        bool,
        typer.Option(
            "--ws-per-message-deflate/--no-ws-per-message-deflate",
            help="Compress WebSocket messages",
            rich_help_panel=_LIMITS,
        ),
    ] = True
