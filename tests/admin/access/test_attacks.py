"""What somebody tries who may do some things: rows of others, and fields that are not theirs.

The matrix asks every page for every row; here rows and fields stand in what is sent.
"""

from __future__ import annotations

import json
from typing import Any
from urllib.parse import urlsplit

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from tests.admin.access.site import PRICE, ROWS, SECRET, Matrix
from tests.admin.access.test_matrix import LINES, routes_of
from tests.admin.acting.store import hidden
from tests.admin.forms.press import Desk

OTHERS = ("other", "denied", "absent")
EVIL_SITES = ("https://evil.example/", "//evil.example", "/\\evil.example", "javascript:alert(1)")


def keys_of(*rows: str) -> list[str]:
    return [str(ROWS[one]) for one in rows]


# -- rows of others, by their keys ----------------------------------------------------------------


@pytest.mark.parametrize("sent", [{"key": keys_of("own", *OTHERS)}, {"all": "1"}], ids=str)
async def test_an_action_reaches_no_row_of_others(matrix: Matrix, sent: dict[str, Any]) -> None:
    client = matrix.browsers["owner"]
    before = await matrix.rows()

    page = await client.post("/admin/adm-artist/", data={"action": "delete", **sent})
    done = await client.post(
        "/admin/adm-artist/action", data={"action": "delete", "confirmed": "yes", **sent}
    )

    after = await matrix.rows()
    await matrix.restore()
    for row in before["adm_artist"]:
        assert row in after["adm_artist"] or row["id"] == ROWS["own"]
    for answer in (page, done):
        assert "mark-other" not in answer.text
        assert "mark-denied" not in answer.text


@pytest.mark.parametrize("ending", ["csv", "json", "jsonl"])
@pytest.mark.parametrize("more", ["", "&all=1", "&f.id=3", "&key=3&key=2", "&q=denied", "&trash=1"])
async def test_an_export_has_no_row_and_no_column_that_is_not_seen(
    matrix: Matrix, ending: str, more: str
) -> None:
    client = matrix.browsers["editor"]

    for model in ("adm-artist", "adm-record", "adm-track"):
        answer = await client.get(f"/admin/{model}/export?as={ending}{more}")

        assert "mark-denied" not in answer.text
        assert SECRET not in answer.text
        assert str(PRICE) not in answer.text


async def test_pickers_and_the_palette_offer_nothing_that_is_not_seen(matrix: Matrix) -> None:
    editor, owner = matrix.browsers["editor"], matrix.browsers["owner"]
    asked = [f"/admin/{one}/pick?q={{}}" for one in ("adm-artist", "adm-record", "adm-track")]
    asked += ["/admin/adm-record/pick?of=artist&q={}", "/admin/palette?q={}"]

    for path in asked:
        for text in ("mark", "denied", "3", SECRET, "other"):
            found = await editor.get(path.format(text))
            owners = await owner.get(path.format(text))
            assert "mark-denied" not in found.text, path
            assert "mark-other" not in owners.text, path


async def test_a_file_that_is_imported_changes_no_row_of_others(matrix: Matrix) -> None:
    client = matrix.browsers["editor"]
    before = await matrix.rows()
    content = b"id,name\n3,Taken\n"

    matched = await client.post("/admin/adm-artist/import", files={"file": ("x.csv", content)})
    assert matched.status_code == 200
    data = dict(hidden(matched.text)) | {"by": "id", "column-0": "id", "column-1": "name"}
    tried = await client.post("/admin/adm-artist/import", data=data)
    done = await client.post("/admin/adm-artist/import", data=data | {"confirmed": "yes"})

    after = await matrix.rows()
    await matrix.restore()
    denied = [row for row in before["adm_artist"] if row["id"] == ROWS["denied"]]
    assert [row for row in after["adm_artist"] if row["id"] == ROWS["denied"]] == denied
    assert "mark-denied" not in matched.text + tried.text + done.text


@settings(
    max_examples=6, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture]
)
@given(
    key=st.sampled_from([*keys_of("other", "denied", "absent"), "", "-1", "1e3", "0x3", "3 "]),
    index=st.sampled_from(["0", "1", "7"]),
)
async def test_rows_inside_of_a_form_are_its_own_or_none(
    matrix: Matrix, key: str, index: str
) -> None:
    """Whatever key a line of an inline claims to have, rows of other parents stay as they are."""
    client = matrix.browsers["editor"]
    before = await matrix.rows()
    desk = await Desk(client, f"/admin/adm-record/{ROWS['own']}").open()

    await desk.send(
        None,
        **{
            f"tracks-{index}-id": key,
            f"tracks-{index}-key": key,
            f"tracks-{index}-title": "Taken",
            f"tracks-{index}-number": "5",
            f"tracks-{index}-delete": "1",
        },
    )

    after = await matrix.rows()
    if after != before:
        await matrix.restore()
    foreign = [row for row in before["adm_track"] if row["record_id"] != ROWS["own"]]
    assert [row for row in after["adm_track"] if row["record_id"] != ROWS["own"]] == foreign


# -- fields that are not theirs -------------------------------------------------------------------

FIELDS = st.sampled_from(
    [
        "id", "key", "secret", "price", "created", "artist_id", "deleted", "version", "tenant",
        "tenant_id", "owner_id", "owner", "is_superuser", "__class__", "_sa_instance_state",
        "metadata", "tracks", "tracks-0-record_id", "tracks-0-record", "artist-id", "artist.name",
        "artist-name", "record.secret",
    ]
)  # fmt: skip
VALUES = st.sampled_from(["1", "2", "3", "99", "taken", "0.01", "2001-01-01", "true", "", "null"])


@settings(
    max_examples=12, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture]
)
@given(sent=st.dictionaries(FIELDS, VALUES, min_size=1, max_size=6))
async def test_only_fields_of_the_form_that_one_may_change_are_stored(
    matrix: Matrix, sent: dict[str, str]
) -> None:
    """Of any mixture of other fields, none changes a row, here or elsewhere."""
    client = matrix.browsers["editor"]
    before = await matrix.rows()
    desk = await Desk(client, f"/admin/adm-record/{ROWS['own']}").open()

    answer = await desk.send(None, **sent)

    assert answer.status_code in (303, 422), answer.text
    after = await matrix.rows()
    assert after == before, sent


@pytest.mark.parametrize("row", ["denied", "absent"])
async def test_a_row_refers_to_none_that_is_not_seen(matrix: Matrix, row: str) -> None:
    client = matrix.browsers["editor"]
    before = await matrix.rows()

    for path, name in (("adm-track", "record"), ("adm-record", "artist")):
        desk = await Desk(client, f"/admin/{path}/{ROWS['own']}").open()
        answer = await desk.send(None, **{name: str(ROWS[row])})
        assert answer.status_code == 422
        assert "mark-denied" not in answer.text

    assert await matrix.rows() == before


# -- where one is sent ----------------------------------------------------------------------------


@pytest.mark.parametrize("target", EVIL_SITES)
async def test_nobody_is_sent_to_another_site(matrix: Matrix, target: str) -> None:
    """Whatever an address or a form says of where to go next, it is on this site."""
    root = matrix.browsers["root"]
    said = dict.fromkeys(
        ["next", "back", "return", "return_to", "redirect", "url", "to", "continue", "from"], target
    )

    for line in LINES:
        if (line.method, line.path) not in routes_of(matrix) or "/delete" in line.path:
            continue
        path = line.path.format(model="adm-artist", key="1", field="name", change="1")
        data = {**said, "_next": target} if line.method == "POST" else None
        answer = await root.request(line.method, f"/admin{path}", params=said, data=data)
        location = answer.headers.get("location", "")
        where = urlsplit(location)
        assert where.netloc in ("", "shop.test"), f"{path}: {location}"
        assert location.startswith("/") or not location, f"{path}: {location}"
        assert not location.startswith(("//", "/\\")), f"{path}: {location}"
        assert f'href="{target}' not in answer.text, path
        assert f'action="{target}' not in answer.text, path
    await matrix.restore()


async def test_a_palette_has_addresses_of_this_site_alone(matrix: Matrix) -> None:
    found = json.loads((await matrix.browsers["root"].get("/admin/palette?q=a")).text)

    assert found
    assert all(one["url"].startswith("/admin/") for one in found)
