"""Drawings for models that say none: guessed by a word of the model's name."""

from __future__ import annotations

import re

__all__ = ["icon_for"]

_ICONS = {
    "user": ("user", "person", "account", "profile", "artist", "author", "employee", "contact"),
    "users": (
        "group",
        "team",
        "member",
        "membership",
        "customer",
        "client",
        "company",
        "organisation",
    ),
    "cart": ("order", "cart", "purchase", "sale", "basket"),
    "box": ("product", "item", "stock", "package", "album", "record", "warehouse", "article"),
    "file": ("invoice", "document", "page", "post", "contract", "report", "note", "text"),
    "image": ("image", "photo", "picture", "media", "banner", "gallery"),
    "tag": ("tag", "category", "genre", "label", "type", "kind", "topic"),
    "mail": ("mail", "email", "message", "newsletter", "comment"),
    "calendar": ("event", "booking", "appointment", "date", "schedule", "reservation"),
    "chart": ("metric", "statistic", "measure", "payment", "transaction"),
    "bell": ("notification", "alert", "reminder"),
    "settings": ("setting", "option", "preference", "configuration"),
    "lock": ("permission", "role", "secret"),
    "key": ("token", "key", "credential"),
    "link": ("link", "url", "redirect"),
    "history": ("history", "log", "change", "audit"),
    "job": ("job", "task", "webhook"),
    "star": ("review", "rating", "favourite", "favorite"),
}
_BY_WORD = {word: icon for icon, words in _ICONS.items() for word in words}
_WORD = re.compile(r"[A-Z]?[a-z]+")


def icon_for(model: type) -> str:
    """Give a drawing for a model; the last word of its name that says something decides."""
    for word in reversed(_WORD.findall(model.__name__)):
        found = _BY_WORD.get(word.lower())
        if found is not None:
            return found
    return "list"
