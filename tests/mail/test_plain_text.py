"""The text that is made of HTML."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from trivet.mail.plain_text import text_of


@pytest.mark.parametrize(
    ("html", "text"),
    [
        ("<p>One</p><p>Two\n  three</p>", "One\n\nTwo three\n"),
        ("<ul><li>One</li><li>Two</li></ul>", "- One\n- Two\n"),
        ("a<br>b<br/>c", "a\nb\nc\n"),
        ("<div>a</div><div>b</div>", "a\nb\n"),
        ("<table><tr><td>a</td><td>b</td></tr><tr><td>c</td></tr></table>", "a b\nc\n"),
        ('<a href="https://x.org/a">here</a>', "here (https://x.org/a)\n"),
        ('<a href="https://x.org/">https://x.org/</a>', "https://x.org/\n"),
        ('<a href="#top">up</a>', "up\n"),
        ('<img src="cid:x" alt="Logo"> Shop', "Logo Shop\n"),
        ("<head><title>t</title></head><style>p{}</style><script>x()</script>ok", "ok\n"),
        ("&lt;b&gt; &amp; &euro;", "<b> & €\n"),
        ("</p></a></script>ok", "ok\n"),
        ("", "\n"),
    ],
)
def test_html_becomes_lines(html: str, text: str) -> None:
    assert text_of(html) == text


@given(st.text(st.sampled_from("<>/apbr liscript\"'=& \n"), max_size=80))
def test_any_html_has_a_text(html: str) -> None:
    assert text_of(html).endswith("\n")
