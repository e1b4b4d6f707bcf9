from __future__ import annotations

from trivet.http.exchange import Answer, Exchange
from trivet.middleware.hook import Hook, hooked


class Nothing(Hook):
    pass


class Only(Hook):
    name = "only"

    def after(self, exchange: Exchange, answer: Answer) -> Answer:
        return answer


class Heir(Only):
    pass


def test_a_hook_that_defines_nothing_has_no_methods() -> None:
    assert hooked(Nothing()) == ("hook", None, None, None, None, None)


def test_only_the_methods_that_a_hook_defines_are_found() -> None:
    hook = Only()

    assert hooked(hook) == ("only", None, hook.after, None, None, None)


def test_inherited_methods_are_found_too() -> None:
    assert hooked(Heir()).after is not None
