"""The cases in Django with only its common middleware, with orjson and Pydantic for the body."""

import orjson
from django.conf import settings
from django.core.wsgi import get_wsgi_application
from django.http import HttpRequest, HttpResponse
from django.urls import path
from pydantic import BaseModel, Field, ValidationError

settings.configure(
    ALLOWED_HOSTS=["127.0.0.1"],
    DEBUG=False,
    MIDDLEWARE=["django.middleware.common.CommonMiddleware"],
    ROOT_URLCONF=__name__,
    SECRET_KEY="only for measuring",
)


class Item(BaseModel):
    name: str = Field(min_length=2, max_length=100)
    price: float = Field(gt=0)
    quantity: int = Field(ge=1, le=1000)
    tags: list[str] = []


class PricedItem(BaseModel):
    id: int
    name: str
    price: float
    quantity: int
    tags: list[str]
    total: float


def hello(request: HttpRequest) -> HttpResponse:
    body = orjson.dumps({"message": "Hello, World!"})
    return HttpResponse(body, content_type="application/json")


def price_item(request: HttpRequest, item_id: int) -> HttpResponse:
    try:
        item = Item.model_validate_json(request.body)
    except ValidationError as error:
        return HttpResponse(error.json(), status=422, content_type="application/json")
    priced = PricedItem(
        id=item_id,
        name=item.name,
        price=item.price,
        quantity=item.quantity,
        tags=item.tags,
        total=item.price * item.quantity,
    )
    return HttpResponse(priced.model_dump_json(), status=201, content_type="application/json")


urlpatterns = [
    path("hello", hello),
    path("sync", hello),
    path("items/<int:item_id>", price_item),
]
app = get_wsgi_application()
