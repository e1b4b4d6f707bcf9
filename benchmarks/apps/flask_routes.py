"""BENCH_ROUTES routes, each with a parameter, served by Flask."""

import os

from flask import Flask

app = Flask(__name__)


def declare(section: int) -> None:
    @app.get(f"/section{section}/<int:item_id>", endpoint=f"section{section}")
    def read_item(item_id: int) -> dict[str, int]:
        return {"section": section, "item": item_id}


for number in range(int(os.environ["BENCH_ROUTES"])):
    declare(number)
