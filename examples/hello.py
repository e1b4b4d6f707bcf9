"""The smallest application: a path, a type, an answer.

Run it and try it:

    trivet run examples/hello.py

    curl http://127.0.0.1:8000/hello/Ada

The documentation page is at http://127.0.0.1:8000/docs.
"""

from trivet import App

app = App()


@app.get("/hello/{name}")
async def hello(name: str) -> dict[str, str]:
    return {"message": f"Hello {name}"}
