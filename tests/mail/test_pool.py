"""The connections of one event loop: how many, and what becomes of those that went wrong."""

from __future__ import annotations

import pytest

from trivet.mail import MailAway
from trivet.mail.pool import Pool


class Line:
    def __init__(self) -> None:
        self.is_open = True

    async def rset(self) -> None:
        if not self.is_open:
            raise ConnectionError

    async def quit(self) -> None:
        raise ConnectionError

    def close(self) -> None:
        self.is_open = False


def pool_of(lines: list[Line]) -> Pool:
    async def connect() -> Line:
        lines.append(Line())
        return lines[-1]

    return Pool(connect, most=1, wait=0.05, name="mail.test:25")


async def test_who_waits_too_long_for_a_connection_is_told() -> None:
    pool = pool_of([])

    async with pool.connection():
        with pytest.raises(MailAway, match=r"all connections to mail\.test:25 were in use"):
            async with pool.connection():
                pass

    async with pool.connection() as lent:
        assert lent.is_open


async def test_a_connection_on_which_something_went_wrong_is_not_used_again() -> None:
    lines: list[Line] = []
    pool = pool_of(lines)

    with pytest.raises(ZeroDivisionError):
        async with pool.connection():
            raise ZeroDivisionError
    async with pool.connection():
        pass

    assert [line.is_open for line in lines] == [False, True]


async def test_closing_closes_what_is_idle_and_what_comes_back() -> None:
    lines: list[Line] = []
    pool = pool_of(lines)

    async with pool.connection():
        await pool.close()
    assert not lines[0].is_open

    other = pool_of(lines)
    async with other.connection():
        pass
    await other.close()
    assert not lines[1].is_open
