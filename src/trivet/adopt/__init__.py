"""Taking over a project of another framework: what is there, what is rewritten, what stays.

`fastapi`, `flask` and `django` read a project and give an `Adoption`: a report and the files as
they would be. Nothing is written by reading; `project.write` writes, and nothing else does. Code is
read and changed by LibCST, so that comments and formatting stay as they are.
"""

from __future__ import annotations

from importlib.util import find_spec

from trivet.errors import MissingExtraError

if find_spec("libcst") is None:
    raise MissingExtraError("libcst", "adopt", what="trivet.adopt")

from trivet.adopt.adoption import Adoption, adoption_diff, write
from trivet.adopt.report import Kind, Note, report_of

__all__ = ["Adoption", "Kind", "Note", "adoption_diff", "report_of", "write"]
