"""A shop of which some routes are tools."""

from __future__ import annotations

from typing import Annotated, Literal

from pydantic import BaseModel, Field

from trivet import App, Depends, Header, HTTPException, Query, Request
from trivet.ai import tool
from trivet.security import HTTPAuthorizationCredentials, HTTPBearer

bearer = HTTPBearer()
KEY = {"authorization": "Bearer good"}


async def seller(given: Annotated[HTTPAuthorizationCredentials, Depends(bearer)]) -> str:
    if given.credentials != "good":
        raise HTTPException(403, "Only sellers may")
    return "ann"


class Record(BaseModel):
    title: str = Field(min_length=1)
    price: float = Field(gt=0, description="In euros")


class Stored(Record):
    number: int


def make_shop() -> App:
    app = App(title="Records")
    app.state.asked = []

    @app.get("/records/best")
    async def best() -> str:
        return "no tool"

    @app.get("/records/{number}")
    @tool
    async def read_record(
        number: Annotated[int | Literal["newest"], "a number"], request: Request
    ) -> Stored:
        """Read one record."""
        app.state.asked.append(dict(request.headers))
        if number == 404:
            raise HTTPException(404, "There is no such record")
        return Stored(title="Aja", price=12.5, number=0 if number == "newest" else number)

    @app.get("/records")
    @tool
    async def list_records(
        words: Annotated[list[str] | None, Query(description="All of these")] = None,
        cheap: bool = False,
        x_mood: Annotated[str, Header()] = "calm",
    ) -> list[str]:
        """List titles."""
        return [*(words or []), str(cheap), x_mood]

    @app.post("/records", status_code=201)
    @tool(name="add_record", description="Put a record in.")
    async def add(record: Record, seller: Annotated[str, Depends(seller)]) -> Stored:
        return Stored(title=f"{record.title} by {seller}", price=record.price, number=1)

    @app.delete("/records/{number}", status_code=204, dependencies=[Depends(seller)])
    @tool
    async def remove_record(number: int) -> None: ...

    @app.get("/broken")
    @tool
    async def broken() -> str:
        raise RuntimeError("secret words")

    return app
