"""A page with a form of five fields, and the same with errors: Trivet's forms and templates."""

from pathlib import Path
from typing import Annotated, Any, Literal

from pydantic import BaseModel, EmailStr, Field

from trivet import App, RedirectResponse, Request, Response
from trivet.forms import Form, Forms, Posted, Textarea
from trivet.security.csrf import CsrfGuard
from trivet.templates import Templates

app = App()
app.use(CsrfGuard())
templates = app.use(Templates(Path(__file__).with_name("templates")))
app.use(Forms())


class Booking(BaseModel):
    name: str = Field(max_length=80)
    email: EmailStr
    seats: int = Field(ge=1, le=10)
    meal: Literal["meat", "fish", "plants"]
    note: Annotated[str, Textarea()] = Field("", max_length=500)


@app.get("/hello")
async def hello() -> str:
    return "hello"


@app.get("/book")
@templates.page("book.html")
async def new_booking() -> dict[str, Any]:
    return {"form": Form(Booking, initial={"meal": "plants"})}


@app.post("/book")
async def book(request: Request, form: Posted[Booking]) -> Response:
    if not form.is_valid:
        return await templates.render("book.html", request=request, form=form)
    return RedirectResponse("/hello", status_code=303)
