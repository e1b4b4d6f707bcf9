"""What Trivet itself says of a status: the words of RFC 9110 and its registry."""

from __future__ import annotations

from trivet.texts import plazy

__all__ = ["CONTEXT", "PHRASES"]

CONTEXT = "error"

PHRASES = (
    plazy("error", "Bad Request"),
    plazy("error", "Unauthorized"),
    plazy("error", "Not authenticated"),
    plazy("error", "Payment Required"),
    plazy("error", "Forbidden"),
    plazy("error", "Not Found"),
    plazy("error", "Method Not Allowed"),
    plazy("error", "Not Acceptable"),
    plazy("error", "Request Timeout"),
    plazy("error", "Conflict"),
    plazy("error", "Gone"),
    plazy("error", "Length Required"),
    plazy("error", "Precondition Failed"),
    plazy("error", "Content Too Large"),
    plazy("error", "Request Entity Too Large"),
    plazy("error", "Unsupported Media Type"),
    plazy("error", "Unprocessable Content"),
    plazy("error", "Unprocessable Entity"),
    plazy("error", "Locked"),
    plazy("error", "Precondition Required"),
    plazy("error", "Too Many Requests"),
    plazy("error", "Internal Server Error"),
    plazy("error", "Not Implemented"),
    plazy("error", "Bad Gateway"),
    plazy("error", "Service Unavailable"),
    plazy("error", "Gateway Timeout"),
    plazy("error", "There was an error parsing the body"),
)
"""Each is looked up in the context "error"; that a text is here lets `messages extract` find it."""
