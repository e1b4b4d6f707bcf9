"""Bands and their songs, beside the tables of other tests."""

from __future__ import annotations

from trivet.db import ForeignKey, Mapped, Model, field


class Music(Model, apart=True):
    """What the pages of development are tried with."""


class Band(Music):
    __tablename__ = "dev_band"

    name: Mapped[str] = field(max_length=100)
    password: Mapped[str] = field(max_length=100)


class Song(Music):
    __tablename__ = "dev_song"

    title: Mapped[str] = field(max_length=100)
    band_id: Mapped[int] = field(ForeignKey(Band.id))
