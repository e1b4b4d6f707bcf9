"""BENCH_ROUTES routes, each with a parameter, served by Litestar."""

import os

from litestar import Litestar, get
from litestar.handlers import HTTPRouteHandler


def declare(section: int) -> HTTPRouteHandler:
    @get(f"/section{section}/{{item_id:int}}")
    async def read_item(item_id: int) -> dict[str, int]:
        return {"section": section, "item": item_id}

    return read_item


app = Litestar(
    [declare(number) for number in range(int(os.environ["BENCH_ROUTES"]))],
    openapi_config=None,
    logging_config=None,
)
