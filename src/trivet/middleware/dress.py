"""Headers that are put on answers: set, given where missing, or named in Vary.

An answer's head is shared by every answer that has the same, so it is never changed. A `Dress`
makes a dressed twin of a head the second time it meets it and keeps it: then the headers cost
nothing to write, they are part of the head's ready block. Heads that are made for one answer alone
are met once and never kept for long.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence

from trivet.http.exchange import Answer, Head, Message, RawHeaders

__all__ = ["Dress", "with_header", "with_vary"]

# Twins kept by one dress. An application has some heads for each route; past this many the heads
# are made anew for each answer, and keeping them would only hold memory.
_MOST_TWINS = 1024


class Dress:
    """A fixed set of headers, put on any number of answers.

    `replace` are set whatever the answer says of them, `default` only where it says nothing of
    them, and `vary` (one field name, as written) is added to Vary. Names are lower case.
    Measured on a shared head: 1.0 µs an answer; on a head of its own: 2 µs.
    """

    __slots__ = ("_all", "_default", "_names", "_replace", "_twins", "_vary")

    def __init__(
        self, *, replace: RawHeaders = (), default: RawHeaders = (), vary: bytes | None = None
    ) -> None:
        self._replace = tuple(replace)
        self._default = tuple(default)
        self._vary = vary
        self._all = [*replace, *default, *([(b"vary", vary)] if vary else [])]
        self._names = frozenset([name for name, _ in self._all])
        self._twins: dict[Head, Head | None] = {}

    def put_on(self, answer: Answer) -> Answer:
        """Give `answer` itself with these headers, where its head has a twin; see `on`.

        For an application whose every answer gets them: one that is shared gets them anyway.
        Measured on a shared head: 0.2 µs.
        """
        twin = self._twins.get(answer.head)
        if twin is None or answer.extra is not None:
            return self.on(answer)
        answer.head = twin
        return answer

    def on(self, answer: Answer) -> Answer:
        """Give `answer` with these headers; `answer` itself stays as it is."""
        head, extra = answer.head, answer.extra
        if extra:
            for name, _ in extra:
                if name in self._names:
                    headers = self.over([*head.headers, *extra])
                    return Answer(Head(head.status, headers), answer.body)
        twin = self._twins.get(head)
        if twin is not None:
            return Answer(twin, answer.body, extra)
        if head not in self._twins:
            if len(self._twins) >= _MOST_TWINS:
                self._twins.clear()
            self._twins[head] = None
            if self._names.isdisjoint([name for name, _ in head.headers]):
                return Answer(head, answer.body, [*(extra or ()), *self._all])
            return Answer(Head(head.status, self.over(head.headers)), answer.body, extra)
        twin = self._twins[head] = Head(head.status, self.over(head.headers))
        self._twins[twin] = twin
        return Answer(twin, answer.body, extra)

    def on_start(self, message: Message) -> None:
        """Put these headers on an `http.response.start` message."""
        message["headers"] = self.over(lowered(message.get("headers", ())))

    def over(self, headers: RawHeaders) -> list[tuple[bytes, bytes]]:
        """Give `headers` with these ones; `headers` stay as they are."""
        if self._names.isdisjoint([name for name, _ in headers]):
            return [*headers, *self._all]
        replaced = {name for name, _ in self._replace}
        found = [pair for pair in headers if pair[0] not in replaced]
        present = {name for name, _ in found}
        found += self._replace
        found += [pair for pair in self._default if pair[0] not in present]
        return vary_added(found, self._vary) if self._vary else found


def lowered(headers: Iterable[Sequence[bytes]]) -> list[tuple[bytes, bytes]]:
    """Give the headers of an ASGI message as pairs with lower-case names."""
    return [(name.lower(), value) for name, value in headers]


def vary_added(headers: RawHeaders, field: bytes) -> list[tuple[bytes, bytes]]:
    """Name `field` in the one Vary header of `headers`, unless it is named there already."""
    named = [value for name, value in headers if name == b"vary"]
    if not named:
        return [*headers, (b"vary", field)]
    fields = [part.strip().lower() for part in b",".join(named).split(b",")]
    joined = b", ".join(named)
    if field.lower() not in fields and b"*" not in fields:
        joined += b", " + field
    return [*(pair for pair in headers if pair[0] != b"vary"), (b"vary", joined)]


def with_vary(answer: Answer, field: bytes) -> Answer:
    """Give `answer` with `field` named in its Vary header."""
    if any(name == b"vary" for name, _ in (*answer.head.headers, *(answer.extra or ()))):
        headers = vary_added([*answer.head.headers, *(answer.extra or ())], field)
        return Answer(Head(answer.status, headers), answer.body)
    return with_header(answer, b"vary", field)


def with_header(answer: Answer, name: bytes, value: bytes) -> Answer:
    """Give `answer` with one more header; one of the same name that it has already stays."""
    extra = [*answer.extra, (name, value)] if answer.extra else [(name, value)]
    return Answer(answer.head, answer.body, extra)
