"""Run by the project's own Python, in its folder: tells its settings, models and addresses as JSON.

It must run by itself, without Trivet, wherever Django runs. No password leaves it, nor the secret
key. The last line that it prints is the JSON; what the project prints stands before.
"""

from __future__ import annotations

import inspect
import json
import os
import sys
from importlib import import_module
from typing import Any

_DJANGO = "django"  # the project's, found in its environment; Trivet needs none
_PLAIN = (bool, int, float, str)
_SETTINGS = (
    "INSTALLED_APPS", "MIDDLEWARE", "AUTH_USER_MODEL", "ROOT_URLCONF", "USE_TZ", "TIME_ZONE",
    "LANGUAGE_CODE", "SESSION_ENGINE", "PASSWORD_HASHERS", "AUTHENTICATION_BACKENDS", "STATIC_URL",
    "MEDIA_URL", "EMAIL_BACKEND", "DEBUG",
)  # fmt: skip


def main() -> None:
    """Print what there is."""
    os.environ["DJANGO_SETTINGS_MODULE"] = sys.argv[1]
    sys.path.insert(0, os.getcwd())
    import_module(_DJANGO).setup()
    settings: Any = import_module(f"{_DJANGO}.conf").settings
    apps: Any = import_module(f"{_DJANGO}.apps").apps
    urls: Any = import_module(f"{_DJANGO}.urls")
    found = {
        "settings": {name: _json(getattr(settings, name, None)) for name in _SETTINGS},
        "settings_file": getattr(sys.modules.get(sys.argv[1]), "__file__", ""),
        "databases": {
            name: {
                "engine": one.get("ENGINE", ""),
                "is_socket": str(one.get("HOST", "")).startswith("/"),
            }
            for name, one in settings.DATABASES.items()
        },
        "models": [_model(one) for one in apps.get_models()],
        "urls": list(_urls(urls.get_resolver().url_patterns, "", "")),
    }
    sys.stdout.write("\n" + json.dumps(found) + "\n")


def _json(value: Any) -> Any:
    if isinstance(value, list | tuple):
        return [str(one) for one in value]
    return value if isinstance(value, _PLAIN) else None if value is None else str(value)


def _place(thing: Any) -> tuple[str, int]:
    try:
        thing = inspect.unwrap(thing)
        return inspect.getsourcefile(thing) or "", inspect.getsourcelines(thing)[1]
    except (TypeError, OSError):
        return "", 0


# -- models --------------------------------------------------------------------------------------


def _model(model: Any) -> dict[str, Any]:
    meta = model._meta
    file, line = _place(model)
    return {
        "app": meta.app_label,
        "name": model.__name__,
        "file": file,
        "line": line,
        "table": meta.db_table,
        "is_managed": meta.managed,
        "is_proxy": meta.proxy,
        "parents": [one.__name__ for one in meta.parents],
        "fields": [_field(one) for one in meta.local_fields],
        "many": [_many(one) for one in meta.local_many_to_many],
        "unique": [list(one) for one in meta.unique_together],
        "text": getattr(model.__str__, "__qualname__", "").startswith(model.__name__),
    }


def _field(field: Any) -> dict[str, Any]:
    remote = field.remote_field
    target = field.target_field if remote is not None else None
    default, factory = _default(field)
    return {
        "name": field.name,
        "attribute": field.attname,
        "column": field.column,
        "kind": field.get_internal_type(),
        "value_kind": _value_kind(field),
        "is_null": field.null,
        "is_unique": field.unique,
        "is_key": field.primary_key,
        "is_indexed": field.db_index,
        "max_length": (target or field).max_length,
        "digits": getattr(target or field, "max_digits", None),
        "places": getattr(target or field, "decimal_places", None),
        "default": default,
        "factory": factory,
        "is_touched": getattr(field, "auto_now", False),
        "to": None if remote is None else _label(remote.model),
        "to_column": None if target is None else target.column,
        "related_name": None if remote is None else remote.related_name,
        "deletes": None if remote is None else getattr(remote.on_delete, "__name__", ""),
    }


def _value_kind(field: Any) -> str:
    while field.remote_field is not None:
        field = field.target_field
    return str(field.get_internal_type())


def _default(field: Any) -> tuple[Any, str | None]:
    if getattr(field, "auto_now", False) or getattr(field, "auto_now_add", False):
        return None, "now"
    if not field.has_default():
        return None, None
    value = field.default
    if callable(value):
        name = f"{value.__module__}.{getattr(value, '__qualname__', '')}"
        known = {
            "django.utils.timezone.now": "now", "uuid.uuid4": "uuid4", "builtins.dict": "dict",
            "builtins.list": "list",
        }  # fmt: skip
        return None, known.get(name, f"?{name}")
    return (value, None) if isinstance(value, _PLAIN) else (None, f"?{value!r}")


def _label(model: Any) -> str:
    return str(model._meta.label) if not isinstance(model, str) else model


def _many(field: Any) -> dict[str, Any]:
    through = field.remote_field.through
    return {
        "name": field.name,
        "to": _label(field.remote_field.model),
        "is_own_table": bool(through._meta.auto_created),
        "table": through._meta.db_table,
        "from_column": field.m2m_column_name(),
        "to_column": field.m2m_reverse_name(),
    }


# -- addresses -----------------------------------------------------------------------------------


def _urls(patterns: Any, prefix: str, space: str) -> Any:
    for one in patterns:
        path = prefix + str(one.pattern)
        if hasattr(one, "url_patterns"):
            name = one.namespace or ""
            if name == "admin":
                yield {"path": path, "name": "admin", "view": "the admin", "file": "", "line": 0}
                continue
            yield from _urls(one.url_patterns, path, f"{space}{name}:" if name else space)
            continue
        view = getattr(one.callback, "view_class", None) or one.callback
        file, line = _place(view)
        yield {
            "path": path,
            "name": f"{space}{one.name}" if one.name else "",
            "view": getattr(view, "__qualname__", repr(view)),
            "file": file,
            "line": line,
        }


if __name__ == "__main__":
    main()
