"""What a run with databases needs besides: the databases, counted queries, scripts."""

from __future__ import annotations

import json
import subprocess
from collections.abc import Callable, Iterable, Sequence
from typing import TypeAlias

from benchmarks import data_check, rows, stores
from benchmarks.case import LoadCase, ScriptCase
from benchmarks.check import WrongAnswer, ask, signed_in
from benchmarks.orders import Orders
from benchmarks.peers import APPS, Peer
from benchmarks.servers import Server
from benchmarks.stores import Kind, Store
from benchmarks.wire import Wire

# By names of peer and case: the texts in the order in which they were sent.
Queries: TypeAlias = dict[tuple[str, str], tuple[str, ...]]

PROBE = "/posts/1"
LONGEST_SCRIPT_SECONDS = 600
# Each connection of a pool has to know a statement before one request tells how many it sends.
BEFORE_COUNTING = 25


class Databases:
    """The databases of one run; `absent` has those that are not there, and why."""

    def __init__(self) -> None:
        self.absent: dict[str, str] = {}
        self._stores: dict[Kind, Store] = {}

    def prepare(self, kinds: Iterable[Kind], say: Callable[[str], None]) -> dict[str, str]:
        """Make what the cases need; gives the versions of what is there. Blocks."""
        for kind in dict.fromkeys(kinds):
            say(f"making a database of {stores.NAMES[kind]}")
            try:
                self._stores[kind] = _opened(kind)
            except OSError as error:
                self.absent[stores.NAMES[kind]] = f"no server: {error}"
                say(f"{stores.NAMES[kind]} is left out, and all cases with it: {error}")
        return {stores.NAMES[kind]: store.version for kind, store in self._stores.items()}

    def has(self, kind: Kind | None) -> bool:
        """Tell whether what a case needs is there."""
        return kind is None or kind in self._stores

    def of(self, kind: Kind) -> Store:
        """Give a database that is there."""
        return self._stores[kind]

    def close(self) -> None:
        """Take all databases away."""
        while self._stores:
            self._stores.popitem()[1].close()


def _opened(kind: Kind) -> Store:
    return Orders(stores.server()) if kind == "orders" else stores.opened(kind)


def verify(port: int, case: LoadCase, store: Store) -> None:
    """Let a case's own proof ask the server; raises WrongAnswer."""
    if case.proof is not None:
        case.proof(port, case, store)


def queries(peer: Peer, group: Sequence[LoadCase], store: Store, cpu: int, probe: str) -> Queries:
    """Give the queries that one request of each case sends, read by a stand-in before PostgreSQL.

    Blocks: a server of its own is started for that.
    """
    found = {}
    with (
        Wire(store.url) as wire,
        Server(peer, group[0].app, cpu=cpu, probe=probe, database=wire.url) as server,
    ):
        for case in group:
            request = signed_in(server.port, case.of_peer(peer.name)).examples()[0].request
            for _ in range(BEFORE_COUNTING):
                ask(server.port, request)
            wire.queries.clear()
            ask(server.port, request)
            found[peer.name, case.name] = tuple(wire.queries)
    return found


def compare_queries(case: LoadCase, sent: Sequence[str]) -> None:
    """Raise WrongAnswer where a case says how many queries there have to be, and there are others.

    One that asks for many rows at once does other work than the case asks for.
    """
    if case.queries is not None and len(sent) != case.queries:
        texts = "; ".join(dict.fromkeys(sent))
        raise WrongAnswer(f"{len(sent)} queries in place of {case.queries}: {texts[:300]}")


def script(peer: Peer, case: ScriptCase, store: Store, cpu: int) -> dict[str, float]:
    """Run a peer's script over many rows, and compare what it did; gives its figures. Blocks."""
    if case.work == "iterate":
        stores.need_readings(store)
    else:
        store.empty("measurement")
    assert peer.script is not None, "only peers with a script have these cases"
    line = str(peer.python), str(APPS / peer.script)
    ended = subprocess.run(
        ["taskset", "-c", str(cpu), *line, case.work, str(rows.MEASUREMENTS)],
        cwd=APPS,
        env=peer.variables(0, 0, store.url),
        capture_output=True,
        text=True,
        timeout=LONGEST_SCRIPT_SECONDS,
    )
    if ended.returncode:
        lines = ended.stderr.strip().splitlines()
        raise WrongAnswer(lines[-1][:500] if lines else f"ended with {ended.returncode}")
    figures, *printed = ended.stdout.strip().splitlines()
    if case.work == "bulk":
        data_check.measured(store, rows.MEASUREMENTS)
    elif printed != [str(rows.readings_total())]:
        raise WrongAnswer(f"the readings add up to {printed}, not to {rows.readings_total()}")
    values: dict[str, float] = json.loads(figures)
    return values
