"""`trivet dev` and `trivet run`: one server, with the defaults of the desk and of the service."""

from __future__ import annotations

import tempfile
from dataclasses import fields
from pathlib import Path
from typing import Annotated, Any

import typer

from trivet.adapters.server import ServerOptions, serve
from trivet.cli.find import Place
from trivet.cli.launch import TARGET, Launch
from trivet.cli.opened import locate
from trivet.cli.options import AppArgument, LoadOptions
from trivet.cli.server_options import Lifespan, LogLevel, ServingOptions

__all__ = ["dev", "run"]

# Names of uvicorn's that our server options have in another form.
_OTHERWISE = frozenset(
    {"header", "reload_dir", "reload_include", "reload_exclude", "access_log_format"}
)


def dev(
    options: LoadOptions,
    serving: ServingOptions,
    argument: AppArgument = None,
    reload: Annotated[
        bool, typer.Option("--reload/--no-reload", help="Serve what was saved at once")
    ] = True,
    debug: Annotated[
        bool, typer.Option("--debug/--no-debug", help="Show errors with source and values")
    ] = True,
) -> None:
    """Serve while you write.

    Reload and debug pages are on; this machine alone is answered. For real traffic: trivet run.

    \b
      trivet dev
      trivet dev main.py --port 9000
      trivet dev shop.main:app --dropin fastapi
    """
    place = locate(options, argument)
    # Only the first process tells where it serves, not every one that reload starts.
    with tempfile.TemporaryDirectory(prefix="trivet-") as folder:
        marker = str(Path(folder) / "told")
        address = address_of(serving)
        Launch(place, options.dropin, debug, address, marker if address else None).publish()
        serve(TARGET, server_options(place, serving, reload=reload))


def run(
    options: LoadOptions,
    serving: ServingOptions,
    argument: AppArgument = None,
    workers: Annotated[
        int,
        typer.Option(
            min=1, envvar="WEB_CONCURRENCY", help="Processes that serve; each loads the application"
        ),
    ] = 1,
    reload: Annotated[
        bool, typer.Option("--reload", help="Serve what was saved at once; with one worker")
    ] = False,
) -> None:
    """Serve real traffic.

    Debug pages stay as the application has them, which is off. Only this machine is answered unless
    --host says otherwise: --host 0.0.0.0 answers everybody, on IPv4.

    \b
      trivet run --host 0.0.0.0 --workers 4
      trivet run shop.main:app --uds /run/shop.sock --access-log-format json
      trivet run --ssl-keyfile key.pem --ssl-certfile cert.pem --port 8443
    """
    if reload and workers > 1:
        raise typer.BadParameter("--reload works with one worker", param_hint="--workers")
    place = locate(options, argument)
    Launch(place, options.dropin).publish()
    serve(TARGET, server_options(place, serving, reload=reload, workers=workers))


def server_options(
    place: Place, serving: ServingOptions, *, reload: bool, workers: int = 1
) -> ServerOptions:
    """Give the server's own record for what was typed."""
    named: dict[str, Any] = {}  # Any: the values of the server's fields
    for group in fields(serving):
        record = getattr(serving, group.name)
        for field in fields(record):
            value = getattr(record, field.name)
            if field.name not in _OTHERWISE:
                named[field.name] = str(value) if isinstance(value, Path) else value
    watch = serving.watch
    named["log_level"] = LogLevel(serving.log.log_level).value
    named["lifespan"] = Lifespan(serving.process.lifespan).value
    return ServerOptions(
        **named,
        factory=True,
        workers=workers,
        reload=reload,
        access_form=serving.log.access_log_format.value,
        headers=serving.headers.pairs(),
        reload_dirs=[str(folder) for folder in watch.reload_dir or _watched(place)],
        reload_includes=watch.reload_include or (),
        reload_excludes=watch.reload_exclude or (),
    )


def _watched(place: Place) -> list[Path]:
    """Give the folders to watch: the current one, and the application's where it is elsewhere."""
    here = Path.cwd()
    return [here] if place.folder.is_relative_to(here) else [place.folder]


def address_of(serving: ServingOptions) -> str | None:
    """Give the address to type into a browser; None where there is none, or none known yet."""
    network = serving.network
    if network.uds is not None or network.fd is not None or network.port == 0:
        return None
    host = {"0.0.0.0": "127.0.0.1", "::": "::1"}.get(network.host, network.host)
    if ":" in host:
        host = f"[{host}]"
    scheme = "https" if serving.tls.ssl_certfile is not None else "http"
    return f"{scheme}://{host}:{network.port}"
