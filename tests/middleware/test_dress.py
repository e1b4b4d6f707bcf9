from __future__ import annotations

from hypothesis import given
from hypothesis import strategies as st

from trivet.http.exchange import Answer, Head
from trivet.middleware.dress import Dress, with_header, with_vary

pairs = st.lists(
    st.tuples(
        st.sampled_from([b"x-set", b"x-default", b"vary", b"x-other"]),
        st.sampled_from([b"own", b"Accept", b"Origin"]),
    ),
    max_size=4,
)


@given(head=pairs, extra=pairs, meetings=st.integers(1, 4))
def test_every_meeting_with_a_head_gives_the_same_headers(
    head: list[tuple[bytes, bytes]], extra: list[tuple[bytes, bytes]], meetings: int
) -> None:
    dress = Dress(replace=[(b"x-set", b"1")], default=[(b"x-default", b"2")], vary=b"Origin")
    shared = Head(200, head)
    given_headers = [*head, *extra]

    for _ in range(meetings):
        headers = dress.on(Answer(shared, b"", extra or None)).headers()

        assert [v for n, v in headers if n == b"x-set"] == [b"1"]
        own = [v for n, v in given_headers if n == b"x-default"]
        assert [v for n, v in headers if n == b"x-default"] == (own or [b"2"])
        vary = b",".join([v for n, v in headers if n == b"vary"])
        wanted = {b"Origin", *(v for n, v in given_headers if n == b"vary")}
        assert {part.strip() for part in vary.split(b",")} == wanted
        others = [pair for pair in given_headers if pair[0] == b"x-other"]
        assert [pair for pair in headers if pair[0] == b"x-other"] == others
    assert shared.headers == tuple(head)


def test_a_head_that_is_met_often_carries_the_headers_in_its_block() -> None:
    dress = Dress(replace=[(b"x-set", b"1")])
    shared = Head(200)

    answers = [dress.on(Answer(shared)) for _ in range(3)]

    assert answers[2].head is answers[1].head
    assert b"x-set: 1\r\n" in answers[2].head.block


def test_more_heads_than_are_kept_still_get_their_headers() -> None:
    dress = Dress(replace=[(b"x-set", b"1")])

    answers = [dress.on(Answer(Head(200))) for _ in range(3000)]

    assert all(answer.headers()[0] == (b"x-set", b"1") for answer in answers)


def test_a_field_is_named_in_vary_once() -> None:
    answer = Answer(Head(200, [(b"vary", b"Accept, COOKIE")]))

    assert with_vary(answer, b"Cookie").headers()[0] == (b"vary", b"Accept, COOKIE")


def test_vary_that_names_everything_stays() -> None:
    answer = Answer(Head(200, [(b"vary", b"*")]))

    assert with_vary(answer, b"Cookie").headers()[0] == (b"vary", b"*")


def test_one_more_header_leaves_the_given_answer_alone() -> None:
    answer = Answer(Head(200), b"x", [(b"x-one", b"1")])

    more = with_header(answer, b"x-two", b"2")

    assert more.extra == [(b"x-one", b"1"), (b"x-two", b"2")]
    assert answer.extra == [(b"x-one", b"1")]
