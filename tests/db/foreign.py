"""Models of a program that was written for SQLAlchemy alone."""

from __future__ import annotations

import datetime

from sqlalchemy import Column, DateTime, ForeignKey, Integer, String, func
from sqlalchemy.orm import DeclarativeBase, Mapped, declarative_base, mapped_column, relationship


class Base(DeclarativeBase):
    pass


class Customer(Base):
    """Somebody who buys."""

    __tablename__ = "customers"

    id: Mapped[int] = mapped_column(primary_key=True)
    name: Mapped[str] = mapped_column(String(50))
    since: Mapped[datetime.datetime] = mapped_column(DateTime(), server_default=func.now())
    orders: Mapped[list[Order]] = relationship(back_populates="customer")


class Order(Base):
    __tablename__ = "orders"

    id: Mapped[int] = mapped_column(primary_key=True)
    what: Mapped[str | None] = mapped_column(String(50))
    customer_id: Mapped[int] = mapped_column(ForeignKey("customers.id"))
    customer: Mapped[Customer] = relationship(back_populates="orders")


OldBase = declarative_base(metadata=Base.metadata)


class Wish(OldBase):  # type: ignore[valid-type,misc]
    """As one wrote it before annotations."""

    __tablename__ = "wishes"

    id = Column(Integer, primary_key=True)
    text = Column(String(50), nullable=False)
    strength = Column(Integer, default=1)
