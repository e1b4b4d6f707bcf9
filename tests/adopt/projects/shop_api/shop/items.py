from __future__ import annotations

from fastapi import (
    APIRouter,
    HTTPException,  # for what is not there
    status,
)
from fastapi.routing import APIRoute
from pydantic import BaseModel


class Item(BaseModel):
    name: str
    price: float = 0


class LoudRoute(APIRoute):
    pass


router = APIRouter(prefix="/items", tags=["items"], route_class=LoudRoute)
ITEMS = {1: Item(name="tea", price=4.5)}


@router.get("/{number}")
async def read_item(number: int) -> Item:
    if number not in ITEMS:
        raise HTTPException(status.HTTP_404_NOT_FOUND, "no such item")
    return ITEMS[number]


@router.post("/", status_code=201)
async def add_item(item: Item) -> Item:
    ITEMS[len(ITEMS) + 1] = item
    return item
