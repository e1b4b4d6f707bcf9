"""What the pages say beside their templates, and what the flows of accounts say to people.

Written as lazy texts, so that they are found for catalogues, and shown in a page's language.
"""

from __future__ import annotations

from trivet.texts import LazyText, lazy, nlazy

__all__ = [
    "ACTING_BEGUN",
    "ACTING_OVER",
    "APP_REMOVED",
    "CHANGED",
    "CONFIRMED",
    "IS_YOU",
    "LETTER_SENT",
    "LOOK_INTO_MAIL",
    "MADE",
    "NO_LINK",
    "OF_FLOWS",
    "PASSKEY_REMOVED",
    "PASSWORD_CHANGED",
    "PASSWORD_SET",
    "SIGNED_OUT",
    "SIGNED_OUT_ALL",
    "SIGNED_OUT_THERE",
    "TOKEN_REVOKED",
    "UNLINKED",
    "wait_for",
]

ACTING_BEGUN = lazy("You act as another account now.")
ACTING_OVER = lazy("You are yourself again.")
APP_REMOVED = lazy("The app was taken away. Your password alone signs you in now.")
CHANGED = lazy("Saved.")
CONFIRMED = lazy("Your e-mail address is confirmed. You can sign in now.")
IS_YOU = lazy("Thank you.")
LETTER_SENT = lazy("If there is such an account, a letter is on its way. Look into your mail.")
LOOK_INTO_MAIL = lazy("Look into your mail: a letter is on its way.")
MADE = lazy("Your account is made.")
NO_LINK = lazy("This link is not valid, or was used already")
PASSKEY_REMOVED = lazy("The passkey was taken away.")
PASSWORD_CHANGED = lazy("Your password is changed, and other devices are signed out.")
PASSWORD_SET = lazy("Your password is set, and all devices are signed out. Sign in with it.")
SIGNED_OUT = lazy("You are signed out.")
SIGNED_OUT_ALL = lazy("All other devices are signed out.")
SIGNED_OUT_THERE = lazy("That device is signed out.")
TOKEN_REVOKED = lazy("The token counts no more.")
UNLINKED = lazy("The link was taken away.")

OF_FLOWS = (
    lazy("The log-in or the password is not right"),
    lazy("The code is not right, or was used already"),
    lazy("Confirm your e-mail address first, by the link that was sent to it"),
    lazy("There is such an account already"),
    lazy("Nobody can make an account here"),
    lazy("You may not do this"),
    lazy("Only who is signed in by a session as themselves may do this"),
    lazy("Nobody acts as an account that has such rights itself"),
    lazy("There is no such account"),
    lazy("Confirm that it is you, and try again"),
    lazy("Begin again: there is nothing to confirm, or not any more"),
    lazy("Set up a second factor first: recovery codes stand in for one"),
    lazy("Nothing else signs you in: set a password first"),
    lazy("Enter an e-mail address, such as ann@example.org"),
)
"""What is raised by the flows, and shown beside a form."""

_MINUTE = 60
_IN_MINUTES = 120  # seconds, from which on minutes are told


def wait_for(seconds: int) -> LazyText:
    """Say for how long somebody has to wait who tried too often."""
    if seconds < _IN_MINUTES:
        return nlazy(
            "Too many attempts: try again in %(num)s second.",
            "Too many attempts: try again in %(num)s seconds.",
            num=seconds,
        )
    return nlazy(
        "Too many attempts: try again in %(num)s minute.",
        "Too many attempts: try again in %(num)s minutes.",
        num=-(-seconds // _MINUTE),
    )
