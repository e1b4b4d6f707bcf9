"""The phases of a connection, and how long each may last.

NEW, START → HEAD → BODY or CHUNKS → ANSWERING → START …      and from anywhere → CLOSING
"""

from __future__ import annotations

from trivet.adapters.gate import Refused
from trivet.adapters.limits import Limits

__all__ = [
    "ANSWERING",
    "BODY",
    "CHUNKS",
    "CLOSING",
    "HEAD",
    "NEW",
    "START",
    "Overdue",
    "judge",
    "judge_rate",
]

# Nothing has come yet: of the first message, or of the next one.
NEW = -1
START = 0
# A part of the head, or of a body framed one way or the other, has come.
HEAD = 1
BODY = 2
CHUNKS = 3
# The message is whole, and its answer is not.
ANSWERING = 4
# What still comes is thrown away.
CLOSING = 5


class Overdue(Exception):
    """The connection has had its time and is to be closed without a word."""


def judge(phase: int, age: float, limits: Limits) -> None:
    """Raise `Refused` or `Overdue` if `phase` has lasted too long with `age` seconds.

    Bodies are judged by their rate, and not here.
    """
    if phase <= START:
        most = limits.first_byte if phase == NEW else limits.keep_alive
        if most is not None and age >= most:
            raise Overdue
    elif phase == HEAD:
        if limits.head is not None and age >= limits.head:
            raise Refused(408, f"The head was not complete after {limits.head:g} s; send faster.")
    elif phase == ANSWERING:
        if limits.request is not None and age >= limits.request:
            raise Refused(504, f"There was no answer after {limits.request:g} s; ask for less.")
    elif phase == CLOSING and age >= limits.linger:
        raise Overdue


def judge_rate(size: int, age: float, limits: Limits) -> bool:
    """Tell whether the time to measure a body is over; raises `Refused` if it came too slowly.

    `size` is what came in `age` seconds.
    """
    if not limits.body_rate or age < limits.body_window:
        return False
    if size < limits.body_rate * age:
        raise Refused(
            408, f"The body came slower than {limits.body_rate} bytes a second; send faster."
        )
    return True
