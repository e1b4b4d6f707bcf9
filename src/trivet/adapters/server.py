"""Running an application: uvicorn's process model with our protocol in its `http` slot.

uvicorn owns processes, sockets, TLS, signals, reload and the graceful stop; its options keep their
names and meaning. The listening socket belongs to the supervisor, so that connections wait in its
queue while a worker is replaced or the code is reloaded.
"""

from __future__ import annotations

import copy
import os
import signal
import sys
import threading
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from types import FrameType
from typing import Any

from uvicorn.config import LOGGING_CONFIG, STARTUP_FAILURE, Config
from uvicorn.server import Server
from uvicorn.supervisors import ChangeReload, Multiprocess

from trivet.adapters.access import LogForm
from trivet.adapters.limits import Limits
from trivet.adapters.setting import HttpSetting
from trivet.errors import SetupError

__all__ = ["ServerOptions", "configure", "serve"]


@dataclass(frozen=True, kw_only=True)
class ServerOptions:
    """How to serve; what has a name in uvicorn means what it means there.

    Durations are seconds. `timeout_keep_alive` and `limit_concurrency` stand above the same limits
    of `limits`.
    """

    host: str = "127.0.0.1"
    port: int = 8000
    uds: str | None = None
    fd: int | None = None
    workers: int = 1
    factory: bool = False
    app_dir: Path | None = None

    reload: bool = False
    reload_dirs: Sequence[str] = ()
    reload_includes: Sequence[str] = ()
    reload_excludes: Sequence[str] = ()
    reload_delay: float = 0.25

    log_level: str | int = "info"
    log_config: dict[str, Any] | str | None = None
    """None for uvicorn's own, with our logger `trivet` beside its loggers."""
    access_log: bool = True
    access_form: LogForm = "text"
    use_colors: bool | None = None

    proxy_headers: bool = True
    forwarded_allow_ips: str | None = None
    """The proxies to believe; None for $FORWARDED_ALLOW_IPS, or this machine alone."""
    root_path: str = ""
    server_header: bool = False
    date_header: bool = True
    headers: Sequence[tuple[str, str]] = ()

    limits: Limits = field(default_factory=Limits)
    limit_concurrency: int | None = None
    limit_max_requests: int | None = None
    limit_max_requests_jitter: int = 0
    backlog: int = 2048
    timeout_keep_alive: float | None = None
    timeout_graceful_shutdown: int | None = None
    timeout_worker_healthcheck: int = 5
    timeout_worker_blocked: float | None = 30.0
    """A worker beside others whose event loop is blocked for so long is replaced."""

    ssl_keyfile: str | None = None
    ssl_certfile: str | None = None
    ssl_keyfile_password: str | None = None
    ssl_ca_certs: str | None = None
    ssl_version: int | None = None
    """One of the `PROTOCOL_` numbers of Python's ssl module; None for TLS 1.2 and 1.3."""
    ssl_cert_reqs: int | None = None
    ssl_ciphers: str | None = None

    loop: str = "auto"
    lifespan: str = "auto"
    ws: str = "auto"
    ws_max_size: int = 16 * 1024 * 1024
    ws_max_queue: int = 32
    ws_ping_interval: float | None = 20.0
    ws_ping_timeout: float | None = 20.0
    ws_per_message_deflate: bool = True


# Options that go to uvicorn under their own name.
_PASSED_ON = (
    "host", "port", "uds", "fd", "factory", "reload", "reload_delay", "log_level", "use_colors",
    "proxy_headers", "forwarded_allow_ips", "root_path", "server_header", "date_header",
    "limit_concurrency", "limit_max_requests", "limit_max_requests_jitter", "backlog",
    "timeout_graceful_shutdown", "timeout_worker_healthcheck", "ssl_keyfile", "ssl_certfile",
    "ssl_keyfile_password", "ssl_ca_certs", "loop", "lifespan", "ws", "ws_max_size",
    "ws_max_queue", "ws_ping_interval", "ws_ping_timeout", "ws_per_message_deflate",
)  # fmt: skip


def configure(app: Any, options: ServerOptions) -> Config:  # Any: an application or its name
    """Give uvicorn's configuration for `app`, an application or an import string `module:name`."""
    named = {name: getattr(options, name) for name in _PASSED_ON}
    for name in ("ssl_version", "ssl_cert_reqs", "ssl_ciphers"):
        if getattr(options, name) is not None:
            named[name] = getattr(options, name)
    if options.reload:
        for name in ("reload_dirs", "reload_includes", "reload_excludes"):
            named[name] = list(getattr(options, name)) or None
    limits = options.limits
    if options.timeout_keep_alive is not None:
        limits = _replace(limits, keep_alive=options.timeout_keep_alive)
    setting: Any = HttpSetting(  # Any: uvicorn types this as a class, and calls it
        limits=limits,
        access=options.access_form if options.access_log else None,
        blocked=options.timeout_worker_blocked,
    )
    return Config(
        app,
        http=setting,
        headers=list(options.headers),
        workers=options.workers,
        log_config=options.log_config or _log_config(),
        # Our own log takes the place of uvicorn's.
        access_log=False,
        **named,
    )


def _replace(limits: Limits, **changes: Any) -> Limits:  # Any: fields of the record
    values = {name: getattr(limits, name) for name in Limits.__dataclass_fields__}
    return Limits(**{**values, **changes})


def _log_config() -> dict[str, Any]:
    config = copy.deepcopy(LOGGING_CONFIG)
    config["loggers"]["trivet"] = {"handlers": ["default"], "level": "INFO", "propagate": False}
    return config


def serve(app: Any, options: ServerOptions | None = None) -> None:  # Any: an application or a name
    """Serve `app` until a signal ends it; blocks, and leaves by `SystemExit` if it cannot start.

    `app` is an application, or an import string `module:name`, which several workers and reload
    need, as each process imports it anew.
    """
    options = options or ServerOptions()
    if not isinstance(app, str) and (options.reload or options.workers > 1):
        raise SetupError(
            f"reload and several workers need the application's name, not the object {app!r}",
            code="server.needs-name",
            mend='serve("main:app", ServerOptions(workers=4))',
        )
    if options.app_dir is not None:
        sys.path.insert(0, str(options.app_dir))
    config = configure(app, options)
    server = Server(config)
    has_failed = False
    try:
        with _unwinding():
            if config.should_reload:
                ChangeReload(config, target=server.run, sockets=[config.bind_socket()]).run()
            elif config.workers > 1:
                supervisor = Multiprocess(config, sockets=[config.bind_socket()])
                supervisor.run()
                codes = [worker.process.exitcode for worker in supervisor.processes]
                has_failed = STARTUP_FAILURE in codes
            else:
                server.run()
                has_failed = not server.started
    except KeyboardInterrupt:
        # The signal was the wish to stop, which has been done.
        pass
    except _TerminatedError:
        _remove(config.uds)
        signal.raise_signal(signal.SIGTERM)
    finally:
        _remove(config.uds)
    if has_failed:
        sys.exit(STARTUP_FAILURE)


class _TerminatedError(BaseException):
    """SIGTERM came, and its work is done."""


@contextmanager
def _unwinding() -> Iterator[None]:
    """Let SIGTERM, which uvicorn raises once more after a graceful stop, leave by an exception.

    Otherwise it ends the process on the spot, and what must be cleaned up stays.
    """
    if threading.current_thread() is not threading.main_thread():
        yield
        return

    def unwind(number: int, frame: FrameType | None) -> None:
        raise _TerminatedError

    before = signal.signal(signal.SIGTERM, unwind)
    try:
        yield
    finally:
        signal.signal(signal.SIGTERM, before)


def _remove(uds: str | None) -> None:
    if uds and os.path.exists(uds):
        os.remove(uds)
