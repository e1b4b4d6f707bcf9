"""How parts are installed: once for each type, with what they require before them."""

from __future__ import annotations

from collections.abc import Sequence

from trivet import App, Part


class Store(Part):
    """A part of which there may be several."""

    may_be_several = True


class Alone(Part):
    """A part of which there is one."""


class Needing(Part):
    """A part that requires others."""

    def __init__(self, *needed: Part) -> None:
        self.requires: Sequence[Part] = needed


def test_what_a_part_requires_is_installed_before_it() -> None:
    app, alone, store = App(), Alone(), Store()
    part = app.use(Needing(alone, store))
    assert list(app.parts.values()) == [alone, store, part]


def test_one_of_several_that_is_required_is_installed_beside_another() -> None:
    app = App()
    first, second = app.use(Store()), Store()
    part = app.use(Needing(second))
    assert list(app.parts.values()) == [first, second, part]


def test_what_is_there_is_not_installed_again() -> None:
    app = App()
    alone, store = app.use(Alone()), app.use(Store())
    part = app.use(Needing(Alone(), store))
    assert list(app.parts.values()) == [alone, store, part]
    assert app.use(Alone()) is alone
    assert app.use(store) is store
