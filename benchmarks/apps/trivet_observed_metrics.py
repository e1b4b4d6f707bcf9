"""The small JSON request with the part for observation, with what it has by default."""

from trivet import App
from trivet.observe import Observe

app = App()
app.use(Observe())


@app.get("/hello")
async def hello() -> dict[str, str]:
    return {"message": "Hello, World!"}
