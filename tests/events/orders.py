"""Events of a shop, in each way of writing a class, and a table that subscribers write to."""

from __future__ import annotations

from dataclasses import dataclass

import msgspec
from pydantic import BaseModel

from trivet.db import Mapped, Model, field


class Shop(Model, apart=True):
    """What the shop keeps."""


class Note(Shop):
    text: Mapped[str] = field(max_length=100)


@dataclass(frozen=True)
class OrderPlaced:
    id: int
    total: float = 0.0


@dataclass(frozen=True)
class LargeOrderPlaced(OrderPlaced):
    reason: str = ""


class StockTaken(BaseModel):
    order: int


class Shipped(msgspec.Struct):
    order: int
