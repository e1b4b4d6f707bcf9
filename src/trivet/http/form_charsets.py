"""In which charset the parts of a form may be: in those that browsers and programs write.

A form names its charset itself, and Python takes more for one than there are: `punycode` reads a
text in a time that grows with its square, so that a part of 1 MB holds a process for minutes, and
each name that it does not know is kept for as long as the process lives. So a name is looked up
only if it is one of these.
"""

from __future__ import annotations

import re
from collections.abc import Iterable

from python_multipart.multipart import parse_options_header

__all__ = ["refused_charset"]

_CHARSETS = re.compile(
    rb"utf-?(8|16|16le|16be)|(us-)?ascii|iso-8859-\d{1,2}|latin-?\d|(windows-|cp)125\d|koi8-[ru]"
    rb"|shift-?jis|euc-(jp|kr)|iso-2022-jp|big5|gbk|gb2312|gb18030"
)


def refused_charset(headers: Iterable[tuple[bytes, bytes]]) -> str | None:
    """Give the charset that a form says it is in, where it is none that is taken; or None."""
    for name, value in headers:
        if name != b"content-type" or b"charset" not in value.lower():
            continue
        kind, options = parse_options_header(value)
        charset = options.get(b"charset", b"utf-8").lower().replace(b"_", b"-")
        # Forms of pairs are in UTF-8 whatever they say.
        if kind == b"multipart/form-data" and not _CHARSETS.fullmatch(charset):
            return charset.decode("latin-1")
    return None
