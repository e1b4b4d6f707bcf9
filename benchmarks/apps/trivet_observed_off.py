"""The small JSON request with the part for observation, with nothing on."""

from trivet import App
from trivet.observe import Observe

app = App()
app.use(Observe(health=None, metrics=None, queries=None))


@app.get("/hello")
async def hello() -> dict[str, str]:
    return {"message": "Hello, World!"}
