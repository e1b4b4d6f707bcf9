"""What a listener hears, noted down."""

from __future__ import annotations

from collections.abc import Sequence

from trivet.realtime.backends.backend import Entry


class Ear:
    """Notes everything that a back end tells."""

    def __init__(self) -> None:
        self.passed_on: list[tuple[str, bytes]] = []
        self.added_on: list[tuple[str, str, Entry]] = []
        self.hints: list[str] = []
        self.moves: list[str] = []
        self.misses = 0

    def passed(self, topic: str, data: bytes) -> None:
        self.passed_on.append((topic, data))

    def added(self, topic: str, epoch: str, entry: Entry) -> None:
        self.added_on.append((topic, epoch, entry))

    def hinted(self, topic: str) -> None:
        self.hints.append(topic)

    def moved(self, topic: str) -> None:
        self.moves.append(topic)

    def missed(self) -> None:
        self.misses += 1

    def has_heard_of(self, topic: str) -> bool:
        return topic in self.hints or topic in [name for name, *_ in self.added_on]


def data_of(entries: Sequence[Entry]) -> list[bytes]:
    return [entry.data for entry in entries]
