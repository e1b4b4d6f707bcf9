"""Written Python clients against a live server: what goes over the wire comes out as it should."""

from __future__ import annotations

import datetime as dt
import io
from collections.abc import Iterator
from decimal import Decimal
from typing import Any
from uuid import UUID

import httpx2
import pytest

NUMBER = UUID("12345678-1234-5678-1234-567812345678")
# `Any` in this file: a module and classes that are written while the tests run.


@pytest.fixture
def client(everything: Any, server: str) -> Iterator[Any]:
    with everything.Client(
        server, token="secret", basic=("ann", "password"), shop_key="key"
    ) as made:
        yield made


def parcel(everything: Any, **more: Any) -> Any:
    given = {
        "id": NUMBER,
        "made": dt.datetime(2026, 1, 2, 3, 4, 5, tzinfo=dt.UTC),
        "day": dt.date(2026, 1, 2),
        "price": Decimal("1.10"),
    }
    return everything.ParcelInput(**given | more)


def test_parameters_of_every_place_arrive(client: Any, everything: Any) -> None:
    got = client.values(
        7,
        "a b ü?",
        day=dt.date(2026, 3, 4),
        colours=[everything.Colour.RED, everything.Colour.DARK_BLUE],
        big=True,
        size=everything.Size.VALUE_2,
        x_token="t",
        x_many=[1, 2],
        flavour="mint",
        from_="here",
    )

    assert got == {
        "number": 7, "words": "a b ü?", "day": "2026-03-04", "colours": ["red", "dark-blue"],
        "big": True, "size": 2, "x_token": "t", "x_many": [1, 2], "flavour": "mint",
        "from": "here",
    }  # fmt: skip


@pytest.mark.parametrize("words", ["..", ".", ""])
def test_a_value_cannot_lead_to_another_path(client: Any, words: str) -> None:
    with pytest.raises(ValueError, match="part of a path"):
        client.values(1, words, day=dt.date(2026, 3, 4))


def test_what_is_left_out_is_not_sent(client: Any) -> None:
    got = client.values(1, "x", day=dt.date(2026, 3, 4))

    assert got["colours"] == []
    assert got["big"] is None
    assert got["size"] == 1


def test_every_kind_of_value_goes_there_and_back(client: Any, everything: Any) -> None:
    tree = everything.TreeInput(name="oak", pet=everything.Cat(kind="cat"))
    sent = parcel(
        everything,
        lasts=dt.timedelta(seconds=90),
        colour=everything.Colour.DARK_BLUE,
        sizes=[everything.Size.VALUE_2],
        strange_name="strange",
        pair=(5, "five"),
        tags=["one"],
        table={"a": Decimal("0.5")},
        anything={"any": [1]},
        list_="listed",
        tree=tree,
    )

    got = client.send(sent)

    assert isinstance(got, everything.ParcelOutput)
    assert got.id == NUMBER
    assert got.made == sent.made
    assert got.day == sent.day
    assert got.lasts == dt.timedelta(seconds=90)
    assert Decimal(got.price) == Decimal("1.10")
    assert got.colour is everything.Colour.DARK_BLUE
    assert got.sizes == [everything.Size.VALUE_2]
    assert got.strange_name == "strange"
    assert got.pair == (5, "five")
    assert got.anything == {"any": [1]}
    assert got.list_ == "listed"
    assert got.tree.pet == everything.Cat(kind="cat", lives=9)


def test_only_fields_that_were_set_are_sent(client: Any, everything: Any) -> None:
    assert client.unset(everything.TreeInput(name="oak")) == ["name"]
    assert client.unset(everything.TreeInput(name="oak", pet=None)) == ["name", "pet"]


def test_unions_are_told_apart_by_their_tag(client: Any, everything: Any) -> None:
    dog = client.adopt(everything.Dog(kind="dog", class_="poodle"), loud=True)

    assert dog == everything.Dog(kind="dog", class_="poodle")
    assert isinstance(client.adopt(everything.Cat(kind="cat")), everything.Cat)


def test_models_that_hold_themselves_come_back_whole(client: Any, everything: Any) -> None:
    made = everything.TreeInput
    tree = made(name="a", children=[made(name="b", children=[made(name="c")])])

    assert client.plant(tree).children[0].children[0].name == "c"


def test_a_body_may_be_left_out(client: Any) -> None:
    assert client.maybe() == -1
    assert client.maybe(body=[1, 2]) == 3


def test_forms_and_files_arrive(client: Any, everything: Any) -> None:
    form = everything.BodyFormFormPost(name="a & b", tags=["x", "y"])
    upload = everything.BodyUploadUploadPost(
        files=[
            everything.File(b"one", "1.txt", "text/plain"),
            everything.File(io.BytesIO(b"two"), "2.txt", "text/plain"),
        ],
        title="two files",
    )

    assert client.form(form) == {"name": "a & b", "tags": ["x", "y"]}
    assert client.upload(upload) == {
        "files": [["1.txt", "text/plain", "one"], ["2.txt", "text/plain", "two"]],
        "title": "two files",
        "raw": None,
    }


def test_credentials_go_to_operations_that_ask_for_them(client: Any) -> None:
    assert client.by_bearer() == "secret"
    assert client.by_basic() == "ann password"
    assert client.by_key() == "key"
    assert client.by_nobody() == "None"


def test_streams_are_iterators(client: Any, everything: Any) -> None:
    assert [tree.name for tree in client.trees()] == ["oak", "élm", "fir"]
    assert [event.data.name for event in client.events(count=2)] == [
        "tree 0\nwith two lines",
        "tree 1\nwith two lines",
    ]
    assert list(client.plain_events()) == [everything.Event("one\ntwo", "told", "7", 10)]
    assert b"".join(client.file(size=4)) == b"abababab"


def test_a_stream_may_be_left(client: Any) -> None:
    stream = client.events(count=1000)

    assert next(stream).data.name.startswith("tree 0")
    stream.close()
    assert client.text() == "just text"


def test_answers_without_json_are_what_they_are(client: Any) -> None:
    assert client.text() == "just text"
    assert client.moved() == "/text"
    assert client.gone() is None
    assert client.raw() == b"\x00\x01"


def test_an_error_has_its_class_its_status_and_its_documented_body(
    client: Any, everything: Any
) -> None:
    with pytest.raises(everything.Conflict) as raised:
        client.send(parcel(everything, price=0))

    assert raised.value.status == 409
    assert raised.value.body == everything.Problem(detail="nothing is free")


def test_what_does_not_fit_says_why(client: Any, everything: Any) -> None:
    with pytest.raises(everything.ValidationFailed) as raised:
        client.send(parcel(everything, price="much"))

    (detail,) = raised.value.details
    assert detail["loc"][:2] == ["body", "price"]
    assert isinstance(raised.value, everything.ClientError)


def test_errors_of_the_server_and_of_streams_are_raised_too(client: Any, everything: Any) -> None:
    with pytest.raises(everything.ServerError) as broken:
        client.broken()
    with pytest.raises(everything.NotFound):
        next(client.file(size=-1))

    assert broken.value.body == {"detail": {"why": "tired"}}


def test_missing_credentials_are_unauthorized(everything: Any, server: str) -> None:
    with everything.Client(server) as client, pytest.raises(everything.Unauthorized):
        client.by_bearer()


def test_an_answer_that_is_not_what_was_promised_is_told(everything: Any) -> None:
    answers = httpx2.MockTransport(lambda request: httpx2.Response(200, json={"nonsense": 1}))

    with httpx2.Client(transport=answers) as http:
        client = everything.Client("http://shop.test", http=http)
        with pytest.raises(everything.UnexpectedAnswer):
            client.plant(everything.TreeInput(name="oak"))


def test_an_answer_that_does_not_come_in_time_is_an_error_of_httpx2(everything: Any) -> None:
    def slow(request: httpx2.Request) -> httpx2.Response:
        assert request.extensions["timeout"]["read"] == 0.5
        raise httpx2.ReadTimeout("too late", request=request)

    with httpx2.Client(transport=httpx2.MockTransport(slow)) as http:
        client = everything.Client("http://shop.test", timeout=0.5, http=http)
        with pytest.raises(httpx2.TimeoutException):
            client.text()


async def test_the_async_client_does_the_same(everything: Any, server: str) -> None:
    async with everything.AsyncClient(server, token="secret") as client:
        sent = parcel(everything)
        got = await client.send(sent)
        names = [tree.name async for tree in client.trees()]
        events = [event.data.name async for event in client.events(count=1)]
        pieces = [piece async for piece in client.file(size=2)]
        upload = everything.BodyUploadUploadPost(
            files=[everything.File(io.BytesIO(b"one"), "1.txt", "text/plain")], title="t"
        )

        assert got.id == NUMBER
        assert names == ["oak", "élm", "fir"]
        assert events == ["tree 0\nwith two lines"]
        assert b"".join(pieces) == b"abab"
        assert (await client.upload(upload))["files"] == [["1.txt", "text/plain", "one"]]
        assert await client.by_bearer() == "secret"
        with pytest.raises(everything.Conflict):
            await client.send(parcel(everything, price=0))
        with pytest.raises(everything.NotFound):
            await anext(client.file(size=-1))
