"""Import applications and ask them; a line of JSON for each. Started by `adopted.py`.

    python conformance/asking.py fastapi|trivet FOLDER < jobs.json

A job has the name of a module and the requests that are to be sent; where they are null they are
made from the application's own document: one that fits each operation, and some that do not. Each
application is in a process of its own, forked from one that has imported the framework.
"""

from __future__ import annotations

import importlib
import json
import os
import signal
import sys
import tempfile
import warnings
from typing import Any
from urllib.parse import quote, urlencode

FORM = "application/x-www-form-urlencoded"
# What apps of the documentation ask for before they start.
ENVIRONMENT = {"ADMIN_EMAIL": "admin@example.org", "PYTHONDONTWRITEBYTECODE": "1"}
SECONDS = 60  # for one application


def main() -> None:
    """Do what the file's first lines say."""
    kind, folder = sys.argv[1:]
    sys.path.insert(0, folder)
    os.environ.update(ENVIRONMENT)
    warnings.simplefilter("ignore")
    if kind == "trivet":
        importlib.import_module("trivet.dropin.fastapi").install()
        importlib.import_module("trivet.testing")
    importlib.import_module("fastapi.testclient")
    for job in json.load(sys.stdin):
        sys.stdout.write(_in_a_process(job) + "\n")
        sys.stdout.flush()


def _in_a_process(job: dict[str, Any]) -> str:
    reading, writing = os.pipe()
    child = os.fork()
    if child == 0:
        os.close(reading)
        signal.alarm(SECONDS)
        nowhere = os.open(os.devnull, os.O_WRONLY)
        os.dup2(nowhere, 1)
        os.dup2(nowhere, 2)
        with tempfile.TemporaryDirectory() as place, os.fdopen(writing, "w") as answer:
            os.chdir(place)
            for needed in ("static", "templates"):
                os.makedirs(needed)
            answer.write(json.dumps(_result(job)))
        os._exit(0)
    os.close(writing)
    with os.fdopen(reading) as answer:
        found = answer.read()
    os.waitpid(child, 0)
    return found or json.dumps({"failed": f"no answer within {SECONDS} s"})


def _result(job: dict[str, Any]) -> dict[str, Any]:
    try:
        return _asked(importlib.import_module(job["name"]), job["requests"])
    except Exception as error:
        return {"failed": f"{type(error).__name__}: {error}".splitlines()[0]}


def _asked(module: Any, requests: Any) -> dict[str, Any]:
    from starlette.testclient import TestClient

    app = next(
        one for one in [getattr(module, "app", None), *vars(module).values()]
        if hasattr(one, "openapi") and hasattr(one, "router")
    )  # fmt: skip
    document = app.openapi() if app.openapi_url else {}
    document = json.loads(json.dumps(document))
    made = requests if requests is not None else _requests(document)
    answers = []
    with TestClient(app, raise_server_exceptions=False, follow_redirects=False) as client:
        if app.openapi_url:
            document = client.get(app.openapi_url).json()
        for one in made:
            answer = client.request(
                one["method"], one["url"], headers=one["headers"],
                content=one["body"].encode() if one["body"] is not None else None,
            )  # fmt: skip
            answers.append(_told(answer))
    return {"document": document, "requests": made, "answers": answers}


def _told(answer: Any) -> dict[str, Any]:
    kind = answer.headers.get("content-type", "")
    try:
        body = answer.json() if "json" in kind else answer.text
    except ValueError:
        body = answer.text
    names = ("content-type", "location", "www-authenticate", "allow", "set-cookie")
    headers = {name: answer.headers.get(name) for name in names}
    # HEAD apart, which Trivet answers wherever GET is: a difference that the documentation tells.
    allowed = sorted({one.strip() for one in (headers["allow"] or "").split(",")} - {"HEAD"})
    return {"status": answer.status_code, "body": body, **headers, "allow": allowed}


# -- requests from a document --------------------------------------------------------------------


def _requests(document: dict[str, Any]) -> list[dict[str, Any]]:
    made = [_request("GET", "/"), _request("GET", "/no-such-path"), _request("POST", "/")]
    for path, item in document.get("paths", {}).items():
        for method, operation in item.items():
            if isinstance(operation, dict) and method != "parameters":
                made += _of_operation(document, path, method.upper(), operation)
    return made


def _of_operation(
    document: dict[str, Any], path: str, method: str, operation: dict[str, Any]
) -> list[dict[str, Any]]:
    parameters = [_at(document, one) for one in operation.get("parameters", [])]
    required = [one for one in parameters if one.get("required")]
    body, kind = _body(document, operation, wrong=False)
    bad, _ = _body(document, operation, wrong=True)
    made = [
        _fitted(document, path, method, parameters, body, kind),
        _fitted(document, path, method, required, body, kind),
        _fitted(document, path, method, [p for p in required if p["in"] == "path"], None, ""),
        _fitted(document, path, method, parameters, bad, kind, wrong=True),
        _fitted(document, path, "PUT" if method != "PUT" else "PATCH", required, None, ""),
    ]
    slashed = _url(document, path, required) + "/"
    made.append(_fitted(document, path, method, required, body, kind) | {"url": slashed})
    if body is not None:
        made.append(_fitted(document, path, method, required, "{not json", kind))
        made.append(_fitted(document, path, method, required, body, "text/plain"))
    return made


def _url(document: dict[str, Any], path: str, parameters: list[Any], *, wrong: bool = False) -> str:
    for one in parameters:
        if one["in"] == "path":
            value = _text(_sample(document, one.get("schema", {}), wrong=wrong))
            path = path.replace("{" + one["name"] + "}", quote(value, safe=""))
    return path.replace("{", "").replace("}", "")


def _fitted(
    document: dict[str, Any], path: str, method: str, parameters: list[Any], body: str | None,
    kind: str, *, wrong: bool = False,
) -> dict[str, Any]:  # fmt: skip
    query: list[tuple[str, str]] = []
    headers: dict[str, str] = {"authorization": "Bearer fakesupersecrettoken"}
    cookies: list[str] = []
    for one in parameters:
        value = _sample(document, one.get("schema", {}), wrong=wrong)
        if one["in"] == "query":
            values = value if isinstance(value, list) else [value]
            query += [(one["name"], _text(each)) for each in values]
        elif one["in"] == "header":
            first = value[0] if isinstance(value, list) and value else value
            headers[one["name"]] = _text(first)
        elif one["in"] == "cookie":
            cookies.append(f"{one['name']}={_text(value)}")
    if cookies:
        headers["cookie"] = "; ".join(cookies)
    if body is not None:
        headers["content-type"] = kind
    url = _url(document, path, parameters, wrong=wrong)
    return _request(method, url + ("?" + urlencode(query) if query else ""), headers, body)


def _request(
    method: str, url: str, headers: dict[str, str] | None = None, body: str | None = None
) -> dict[str, Any]:
    return {"method": method, "url": url, "headers": headers or {}, "body": body}


def _body(
    document: dict[str, Any], operation: dict[str, Any], *, wrong: bool
) -> tuple[str | None, str]:
    content = operation.get("requestBody", {}).get("content", {})
    for kind, media in content.items():
        value = _sample(document, media.get("schema", {}), wrong=wrong)
        if kind == FORM and isinstance(value, dict):
            return urlencode({key: _text(one) for key, one in value.items()}), kind
        if kind == "multipart/form-data" and isinstance(value, dict):
            return _multipart(document, media["schema"], value), f"{kind}; boundary=frontier"
        return json.dumps(value), kind
    return None, ""


def _multipart(document: dict[str, Any], schema: dict[str, Any], values: dict[str, Any]) -> str:
    fields = _at(document, schema).get("properties", {})
    lines: list[str] = []
    for name, value in values.items():
        is_file = "binary" in json.dumps(fields.get(name, {})) or "octet" in json.dumps(
            fields.get(name, {})
        )
        for one in value if isinstance(value, list) else [value]:
            lines += ["--frontier", f'Content-Disposition: form-data; name="{name}"'
                      + ('; filename="a.txt"\r\nContent-Type: text/plain' if is_file else ""),
                      "", _text(one)]  # fmt: skip
    return "\r\n".join([*lines, "--frontier--", ""])


def _at(document: dict[str, Any], schema: Any) -> Any:
    while isinstance(schema, dict) and "$ref" in schema:
        found: Any = document
        for part in schema["$ref"].removeprefix("#/").split("/"):
            found = found[part]
        schema = found
    return schema


def _text(value: Any) -> str:
    if isinstance(value, bool):
        return "true" if value else "false"
    return value if isinstance(value, str) else json.dumps(value)


_BY_FORMAT = {
    "uuid": "5b4f5d0e-6a0e-4a34-9d1a-1a2b3c4d5e6f", "date-time": "2026-02-03T04:05:06Z",
    "date": "2026-02-03", "time": "04:05:06", "duration": "P1D", "email": "ann@example.org",
    "uri": "https://example.org/a", "binary": "some bytes",
}  # fmt: skip


def _sample(document: dict[str, Any], schema: Any, *, wrong: bool = False, depth: int = 0) -> Any:
    """Give a value of a schema; with `wrong` one whose leaves are not."""
    schema = _at(document, schema)
    if not isinstance(schema, dict) or depth > 6:
        return "x"
    for union in ("anyOf", "oneOf", "allOf"):
        if union in schema:
            return _sample(document, schema[union][0], wrong=wrong, depth=depth + 1)
    if "properties" in schema:
        items = schema["properties"].items()
        return {key: _sample(document, one, wrong=wrong, depth=depth + 1) for key, one in items}
    if schema.get("type") == "array":
        return [_sample(document, schema.get("items", {}), wrong=wrong, depth=depth + 1)] * 2
    if wrong:
        return {"string": 7, "integer": "seven", "number": "much", "boolean": "maybe"}.get(
            str(schema.get("type"))
        )
    return _leaf(schema)


def _leaf(schema: dict[str, Any]) -> Any:
    if "const" in schema:
        return schema["const"]
    if schema.get("enum"):
        return schema["enum"][0]
    kind = schema.get("type")
    if kind in ("integer", "number"):
        low = schema.get("minimum", schema.get("exclusiveMinimum", 0))
        return low + (1 if kind == "integer" else 0.5)
    if kind == "boolean":
        return True
    if kind == "object":
        return {"a": 1}
    if kind == "string":
        pattern = schema.get("pattern")
        if pattern:
            return pattern.strip("^$")
        text = _BY_FORMAT.get(schema.get("format", ""), "some text")
        return (text * (1 + schema.get("minLength", 0) // len(text)))[: schema.get("maxLength")]
    return "some text"


if __name__ == "__main__":
    main()
