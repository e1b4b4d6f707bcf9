"""The cases of accounts: who is signed in, and what is to be reached in them.

Each peer makes its own tables and its own session or token, by its own means: the load begins
signed in.
"""

from __future__ import annotations

from benchmarks.case import LoadCase, Request, Threshold
from benchmarks.stores import NAMES, Kind

FASTAPI = "fastapi-sqlalchemy"
KINDS: tuple[Kind, ...] = ("postgresql", "sqlite")
PATH = "/me"

ANSWER = {"email": "ann@example.org", "name": "Ann"}
# Signed with another key, and with none.
_SIGNED = (
    "eyJhbGciOiJIUzI1NiIsInR5cCI6IkpXVCJ9.eyJzdWIiOiJhbm5AZXhhbXBsZS5vcmciLCJleHAiOjQxMDI0NDQ4"
    "MDB9.AAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA"
)
_UNSIGNED = (
    "eyJhbGciOiJub25lIiwidHlwIjoiSldUIn0.eyJzdWIiOiJhbm5AZXhhbXBsZS5vcmciLCJleHAiOjQxMDI0NDQ4MDB9."
)


def _session(kind: Kind) -> LoadCase:
    return LoadCase(
        name=f"session-{kind}",
        title=f"Who is signed in, by a session in the database, {NAMES[kind]}",
        request=Request(PATH),
        answer=ANSWER,
        refused=(
            Request(PATH),
            *(
                Request(PATH, headers=(("cookie", f"{name}={'A' * 43}"),))
                for name in ("session", "login", "sessionid")
            ),
        ),
        app="accounts",
        database=kind,
        signs_in="/sign-in",
    )


def _jwt(kind: Kind) -> LoadCase:
    return LoadCase(
        name=f"jwt-{kind}",
        title=f"Who is signed in, by a signed access token (JWT), {NAMES[kind]}",
        request=Request(PATH),
        answer=ANSWER,
        refused=(
            Request(PATH),
            *(
                Request(PATH, headers=(("authorization", f"Bearer {token}"),))
                for token in (_SIGNED, _UNSIGNED, "x")
            ),
        ),
        app="tokens",
        database=kind,
        signs_in="/token",
    )


ACCOUNT_CASES = tuple(make(kind) for make in (_session, _jwt) for kind in KINDS)

ACCOUNT_THRESHOLDS = tuple(
    Threshold(case.name, "cost_us", f"at most 1/4 of {title}'s cost", peer, 1 / 4)
    for case in ACCOUNT_CASES
    for peer, title in ((FASTAPI, "FastAPI"), ("django", "Django"))
)
