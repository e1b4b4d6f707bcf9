"""Schemathesis, pointed at a running example: requests made from its own OpenAPI document."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

from tests.examples.serving import Example

# What is not asked, and why.
NOT_CHECKED = {
    "negative_data_rejection": "Pydantic takes '36' for 36, as FastAPI does",
    "positive_data_acceptance": "real e-mail addresses are fewer than JSON Schema's 'email'",
    "status_code_conformance": "the 400 to a body that is no JSON is not in the document",
}


# And where an old application stands behind the routes.
NOT_CHECKED_WITH_MOUNT = {"unsupported_method": "other methods are the old application's"}


def check_schema(
    example: Example,
    folder: Path,
    *options: str,
    has_mount: bool = False,
    document: str | None = None,
) -> None:
    """Send a bounded number of requests, the same in every run; fails where one goes wrong.

    Without a `document`, a file in `folder`, it is the example's own; with one, the options say
    what is checked.
    """
    left_out = [*NOT_CHECKED, *(NOT_CHECKED_WITH_MOUNT if has_mount else ())]
    if document is None:
        options = (f"--exclude-checks={','.join(left_out)}", *options)
    done = subprocess.run(
        [
            str(Path(sys.executable).with_name("schemathesis")),
            "run",
            document or f"{example.url}/openapi.json",
            "--seed=1",
            "--max-examples=10",
            "--phases=examples,coverage,fuzzing",
            "--request-timeout=20",
            "--suppress-health-check=all",
            "--no-color",
            *options,
        ],
        cwd=folder,
        capture_output=True,
        text=True,
        timeout=170,
        check=False,
    )
    assert done.returncode == 0, done.stdout + done.stderr
    assert example.process.poll() is None
