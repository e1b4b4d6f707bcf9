"""The pages show what happened, marked where it is too much, and nothing that is secret."""

from __future__ import annotations

from typing import Any

from tests.devtools.conftest import local, music
from trivet import App
from trivet.devtools import DevTools
from trivet.observe import Health, Observe
from trivet.testing import TestClient

SECRETS = ("not for you", "sesame", "hunter22")


def page_of(client: TestClient, method: str, path: str, **given: Any) -> str:
    """Ask for something, and give the page of that request."""
    answer = client.request(method, path, **given)
    return shown(client, answer.headers["x-trivet-request"])


def shown(client: TestClient, path: str) -> str:
    answer = client.get(path)
    assert answer.status_code == 200, answer.text
    assert not [one for one in SECRETS if one in answer.text]
    return answer.text


def test_the_start_page_leads_to_all_that_is_there(client: TestClient) -> None:
    page = shown(client, "/_dev")

    for path in ("/docs", "/redoc", "/openapi.json", "/_dev/requests", "/_dev/sent", "/_dev/loop"):
        assert f'href="{path}"' in page
    assert "Music" in page
    assert "devtools" in page


def test_requests_are_listed_the_newest_first(client: TestClient) -> None:
    client.get("/plain?first=1")
    client.get("/bands/2")
    client.get("/nowhere")

    page = shown(client, "/_dev/requests")

    assert page.index("/nowhere") < page.index("/bands/2") < page.index("/plain?first=1")
    assert "/bands/{id}" in page
    assert "no route" in page


def test_the_list_can_be_narrowed(client: TestClient) -> None:
    client.get("/plain")
    client.get("/nowhere")
    client.get("/songs")

    failed = shown(client, "/_dev/requests?only=failed")
    faults = shown(client, "/_dev/requests?only=faults")

    assert "/nowhere" in failed
    assert "<span>/plain</span>" not in failed
    assert "N+1: 4 queries" in faults
    assert "/nowhere" not in faults


def test_one_query_for_each_row_is_marked_with_place_and_mend(client: TestClient) -> None:
    page = page_of(client, "GET", "/songs", params={"limit": 4})

    assert "4 queries differ in their values alone at tests/devtools/conftest.py:" in page
    assert ".with_(Model.relation)" in page
    assert page.count(">N+1</span>") == 4


def test_a_request_shows_its_plan_and_what_came(client: TestClient) -> None:
    page = page_of(
        client,
        "GET",
        "/songs?limit=3&token=sesame",
        headers={"x-visitor": "ann", "authorization": "Bearer sesame", "cookie": "a=sesame"},
    )

    assert "query limit" in page
    assert "int, 10 where absent" in page
    assert "depends on visitor" in page
    assert "header x-visitor" in page
    assert "ann" in page
    assert "async def serve_songs(x)" in page
    assert "Bearer ••••••" in page


def test_a_body_and_its_query_hide_the_password(client: TestClient) -> None:
    page = page_of(client, "POST", "/bands", json={"name": "Trio", "password": "hunter22"})

    assert "Trio" in page
    assert "INSERT INTO dev_band" in page
    assert "password = <code>••••••" in page.replace('<span class="value">', "")
    assert "Jobs that were put in" in page


def test_explain_shows_the_databases_plan(client: TestClient) -> None:
    page = page_of(client, "GET", "/bands/2")
    link = page.split("data-explain")[0].rsplit('href="', 1)[1].split('"')[0]

    told = shown(client, link)

    assert "SEARCH dev_band USING INTEGER PRIMARY KEY" in told


def test_what_is_not_kept_is_not_found(client: TestClient) -> None:
    client.get("/plain")

    for path in ("/_dev/requests/99", "/_dev/requests/1/queries/1", "/_dev/requests/x"):
        assert client.get(path).status_code in (404, 422)


def test_an_exception_is_shown_with_its_frames(client: TestClient) -> None:
    page = page_of(client, "GET", "/boom")
    listed = shown(client, "/_dev/exceptions")

    for text in (page, listed):
        assert "LookupError" in text
        assert "no such thing, token=••••••" in text
        assert "raise " in text
        assert "conftest.py:" in text


def test_logs_lead_to_their_requests(client: TestClient) -> None:
    page = page_of(client, "GET", "/songs", headers={"x-visitor": "ann"})
    client.get("/plain")
    listed = shown(client, "/_dev/logs")

    assert "ann reads each band by itself, token=••••••" in page
    assert "on a thread" in listed
    assert 'href="/_dev/requests/2"' in listed


def test_a_cache_shows_its_look_ups(client: TestClient) -> None:
    page = page_of(client, "GET", "/kept")
    listed = shown(client, "/_dev/cache")

    assert "greeting" in page
    assert "1 of the last 1 look-ups were hits" in listed
    assert "GET /kept" in listed


def test_jobs_are_shown_where_they_were_put_in_and_where_they_ran(
    app: App, client: TestClient
) -> None:
    client.post("/bands", json={"name": "Trio", "password": "hunter22"})
    client.portal.call(app.state.jobs.run_pending)  # type: ignore[union-attr]

    page = shown(client, "/_dev/jobs")
    run = page.split('href="/_dev/requests/2"')[1]

    assert "greet" in run
    assert "POST /bands" in page
    assert "FROM dev_band" in shown(client, "/_dev/requests/2")


def test_mails_lead_to_the_inbox(client: TestClient) -> None:
    client.get("/letter")

    page = shown(client, "/_dev/sent")

    assert "MemoryTransport" in page
    assert "recipients: 1" in page
    assert 'href="/_dev/mail"' in page
    assert client.get("/_dev/mail").status_code == 200


def test_the_event_loop_is_measured(client: TestClient) -> None:
    assert "Delay" in shown(client, "/_dev/loop")


def test_a_page_that_has_nothing_new_is_not_sent_again(client: TestClient) -> None:
    client.get("/plain")
    stamp = shown(client, "/_dev/requests").split('data-live="')[1].split('"')[0]

    assert client.get(f"/_dev/requests?stamp={stamp}").status_code == 204

    client.get("/plain")
    assert client.get(f"/_dev/requests?stamp={stamp}").status_code == 200


def test_what_a_client_sends_is_text(client: TestClient) -> None:
    evil = "<script>alert(1)</script>"
    client.get("/nowhere/" + evil, params={evil: evil}, headers={"x-evil": evil})

    for path in ("/_dev", "/_dev/requests", "/_dev/requests/1"):
        assert evil not in shown(client, path)


def test_below_a_mount_links_begin_with_it() -> None:
    outer = App()
    outer.mount("/inner", music())

    page = local(outer).get("/inner/_dev").text

    assert 'href="/inner/_dev/requests"' in page
    assert 'href="/inner/docs"' in page


def test_the_start_page_leads_to_what_parts_show() -> None:
    app = App(debug=True)
    app.use(Observe(health=Health(ready="/is-ready"), metrics=None))
    app.use(DevTools())

    page = shown(local(app), "/_dev")

    assert 'href="/is-ready"' in page
    assert 'href="/metrics"' not in page
