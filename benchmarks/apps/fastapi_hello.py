"""FastAPI's equivalent of examples/hello.py."""

from fastapi import FastAPI

app = FastAPI()


@app.get("/hello/{name}")
async def hello(name: str, times: int = 1) -> dict[str, str]:
    return {"message": "Hello " * times + name}
