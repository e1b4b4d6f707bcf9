"""The list of orders in Trivet's admin, for a superuser by a session in the database."""

import os
from datetime import datetime
from enum import Enum

from trivet import App, Request
from trivet.admin import Admin, ModelAdmin
from trivet.auth import Auth
from trivet.db import Database, ForeignKey, Mapped, Model, Money, field, relationship

app = App()
db = app.use(Database(os.environ["BENCH_DATABASE"], pool_size=10))
auth = app.use(Auth(db))
admin = app.use(Admin())


class Status(Enum):
    new = "new"
    paid = "paid"
    sent = "sent"
    returned = "returned"


class Customer(Model):
    __tablename__ = "shop_customer"

    name: Mapped[str] = field(max_length=100)
    city: Mapped[str] = field(max_length=100)


class Product(Model):
    __tablename__ = "shop_product"

    name: Mapped[str] = field(max_length=100)
    description: Mapped[str]


class Warehouse(Model):
    __tablename__ = "shop_warehouse"

    name: Mapped[str] = field(max_length=100)
    address: Mapped[str]


class Order(Model):
    __tablename__ = "shop_order"

    number: Mapped[str] = field(max_length=20)
    status: Mapped[Status]
    amount: Mapped[Money]
    created: Mapped[datetime]
    note: Mapped[str]
    customer_id: Mapped[int] = field(ForeignKey(Customer.id), index=True)
    product_id: Mapped[int] = field(ForeignKey(Product.id), index=True)
    warehouse_id: Mapped[int] = field(ForeignKey(Warehouse.id), index=True)
    customer: Mapped[Customer] = relationship()
    product: Mapped[Product] = relationship()
    warehouse: Mapped[Warehouse] = relationship()


@admin.register(Order)
class OrderAdmin(ModelAdmin):
    columns = (
        *(Order.number, Order.status, Order.amount, Order.created, Order.note),
        *(Order.customer, Order.product, Order.warehouse),
    )
    search = ("^number",)
    filters = (Order.status,)
    order = "-created"


admin.add(Customer, Product, Warehouse)


@app.on_event("startup")
async def make_accounts() -> None:
    await db.create_tables()
    async with db.transaction():
        if await auth.accounts.by_email("ann@example.org") is None:
            await auth.accounts.make(email="ann@example.org", name="Ann", is_superuser=True)


@app.get("/hello")
async def hello() -> str:
    return "hello"


@app.post("/sign-in", status_code=204)
async def sign_in(request: Request) -> None:
    user = await auth.accounts.by_email("ann@example.org")
    await auth.signing_in.sign_in(request, user, factor="benchmark")
