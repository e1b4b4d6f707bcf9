"""The smallest application, for start-up and memory."""

from trivet import App

app = App()


@app.get("/hello/{name}")
async def hello(name: str, times: int = 1) -> dict[str, str]:
    return {"message": "Hello " * times + name}
