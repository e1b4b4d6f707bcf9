"""What bombs are thrown at: each way in which an application reads forms and bodies.

Served by `trivet run`, in a process of its own whose memory can be read.
"""

from __future__ import annotations

from typing import Annotated, Any

from pydantic import BaseModel

from trivet import App, Body, File, Form, Request, UploadFile
from trivet.forms import Posted
from trivet.security.csrf import CsrfGuard

app = App()
guarded = App()
guarded.use(CsrfGuard())
app.mount("/guarded", guarded)


class Note(BaseModel):
    title: str
    tags: list[str] = []


@app.get("/well")
async def well() -> str:
    return "well"


@app.post("/form")
async def form(title: Annotated[str, Form()]) -> int:
    return len(title)


@app.post("/file")
async def file(file: Annotated[UploadFile, File()]) -> int | None:
    return file.size


@app.post("/files")
async def files(files: Annotated[list[UploadFile], File()]) -> int:
    return len(files)


@app.post("/own")
async def own(request: Request) -> int:
    async with request.form() as form:
        return len(form)


@app.post("/posted")
async def posted(form: Posted[Note]) -> str:
    return form.value.title


@app.post("/json")
async def json(data: Annotated[Any, Body()]) -> int:
    return len(data)


@app.post("/bytes")
async def whole(request: Request) -> dict[str, str]:
    return {"hex": (await request.body()).hex()}


@guarded.post("/form")
async def guarded_form(title: Annotated[str, Form()]) -> int:
    return len(title)
