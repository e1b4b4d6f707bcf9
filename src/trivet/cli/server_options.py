"""The options of the server, as uvicorn names them and with uvicorn's meaning.

Records, so that `dev` and `run` share them; every field is an option of both.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from enum import StrEnum
from pathlib import Path
from typing import Annotated

import typer

from trivet.cli.limit_options import LimitOptions

__all__ = [
    "AccessForm",
    "HeaderOptions",
    "Lifespan",
    "LogLevel",
    "LogOptions",
    "NetworkOptions",
    "ProcessOptions",
    "ProxyOptions",
    "ReloadOptions",
    "ServingOptions",
    "TlsOptions",
]

_ADDRESS, _PROXY, _TLS = "Address", "Behind a proxy", "TLS"
_LOG, _HEADERS, _PROCESS, _RELOAD = "Log", "Headers", "Process", "Reload"


class LogLevel(StrEnum):
    """From which level on the server logs."""

    CRITICAL = "critical"
    ERROR = "error"
    WARNING = "warning"
    INFO = "info"
    DEBUG = "debug"
    TRACE = "trace"


class Lifespan(StrEnum):
    """Whether the application is told of its start and stop."""

    AUTO = "auto"
    ON = "on"
    OFF = "off"


class AccessForm(StrEnum):
    """How the access log is written."""

    TEXT = "text"
    JSON = "json"


@dataclass(frozen=True, slots=True)
class NetworkOptions:
    """Where the server listens."""

    host: Annotated[
        str,
        typer.Option(
            help="Listen on this address; the default is seen by this machine alone, "
            "0.0.0.0 or :: by everybody",
            rich_help_panel=_ADDRESS,
        ),
    ] = "127.0.0.1"
    port: Annotated[
        int,
        typer.Option(min=0, max=65535, help="0 takes a free one", rich_help_panel=_ADDRESS),
    ] = 8000
    uds: Annotated[
        Path | None,
        typer.Option(metavar="PATH", help="Listen on a UNIX socket", rich_help_panel=_ADDRESS),
    ] = None
    fd: Annotated[
        int | None,
        typer.Option(
            metavar="NUMBER",
            help="Listen on a socket that is open already",
            rich_help_panel=_ADDRESS,
        ),
    ] = None
    backlog: Annotated[
        int,
        typer.Option(help="Connections that may wait to be accepted", rich_help_panel=_ADDRESS),
    ] = 2048
    root_path: Annotated[
        str,
        typer.Option(
            metavar="PATH",
            help="The path below which a proxy serves the application",
            show_default=False,
            rich_help_panel=_ADDRESS,
        ),
    ] = ""


@dataclass(frozen=True, slots=True)
class ProxyOptions:
    """Whom the server believes about its clients."""

    proxy_headers: Annotated[
        bool,
        typer.Option(
            "--proxy-headers/--no-proxy-headers",
            help="Take client and scheme from X-Forwarded-For and -Proto of trusted proxies",
            rich_help_panel=_PROXY,
        ),
    ] = True
    forwarded_allow_ips: Annotated[
        str | None,
        typer.Option(
            metavar="LIST",
            envvar="FORWARDED_ALLOW_IPS",
            help="Trusted proxies: addresses, networks, with commas; unix is a peer on a UNIX "
            "socket, * any peer",
            show_default="127.0.0.1,::1",
            rich_help_panel=_PROXY,
        ),
    ] = None


@dataclass(frozen=True, slots=True)
class TlsOptions:
    """Keys and certificates; with a certificate the server speaks HTTPS."""

    ssl_keyfile: Annotated[
        Path | None, typer.Option(metavar="FILE", help="Private key", rich_help_panel=_TLS)
    ] = None
    ssl_certfile: Annotated[
        Path | None,
        typer.Option(metavar="FILE", help="Certificate, with its chain", rich_help_panel=_TLS),
    ] = None
    ssl_keyfile_password: Annotated[
        str | None,
        typer.Option(metavar="TEXT", help="Password of the key", rich_help_panel=_TLS),
    ] = None
    ssl_version: Annotated[
        int | None,
        typer.Option(
            metavar="NUMBER",
            help="Protocol, by its number in Python's ssl module",
            show_default="17, which is TLS 1.2 and 1.3",
            rich_help_panel=_TLS,
        ),
    ] = None
    ssl_cert_reqs: Annotated[
        int | None,
        typer.Option(
            metavar="NUMBER",
            help="Certificates of clients: 0 none, 1 optional, 2 required",
            rich_help_panel=_TLS,
        ),
    ] = None
    ssl_ca_certs: Annotated[
        Path | None,
        typer.Option(metavar="FILE", help="Who may sign them", rich_help_panel=_TLS),
    ] = None
    ssl_ciphers: Annotated[
        str | None,
        typer.Option(metavar="LIST", help="Ciphers, in OpenSSL's words", rich_help_panel=_TLS),
    ] = None


@dataclass(frozen=True, slots=True)
class LogOptions:
    """What the server writes."""

    log_level: Annotated[
        LogLevel, typer.Option(help="From which level on", rich_help_panel=_LOG)
    ] = LogLevel.INFO
    log_config: Annotated[
        Path | None,
        typer.Option(
            metavar="FILE",
            help="A configuration for Python's logging: .ini, .json or .yaml",
            rich_help_panel=_LOG,
        ),
    ] = None
    access_log: Annotated[
        bool,
        typer.Option(
            "--access-log/--no-access-log", help="Write a line an answer", rich_help_panel=_LOG
        ),
    ] = True
    access_log_format: Annotated[
        AccessForm, typer.Option(help="How such a line is written", rich_help_panel=_LOG)
    ] = AccessForm.TEXT
    use_colors: Annotated[
        bool | None,
        typer.Option(
            "--use-colors/--no-use-colors",
            help="Colour in the log",
            show_default="where there is a terminal",
            rich_help_panel=_LOG,
        ),
    ] = None


@dataclass(frozen=True, slots=True)
class HeaderOptions:
    """What every answer carries."""

    server_header: Annotated[
        bool,
        typer.Option(
            "--server-header/--no-server-header", help="Send Server", rich_help_panel=_HEADERS
        ),
    ] = False
    date_header: Annotated[
        bool,
        typer.Option("--date-header/--no-date-header", help="Send Date", rich_help_panel=_HEADERS),
    ] = True
    header: Annotated[
        list[str] | None,
        typer.Option(
            metavar="NAME:VALUE",
            help="Send this with every answer; may be repeated",
            rich_help_panel=_HEADERS,
        ),
    ] = None

    def pairs(self) -> list[tuple[str, str]]:
        """Give the headers as names and values; one without a colon is a usage error."""
        found = []
        for text in self.header or ():
            name, colon, value = text.partition(":")
            if not colon or not name.strip():
                raise typer.BadParameter(f"{text!r} is no NAME:VALUE", param_hint="--header")
            found.append((name.strip(), value.strip()))
        return found


@dataclass(frozen=True, slots=True)
class ProcessOptions:
    """What a process is made of."""

    loop: Annotated[
        str,
        typer.Option(
            metavar="NAME",
            help="Event loop: auto, asyncio, uvloop, or module:factory",
            rich_help_panel=_PROCESS,
        ),
    ] = "auto"
    ws: Annotated[
        str,
        typer.Option(
            metavar="NAME",
            help="WebSockets: auto, none, websockets, websockets-sansio, wsproto, or module:class",
            rich_help_panel=_PROCESS,
        ),
    ] = "auto"
    lifespan: Annotated[
        Lifespan,
        typer.Option(
            help="Tell the application of its start and stop: where it listens, always, never",
            rich_help_panel=_PROCESS,
        ),
    ] = Lifespan.AUTO


@dataclass(frozen=True, slots=True)
class ReloadOptions:
    """What is watched while reload is on."""

    reload_dir: Annotated[
        list[Path] | None,
        typer.Option(
            metavar="FOLDER",
            help="Watch this folder; may be repeated",
            show_default="the current one",
            rich_help_panel=_RELOAD,
        ),
    ] = None
    reload_include: Annotated[
        list[str] | None,
        typer.Option(
            metavar="PATTERN",
            help="Watch these files too, besides *.py",
            rich_help_panel=_RELOAD,
        ),
    ] = None
    reload_exclude: Annotated[
        list[str] | None,
        typer.Option(metavar="PATTERN", help="Do not watch these", rich_help_panel=_RELOAD),
    ] = None
    reload_delay: Annotated[
        float,
        typer.Option(metavar="SECONDS", help="Between two looks", rich_help_panel=_RELOAD),
    ] = 0.25


@dataclass(frozen=True, slots=True)
class ServingOptions:
    """All options of the server."""

    network: NetworkOptions = field(default_factory=NetworkOptions)
    proxy: ProxyOptions = field(default_factory=ProxyOptions)
    tls: TlsOptions = field(default_factory=TlsOptions)
    log: LogOptions = field(default_factory=LogOptions)
    headers: HeaderOptions = field(default_factory=HeaderOptions)
    limits: LimitOptions = field(default_factory=LimitOptions)
    process: ProcessOptions = field(default_factory=ProcessOptions)
    watch: ReloadOptions = field(default_factory=ReloadOptions)
