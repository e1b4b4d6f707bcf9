"""What to do about errors that many people meet: a table from an exception to a sentence."""

from __future__ import annotations

import re
from collections.abc import Sequence

from trivet.app.debug_frames import Frame
from trivet.errors import ResponseValidationError, SetupError

__all__ = ["hint_for"]

# Names of exception classes, what their message says, and the hint; \1 is from the message.
_MISTAKES: tuple[tuple[tuple[str, ...], str, str], ...] = (
    (
        ("AttributeError", "TypeError", "PydanticSerializationError", "ValueError"),
        r"\bcoroutine\b",
        "A coroutine was used in place of its result: an `await` is missing before the call of an"
        " `async def` function. A handler that calls one must itself be `async def`.",
    ),
    (
        ("TypeError",),
        r"object (\S+) can't be used in 'await' expression|'(\S+)' object can't be awaited",
        "What is awaited is no coroutine: the function is a plain `def`, so call it without"
        " `await`. If it blocks, make the handler a plain `def` too: it then runs on a thread.",
    ),
    (
        ("RuntimeError",),
        r"asyncio\.run\(\) cannot be called|event loop is already running",
        "An event loop runs already, and this handler is called on it: write `await` in an"
        " `async def` handler in place of asyncio.run() or run_until_complete().",
    ),
    (
        ("RuntimeError",),
        r"no current event loop|no running event loop",
        "Plain `def` handlers run on worker threads, where there is no event loop: make the"
        " handler `async def`, or call back with anyio.from_thread.run(function).",
    ),
    (
        ("SynchronousOnlyOperation",),
        r"",
        "Django's models block, which it does not allow on the event loop: make the handler a"
        " plain `def`, which runs on a thread, or use the model's a… methods (aget, acreate …).",
    ),
    (
        ("ProgrammingError",),
        r"SQLite objects created in a thread",
        "An SQLite connection was opened on one thread and used on another: open it in the"
        " request, in a dependency with `yield`, with check_same_thread=False.",
    ),
    (
        ("PydanticSerializationError", "TypeError", "ValueError"),
        r"[Uu]nable to serialize unknown type|is not JSON|is not iterable.*must have __dict__",
        "This value cannot be written as JSON: return a dict, a Pydantic model or a dataclass, or"
        " declare the answer with a return annotation that says which fields it has.",
    ),
    (
        ("AttributeError", "TypeError"),
        r"'NoneType' object",
        "A value is None here: the look-up that gave it found nothing. Answer that case first:"
        ' `if value is None: raise HTTPException(404, "…")`.',
    ),
    (
        ("AssertionError",),
        r"SessionMiddleware must be installed",
        "Sessions are not on: from trivet.middleware.sessions import Sessions, then"
        " App(hooks=[Sessions(secrets=…)]).",
    ),
    (
        ("ModuleNotFoundError",),
        r"No module named '([\w.]+)'",
        r"Install the package that has the module `\1` into the environment that runs the server"
        r" (python -m pip install …), or look for a slip in its name.",
    ),
    (
        ("FileNotFoundError",),
        r"",
        "A relative path starts from the folder in which the server was started. Begin at the"
        " source file: Path(__file__).parent / …",
    ),
    (
        ("ConnectionRefusedError", "ConnectError", "OperationalError"),
        r"refused|[Cc]onnection attempts failed",
        "Nothing listens at the address that was called: is that service started, and are host"
        " and port right? In a container, 127.0.0.1 is the container itself.",
    ),
    (
        ("RecursionError",),
        r"",
        "A function calls itself without end, or the value that is returned contains itself.",
    ),
    (
        ("UnicodeDecodeError",),
        r"",
        "These bytes are no text in that encoding: read files with their own encoding, and keep"
        " uploads as bytes.",
    ),
)
# Clients that block, and would hold up every other request from an `async def` handler.
_BLOCKING = ("requests.", "urllib3.", "http.client.", "urllib.error.", "psycopg2.", "pymysql.")


def hint_for(error: BaseException, frames: Sequence[Frame]) -> str | None:
    """Give the sentence that mends an error, where one is known."""
    if isinstance(error, SetupError):
        return error.mend
    if isinstance(error, ResponseValidationError):
        return _of_response(error)
    if isinstance(error, KeyError) and any("environ" in frame.text for frame in frames[-2:]):
        return f"The environment has no variable {error}: set it before the server starts."
    kind = type(error)
    if f"{kind.__module__}.".startswith(_BLOCKING):
        return (
            "This client blocks. In an `async def` handler every other request waits for it: make"
            " the handler a plain `def`, which runs on a thread, or use an async client (httpx)."
        )
    names = {one.__name__ for one in kind.__mro__}
    message = str(error)
    for classes, pattern, hint in _MISTAKES:
        if names.isdisjoint(classes):
            continue
        found = re.search(pattern, message)
        if found is not None:
            return found.expand(hint) if found.groups() else hint
    return None


def _of_response(error: ResponseValidationError) -> str:
    value = error.body
    if hasattr(value, "__await__"):
        return (
            "The handler returned a coroutine: an `await` is missing, and the handler must be"
            " `async def`."
        )
    if isinstance(value, tuple) and len(value) in (2, 3) and isinstance(value[1], int):
        return (
            "A tuple is a list in JSON, not a body and a status: give the status in the decorator"
            " (status_code=201), or return JSONResponse(body, 201)."
        )
    if value is None:
        return (
            "The handler returned None where its annotation promises more: is a `return` missing?"
        )
    places = {".".join(str(part) for part in one["loc"][1:]) for one in error.errors()}
    where = ", ".join(sorted(places - {""})) or "the value itself"
    return (
        f"What the handler returned does not fit its return annotation or response_model ({where}):"
        " change one of the two."
    )
