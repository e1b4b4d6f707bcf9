"""BENCH_ROUTES routes, each with a parameter, served by FastAPI."""

import os

from fastapi import FastAPI

app = FastAPI()


def declare(section: int) -> None:
    @app.get(f"/section{section}/{{item_id}}")
    async def read_item(item_id: int) -> dict[str, int]:
        return {"section": section, "item": item_id}


for number in range(int(os.environ["BENCH_ROUTES"])):
    declare(number)
