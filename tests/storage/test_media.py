"""Media: signed links, what browsers may do with a file, and paths that climb."""

from __future__ import annotations

import time
from pathlib import Path
from typing import Any
from urllib.parse import quote

import anyio
import pytest
from hypothesis import given
from hypothesis import strategies as st

from tests.storage.conftest import SECRET, Make
from trivet import App
from trivet.errors import SetupError
from trivet.middleware.headers import SecureHeaders
from trivet.security.signing import Signer
from trivet.static import Static
from trivet.storage import FileRef, LocalStorage, Media, MemoryStorage, Storage
from trivet.storage.links import LinkRefused, Links
from trivet.testing import TestClient

OTHER = "another-secret-of-the-tests-9876543210-zyxw"


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    (tmp_path / "secret.txt").write_text("secret")
    return tmp_path / "media"


@pytest.fixture(params=["local", "memory"])
def storage(request: pytest.FixtureRequest, folder: Path) -> Storage:
    return LocalStorage(folder) if request.param == "local" else MemoryStorage()


def served(storage: Storage, **options: Any) -> tuple[Media, TestClient]:
    if not options.get("public"):
        options.setdefault("secrets", SECRET)
    app = App(root_path=options.pop("root_path", ""))
    media = app.use(Media(storage, **options))
    return media, TestClient(app)


def save(storage: Storage, content: bytes, filename: str) -> FileRef:
    async def saved() -> FileRef:
        return await storage.save(content, filename=filename)

    return anyio.run(saved)


def link(media: Media, file: FileRef | str, **options: Any) -> str:
    async def made() -> str:
        return await media.url(file, **options)

    return anyio.run(made)


def test_a_signed_link_gives_the_file(storage: Storage, picture: Make) -> None:
    media, client = served(storage)
    file = save(storage, picture(), "Größe.png")

    answer = client.get(link(media, file))

    assert (answer.status_code, answer.content) == (200, picture())
    headers = answer.headers
    assert headers["content-type"] == "image/png"
    assert headers["content-length"] == str(file.size)
    assert headers["content-disposition"] == "inline; filename*=UTF-8''Gr%C3%B6%C3%9Fe.png"
    assert headers["x-content-type-options"] == "nosniff"
    assert headers["content-security-policy"] == "default-src 'none'; sandbox"
    assert headers["referrer-policy"] == "no-referrer"
    # As long as the link is good, less what has passed since: a minute at most, on any machine.
    kept, _, left = headers["cache-control"].partition("max-age=")
    assert kept == "private, "
    assert 3540 <= int(left) <= 3600


@pytest.mark.parametrize("change", ["", "?token=", "?token=abc", "?token=abc&token=def"])
def test_without_a_token_of_ours_nothing_is_given(storage: Storage, change: str) -> None:
    media, client = served(storage)
    file = save(storage, b"text", "a.txt")
    path = link(media, file).partition("?")[0]

    there, nowhere = client.get(path + change), client.get("/media/nowhere.txt" + change)

    assert (there.status_code, there.json()) == (403, {"detail": "This link is not valid"}) or (
        there.json() == {"detail": "This token is not valid"}
    )
    assert (there.status_code, there.json()) == (nowhere.status_code, nowhere.json())


def test_a_token_is_for_one_file_alone(storage: Storage) -> None:
    media, client = served(storage)
    one, two = save(storage, b"one", "1.txt"), save(storage, b"two", "2.txt")

    token = link(media, one).partition("?")[2]

    assert client.get(f"/media/{two.name}?{token}").status_code == 403


def test_tokens_of_other_secrets_and_purposes_are_refused(storage: Storage) -> None:
    _, client = served(storage)
    name = save(storage, b"text", "a.txt").name
    payload = [name, int(time.time()) + 100, None, True]

    for signer in (Signer(OTHER, purpose="media"), Signer(SECRET, purpose="reset")):
        assert client.get(f"/media/{name}?token={signer.sign(payload)}").status_code == 403
    good = Signer(SECRET, purpose="media").sign(payload)
    assert client.get(f"/media/{name}?token={good}").status_code == 200
    assert client.get(f"/media/{name}?token={good[:-1]}").status_code == 403


def test_an_old_secret_still_verifies(storage: Storage) -> None:
    name = save(storage, b"text", "a.txt").name
    old = Links("/media", SECRET).url(name, expires=100)

    _, client = served(storage, secrets=[OTHER, SECRET])

    assert client.get(old).status_code == 200


def test_a_link_ends(storage: Storage, monkeypatch: pytest.MonkeyPatch) -> None:
    media, client = served(storage)
    found = link(media, save(storage, b"text", "a.txt"), expires=60)
    now = time.time()

    monkeypatch.setattr("trivet.storage.links.time.time", lambda: now + 61)

    answer = client.get(found)
    assert (answer.status_code, answer.json()) == (403, {"detail": "This link has expired"})


def test_a_link_may_say_that_a_file_is_saved(storage: Storage) -> None:
    media, client = served(storage)
    file = save(storage, b"text", "a.txt")

    found = link(media, file, inline=False)

    assert client.get(found).headers["content-disposition"] == 'attachment; filename="a.txt"'


@pytest.mark.parametrize(
    ("content", "filename", "content_type"),
    [
        (b"<html><script>alert(1)</script>", "a.html", "text/html; charset=utf-8"),
        (b"<html><script>alert(1)</script>", "a.png", "text/html; charset=utf-8"),
        (b"<svg onload='alert(1)'/>", "a.svg", "image/svg+xml"),
        (b"<?xml version='1.0'?><a/>", "a.xml", "application/xml"),
        (b"%PDF-1.7", "a.pdf", "application/pdf"),
        (b"\0\1\2", "a.html", "application/octet-stream"),
    ],
)
def test_what_can_carry_scripts_is_saved_and_never_shown(
    storage: Storage, content: bytes, filename: str, content_type: str
) -> None:
    media, client = served(storage, inline={"text/html", "image/svg+xml", "application/xml"})
    file = save(storage, content, filename)

    answer = client.get(link(media, file))

    assert answer.headers["content-type"] == content_type
    assert answer.headers["content-disposition"].startswith("attachment")
    assert "sandbox" in answer.headers["content-security-policy"]


def test_a_name_cannot_break_out_of_its_header(storage: Storage) -> None:
    media, client = served(storage)
    name = save(storage, b"text", "a.txt").name

    file = FileRef(name=name, size=4, filename='a"; x="\r\nSet-Cookie: a=b\u202e.txt')

    answer = client.get(link(media, file))
    assert answer.headers["content-disposition"] == (
        "inline; filename*=UTF-8''a%22%3B%20x%3D%22Set-Cookie%3A%20a%3Db.txt"
    )
    assert "set-cookie" not in answer.headers


def test_public_files_need_no_token_and_may_be_kept(storage: Storage) -> None:
    media, client = served(storage, public=True, max_age=60)
    file = save(storage, b"text", "a.txt")

    answer = client.get(link(media, file))

    assert link(media, file) == f"/media/{file.name}"
    assert (answer.text, answer.headers["cache-control"]) == ("text", "public, max-age=60")
    assert answer.headers["referrer-policy"] != "no-referrer"


def test_an_unchanged_file_is_not_sent_again(storage: Storage) -> None:
    media, client = served(storage, public=True)
    path = link(media, save(storage, b"text", "a.txt"))
    etag = client.get(path).headers["etag"]

    again = client.get(path, headers={"if-none-match": etag})

    assert (again.status_code, again.content) == (304, b"")
    assert again.headers["etag"] == etag
    assert client.get(path, headers={"if-match": '"other"'}).status_code == 412


def test_head_tells_of_the_file_without_it(storage: Storage) -> None:
    media, client = served(storage)

    answer = client.head(link(media, save(storage, b"text", "a.txt")))

    assert (answer.status_code, answer.content) == (200, b"")
    assert answer.headers["content-length"] == "4"


def test_ranges_of_a_folder_s_files_are_served(folder: Path) -> None:
    storage = LocalStorage(folder)
    media, client = served(storage)
    found = link(media, save(storage, b"0123456789", "a.txt"))

    answer = client.get(found, headers={"range": "bytes=2-4"})

    assert (answer.status_code, answer.content) == (206, b"234")
    assert answer.headers["content-range"] == "bytes 2-4/10"
    assert answer.headers["x-content-type-options"] == "nosniff"
    assert client.get(found, headers={"range": "bytes=20-"}).status_code == 416


def test_a_file_that_was_deleted_is_404_behind_a_good_link(storage: Storage) -> None:
    media, client = served(storage)

    answer = client.get(link(media, "2026/01/gone.txt"))

    assert (answer.status_code, answer.json()) == (404, {"detail": "There is no such file"})


def test_links_begin_where_the_application_is_mounted(storage: Storage) -> None:
    media, _ = served(storage, root_path="/shop", path="files", public=True)

    assert link(media, "a b/ü.txt") == "/shop/files/a%20b/%C3%BC.txt"


CLIMBING = [
    "../secret.txt", "..%2fsecret.txt", "%2e%2e/secret.txt", "%2e%2e%2fsecret.txt",
    "%252e%252e%252fsecret.txt", "..%5csecret.txt", "..%255csecret.txt", "a/../../secret.txt",
    "a%2f..%2f..%2fsecret.txt", "%2fetc%2fpasswd", "/etc/passwd", "//etc/passwd",
    "..%c0%afsecret.txt", "..%00/secret.txt", "secret.txt%00.png",
    "C:%5csecret.txt", "C:/secret.txt",
    "%5c%5cserver%5cshare", "//server/share", "out/secret.txt", "out%2fsecret.txt", "link.txt",
    ".%2f.%2f..%2fsecret.txt", "....//secret.txt", "..;/secret.txt", "%uff0e%uff0e/secret.txt",
    "NUL", "con.txt", "a.txt::$DATA", ".hidden", "a/.hidden", "%2ehidden",
]  # fmt: skip


@pytest.mark.parametrize("path", CLIMBING)
@pytest.mark.parametrize("public", [True, False])
def test_no_path_leads_out_of_the_folder(folder: Path, path: str, public: bool) -> None:
    storage = LocalStorage(folder)
    save(storage, b"text", "a.txt")
    (folder / "out").symlink_to(folder.parent)
    (folder / "link.txt").symlink_to(folder.parent / "secret.txt")
    (folder / ".hidden").write_text("secret")
    _, client = served(storage, public=public)

    answer = client.get("/media/" + path, follow_redirects=False)

    assert answer.status_code in ({400, 404} if public else {400, 403, 404})
    assert "secret" not in answer.text.replace("/secret", "")


@given(st.text(max_size=40))
def test_no_text_as_a_path_gives_anything_but_a_clear_refusal(text: str) -> None:
    storage = MemoryStorage()
    _, client = served(storage, public=True)

    try:
        path = "/media/" + quote(text, safe="/")
    except UnicodeEncodeError:
        return
    assert client.get(path, follow_redirects=False).status_code in {400, 404, 307}


def test_nobody_looks_for_a_file_behind_a_bad_link(
    folder: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    storage = LocalStorage(folder)
    _, client = served(storage)
    looked: list[str] = []

    def find(self: LocalStorage, name: str) -> Any:
        looked.append(name)
        raise AssertionError

    monkeypatch.setattr(LocalStorage, "find", find)

    assert client.get("/media/a.txt?token=x").status_code == 403
    assert looked == []


@pytest.mark.parametrize("options", [{}, {"secrets": SECRET, "public": True}])
def test_one_of_signed_and_public_is_said(options: dict[str, Any]) -> None:
    with pytest.raises(SetupError) as found:
        Media(MemoryStorage(), **options)

    assert found.value.code == "storage.signed-or-public"


def test_a_weak_secret_is_an_error_at_once() -> None:
    with pytest.raises(SetupError) as found:
        Media(MemoryStorage(), secrets="short")

    assert found.value.code == "security.weak-secret"


def codes_of(media: Media, app: App) -> list[str]:
    return [one.code for one in media.checks(app)]


def test_memory_is_warned_of_outside_of_debug(folder: Path) -> None:
    kept = Media(MemoryStorage(), public=True)

    assert codes_of(kept, App()) == ["storage.in-memory"]
    assert codes_of(kept, App(debug=True)) == []
    assert codes_of(Media(LocalStorage(folder), public=True), App()) == []


def test_a_folder_within_a_static_one_is_told_of(tmp_path: Path) -> None:
    (tmp_path / "static").mkdir()
    app = App()
    app.use(Static(tmp_path / "static"))

    inside = Media(LocalStorage(tmp_path / "static" / "media"), public=True)
    beside = Media(LocalStorage(tmp_path / "static-media"), public=True)

    assert codes_of(inside, app) == ["storage.in-static"]
    assert codes_of(beside, app) == []


def test_several_are_served_side_by_side() -> None:
    private, public = MemoryStorage(), MemoryStorage()
    app = App()
    app.use(Media(private, secrets=SECRET))
    app.use(Media(public, "/files", public=True))
    name = save(public, b"for all", "a.txt").name
    client = TestClient(app)

    assert client.get(f"/files/{name}").text == "for all"
    assert client.get(f"/media/{name}").status_code == 403


def test_the_policy_of_the_site_does_not_take_the_sandbox_s_place() -> None:
    storage = MemoryStorage()
    app = App(hooks=[SecureHeaders(content_security_policy="default-src 'self'")])
    app.use(Media(storage, public=True))
    name = save(storage, b"<html>", "a.html").name

    headers = TestClient(app).get(f"/media/{name}").headers

    assert headers.get_list("content-security-policy") == ["default-src 'none'; sandbox"]
    assert headers.get_list("x-content-type-options") == ["nosniff"]


def test_secrets_are_nowhere_to_be_seen() -> None:
    media = Media(MemoryStorage(), secrets=SECRET)

    assert SECRET not in f"{media!r}{media.storage!r}{vars(media)}{vars(media._links)}"


@given(st.text(max_size=30), st.text(max_size=30))
def test_a_token_counts_for_its_name_alone(name: str, other: str) -> None:
    links = Links("/media", SECRET)
    try:
        token = links.url(name, expires=60).rpartition("=")[2]
    except UnicodeEncodeError:
        return  # no name of a file, which the storage says before

    assert links.read(name, token).inline
    if other != name:
        with pytest.raises(LinkRefused):
            links.read(other, token)
