"""How much and how long a client may take, as one frozen record.

Sizes are bytes, durations are seconds. The sweep looks at every connection once per `sweep`, so a
duration ends between its value and its value plus `sweep`.
"""

from __future__ import annotations

from dataclasses import dataclass

__all__ = ["Limits"]


@dataclass(frozen=True, slots=True)
class Limits:
    """The limits of a server; the defaults suit a service that faces the internet.

    Every duration may be None, which means that nothing ends for that reason.
    """

    max_headers: int = 100
    """Header lines of a request; more are answered 431."""

    max_head: int = 64 * 1024
    """Bytes of request line and headers together, line ends included; more are answered 431."""

    max_url: int = 8 * 1024
    """Bytes of the request target; more are answered 414."""

    max_trailers: int = 8 * 1024
    """Bytes of the trailer section of a chunked body; more are answered 431."""

    first_byte: float | None = 15.0
    """A new connection that stays silent this long is closed."""

    head: float | None = 10.0
    """From the first to the last byte of a request's head; longer is answered 408."""

    keep_alive: float | None = 5.0
    """An idle connection between two requests is closed after this."""

    body_rate: int = 512
    """Bytes per second that a body must bring on average over `body_window`; 0 switches it off."""

    body_window: float = 5.0
    """Over how long `body_rate` is measured; while the application does not read, nothing is."""

    answer_stall: float | None = 60.0
    """A client that takes nothing of a waiting answer for this long is cut off."""

    request: float | None = None
    """From the end of the head to the end of the answer; longer is answered 504, or cut off."""

    linger: float = 2.0
    """After a refusal, what still arrives is thrown away for this long before the socket closes."""

    drain: float = 0.2
    """At a graceful stop an idle connection may still bring a request for this long."""

    concurrency: int | None = None
    """Connections or running requests; beyond it the answer is 503 with Retry-After."""

    retry_after: int = 1
    """The value of Retry-After on such a 503."""

    read_buffer: int = 64 * 1024
    """Body bytes that wait for the application before reading from the socket pauses."""

    sweep: float = 1.0
    """How often the deadlines of all connections are looked at."""
