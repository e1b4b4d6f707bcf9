"""Rules for uploads: what is refused, with which status and place, and what is let through."""

# No `from __future__ import annotations`: rules in annotations are local names here.
import io
import zipfile
from typing import Annotated, Any

import pytest
from pydantic import BaseModel
from starlette.datastructures import Headers

from tests.storage.conftest import Make
from tests.storage.test_pixels import bomb
from trivet import App, File, Form, UploadFile
from trivet.errors import RequestValidationError, SetupError
from trivet.openapi.error_shape import PROBLEM_DETAILS
from trivet.storage import UploadRules
from trivet.testing import TestClient

IMAGES = UploadRules(types=["image/*", ".pdf"], max_size=50_000, max_count=2, max_pixels=10_000)
GIF = b"GIF89a\x01\0\x01\0\0\0\0"


def app_of(rules: UploadRules = IMAGES, **options: Any) -> TestClient:
    app = App(**options)

    @app.post("/one")
    async def one(photo: Annotated[UploadFile, rules]) -> int:
        return len(await photo.read())

    @app.post("/many")
    async def many(photos: Annotated[list[UploadFile], rules, File()]) -> int:
        return len(photos)

    @app.post("/maybe")
    async def maybe(photo: Annotated[UploadFile | None, rules] = None) -> bool:
        return photo is not None

    @app.post("/asked")
    async def asked(photo: UploadFile) -> int:
        await rules.check(photo, name="photo")
        return len(await photo.read())

    return TestClient(app)


def send(
    content: bytes,
    filename: str,
    claimed: str = "application/octet-stream",
    *,
    rules: UploadRules = IMAGES,
    path: str = "/one",
) -> tuple[int, Any]:
    answer = app_of(rules).post(path, files={"photo": (filename, content, claimed)})
    return answer.status_code, answer.json()


def kind_of_refusal(found: tuple[int, Any]) -> tuple[int, str]:
    (error,) = found[1]["detail"]
    assert error["loc"] == ["body", "photo"]
    return found[0], error["type"]


def uploaded(content: bytes, filename: str) -> UploadFile:
    return UploadFile(io.BytesIO(content), filename=filename, headers=Headers())


@pytest.mark.parametrize("path", ["/one", "/asked"])
def test_what_fits_is_let_through_and_read_from_its_start(path: str, picture: Make) -> None:
    png = picture()

    assert send(png, "a.png", "image/png", path=path) == (200, len(png))
    assert send(b"%PDF-1.7", "a.PDF", path=path) == (200, 8)


@pytest.mark.parametrize("path", ["/one", "/asked"])
def test_what_is_too_large_is_413(path: str) -> None:
    found = send(GIF + bytes(50_000), "a.gif", path=path)

    assert kind_of_refusal(found) == (413, "file_too_large")
    assert found[1]["detail"][0]["msg"] == "a.gif has 50013 bytes; at most 50000 are allowed"


@pytest.mark.parametrize("path", ["/one", "/asked"])
@pytest.mark.parametrize(
    ("content", "filename", "claimed", "reason"),
    [
        (b"text", "a.txt", "text/plain", "it is text/plain"),
        (b"<html>", "a.png", "image/png", "its content is text/html, which its name denies"),
        (GIF, "a.png", "image/png", "its content is image/gif, which its name denies"),
        (GIF, "a.gif", "image/png", "its content is image/gif, and it was sent as image/png"),
        (GIF, "a.gif", "text/html", "its content is image/gif, and it was sent as text/html"),
        (GIF, "a.gif.exe", "image/gif", "its content is image/gif, which its name denies"),
        (GIF, "gif", "image/gif", "its content is image/gif, which its name denies"),
        (b"MZ\x90\0\x03", "a.gif", "image/gif", "its content is of no type that is known"),
        (b"<svg/>", "a.svg", "image/svg+xml", "it is image/svg+xml"),
    ],
)
def test_another_type_is_415(
    path: str, content: bytes, filename: str, claimed: str, reason: str
) -> None:
    found = send(content, filename, claimed, path=path)

    assert kind_of_refusal(found) == (415, "file_type")
    assert f"{filename} is not allowed: {reason}; allowed are image/*, .pdf" in str(found[1])


def test_an_extension_allows_its_type_alone() -> None:
    rules = UploadRules(types=[".jpeg", ".docx"])

    assert send(b"\xff\xd8\xff", "a.jpg", rules=rules)[0] == 415
    assert kind_of_refusal(send(b"PK\x03\x04", "a.docx", rules=rules)) == (415, "file_type")


def test_an_office_file_is_known_by_what_is_in_it() -> None:
    file = io.BytesIO()
    with zipfile.ZipFile(file, "w") as archive:
        archive.writestr("[Content_Types].xml", "x")
        archive.writestr("media.bin", bytes(200_000))
        archive.writestr("word/document.xml", "x")

    assert send(file.getvalue(), "a.docx", rules=UploadRules(types=[".docx"]))[0] == 200


def test_an_empty_file_is_refused() -> None:
    assert kind_of_refusal(send(b"", "a.gif")) == (422, "file_empty")


@pytest.mark.parametrize("filename", ["a" * 256 + ".gif", "a\x01.gif"])
async def test_a_name_that_is_none_is_refused(filename: str) -> None:
    with pytest.raises(RequestValidationError) as found:
        await IMAGES.check(uploaded(GIF, filename))

    assert found.value.errors()[0]["type"] == "file_name"
    assert found.value.status_code == 422


def test_a_bomb_is_refused_by_its_header() -> None:
    found = send(bomb(60_000, 60_000), "a.png", "image/png")

    assert kind_of_refusal(found) == (422, "file_pixels")
    assert "60000 x 60000 pixels; at most 10000" in str(found[1])


def test_an_image_without_a_size_is_refused() -> None:
    assert kind_of_refusal(send(b"\x89PNG\r\n\x1a\nrest", "a.png")) == (422, "file_broken")
    assert kind_of_refusal(send(bomb(0, 9), "a.png")) == (422, "file_broken")


@pytest.mark.parametrize(
    ("rest", "found"),
    [
        (b"<script>alert(1)</script>", "markup of a page"),
        (bytes(20_000) + b"<?php system($_GET[0]); ?>", "markup of a page"),
        (b"\n<SVG onload=alert(1)>", "markup of a page"),
    ],
)
def test_an_image_that_is_a_page_too_is_refused(rest: bytes, found: str) -> None:
    refused = send(GIF + rest, "a.gif", "image/gif")

    assert kind_of_refusal(refused) == (422, "file_unsafe")
    assert f"a.gif is image/gif and has {found} in it" in str(refused[1])


def test_an_image_that_is_a_zip_file_too_is_refused(picture: Make) -> None:
    file = io.BytesIO(picture())
    with zipfile.ZipFile(file, "a") as archive:
        archive.writestr("a.class", "x")
        archive.comment = b"and a comment"

    refused = send(file.getvalue(), "a.png")

    assert kind_of_refusal(refused) == (422, "file_unsafe")
    assert "a zip file" in str(refused[1])


SVG = UploadRules(types=[".svg"])


def test_a_plain_svg_is_let_through_where_it_is_named() -> None:
    drawing = (
        b'<?xml version="1.0"?><svg xmlns="http://www.w3.org/2000/svg" version="1.1">'
        b'<style>.a{fill:red}</style><path class="a" d="M0 0"/></svg>'
    )

    assert send(drawing, "a.svg", "image/svg+xml", rules=SVG)[0] == 200


@pytest.mark.parametrize(
    "inside",
    [
        b"<script>alert(1)</script>", b"<s:script xmlns:s='x'/>", b"<SCRIPT/>",
        b"<a href='javascript:alert(1)'/>", b"<a href='java&#115;cript:alert(1)'/>",
        b"<rect onclick='x'/>", b"<rect\nonload = 'x'/>", b"<foreignObject/>",
        b"<image href='data:text/html,x'/>", b"<style>@import 'x'</style>",
        b"<set attributeName='href' to='x'/>",
    ],
)  # fmt: skip
def test_an_svg_that_does_something_is_refused(inside: bytes) -> None:
    found = send(b"<svg>" + inside + b"</svg>", "a.svg", rules=SVG)

    assert kind_of_refusal(found) == (422, "file_unsafe")


@pytest.mark.parametrize(
    "content",
    [
        b"<!DOCTYPE svg [<!ENTITY x 'y'>]><svg/>",
        b"<?xml version='1.0' encoding='utf-7'?><svg>" + b" " * 70_000 + b"\xff</svg>",
        b"<svg>" + b" " * 1_100_000 + b"</svg>",
    ],
)
def test_an_svg_that_cannot_be_looked_through_is_refused(content: bytes) -> None:
    assert kind_of_refusal(send(content, "a.svg", rules=SVG)) == (422, "file_unsafe")


def test_too_many_files_are_refused() -> None:
    files = [("photos", (f"{n}.gif", GIF, "image/gif")) for n in range(3)]

    answer = app_of().post("/many", files=files)

    assert answer.status_code == 422
    assert answer.json()["detail"][0]["msg"] == "3 files are too many; at most 2 are allowed"
    assert app_of().post("/many", files=files[:2]).json() == 2


def test_each_of_many_files_is_judged() -> None:
    files = [("photos", ("a.gif", GIF, "")), ("photos", ("b.gif", b"<html>", ""))]

    answer = app_of().post("/many", files=files)

    assert answer.status_code == 415
    assert answer.json()["detail"][0]["loc"] == ["body", "photos"]
    assert "b.gif" in answer.json()["detail"][0]["msg"]


def test_an_optional_file_may_be_left_out() -> None:
    client = app_of()

    assert client.post("/maybe").json() is False
    assert client.post("/maybe", files={"photo": ("a.gif", GIF)}).json() is True
    assert client.post("/maybe", files={"photo": ("a.gif", b"text")}).status_code == 415


def test_errors_of_two_kinds_are_422() -> None:
    app = App()

    @app.post("/")
    async def both(
        photo: Annotated[UploadFile, IMAGES], second: Annotated[UploadFile, IMAGES]
    ) -> None: ...

    files = {"photo": ("a.gif", b"text"), "second": ("b.gif", GIF + bytes(60_000))}
    answer = TestClient(app).post("/", files=files)

    assert answer.status_code == 422
    assert [one["type"] for one in answer.json()["detail"]] == ["file_type", "file_too_large"]


def test_errors_have_the_shape_of_the_application() -> None:
    client = app_of(error_shape=PROBLEM_DETAILS)

    answer = client.post("/one", files={"photo": ("a.gif", b"text")})

    assert (answer.status_code, answer.json()["status"]) == (415, 415)
    assert answer.json()["title"] == "Unsupported Media Type"
    assert answer.json()["errors"][0]["pointer"] == "#/photo"


def test_all_types_may_be_taken_and_bombs_are_still_refused() -> None:
    rules = UploadRules(types=["*/*"])

    assert send(b"MZ\x90\0\x03", "a.exe", rules=rules)[0] == 200
    assert send(GIF, "a.txt", rules=rules)[0] == 200
    assert kind_of_refusal(send(bomb(60_000, 60_000), "a.png", rules=rules))[1] == "file_pixels"


def test_the_document_shows_a_file_as_before() -> None:
    client = app_of()

    schemas = client.get("/openapi.json").json()["components"]["schemas"]

    assert schemas["Body_one_one_post"]["properties"]["photo"] == {
        "type": "string",
        "contentMediaType": "application/octet-stream",
        "title": "Photo",
    }


@pytest.mark.parametrize("given", ["image", ".exe", "application/x-own", "fonts/*", ""])
def test_a_type_that_no_content_is_known_by_is_an_error_at_once(given: str) -> None:
    with pytest.raises(SetupError) as found:
        UploadRules(types=[given])

    assert found.value.code == "storage.upload-type"
    assert repr(given) in str(found.value)


@pytest.mark.parametrize("kind", [bytes, str, list[bytes], bytes | None])
def test_a_rule_at_something_else_than_an_upload_is_an_error_at_once(kind: Any) -> None:
    with pytest.raises(SetupError) as found:

        @App().post("/")
        async def handler(photo: Annotated[kind, IMAGES, File()]) -> None: ...

    assert found.value.code == "storage.rule-place"


def test_a_rule_may_stand_in_a_model_of_a_form() -> None:
    class Profile(BaseModel):
        name: str
        photo: Annotated[UploadFile, IMAGES]

    app = App()

    @app.post("/")
    async def handler(profile: Annotated[Profile, Form()]) -> str | None:
        return profile.photo.filename

    client = TestClient(app)
    taken = client.post("/", data={"name": "Ann"}, files={"photo": ("a.gif", GIF)})
    refused = client.post("/", data={"name": "Ann"}, files={"photo": ("a.gif", b"text")})

    assert taken.json() == "a.gif"
    assert (refused.status_code, refused.json()["detail"][0]["loc"]) == (415, ["body", "photo"])
