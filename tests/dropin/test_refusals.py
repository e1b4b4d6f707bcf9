"""What the drop-in refuses, it refuses as FastAPI does."""

from __future__ import annotations

from trivet.dropin.fastapi import FastAPI
from trivet.testing import TestClient


def test_a_405_names_the_methods_of_the_first_route_of_its_path() -> None:
    app = FastAPI()

    @app.get("/items")
    def read() -> str:
        return "read"

    @app.post("/items")
    def write() -> str:
        return "written"

    assert TestClient(app).delete("/items").headers["allow"] == "GET"
