"""Run by the project's own Python, in its folder: tells its settings, models and addresses as JSON.

It must run by itself, without Trivet, wherever Django runs. No password leaves it, nor the secret
key. The last line that it prints is the JSON; what the project prints stands before.
"""

from __future__ import annotations

import inspect
import json
import os
import sys
import weakref
from importlib import import_module
from types import FunctionType
from typing import Any

_DJANGO = "django"  # the project's, found in its environment; Trivet needs none
_PLAIN = (bool, int, float, str)
_SETTINGS = (
    "INSTALLED_APPS", "MIDDLEWARE", "AUTH_USER_MODEL", "ROOT_URLCONF", "USE_TZ", "TIME_ZONE",
    "LANGUAGE_CODE", "SESSION_ENGINE", "PASSWORD_HASHERS", "AUTHENTICATION_BACKENDS", "STATIC_URL",
    "MEDIA_URL", "EMAIL_BACKEND", "DEBUG", "ALLOWED_HOSTS", "LANGUAGES", "USE_I18N", "EMAIL_HOST",
    "EMAIL_PORT", "EMAIL_USE_TLS", "EMAIL_USE_SSL", "EMAIL_TIMEOUT", "DEFAULT_FROM_EMAIL",
    "SECURE_HSTS_SECONDS", "SECURE_HSTS_INCLUDE_SUBDOMAINS", "SECURE_HSTS_PRELOAD",
    "SECURE_SSL_REDIRECT", "SECURE_CONTENT_TYPE_NOSNIFF", "SECURE_REFERRER_POLICY",
    "SECURE_CROSS_ORIGIN_OPENER_POLICY", "SECURE_PROXY_SSL_HEADER", "X_FRAME_OPTIONS",
    "SESSION_COOKIE_NAME", "SESSION_COOKIE_AGE", "SESSION_COOKIE_SECURE",
    "SESSION_COOKIE_SAMESITE", "SESSION_COOKIE_HTTPONLY", "SESSION_SAVE_EVERY_REQUEST",
    "CSRF_USE_SESSIONS", "CSRF_COOKIE_SECURE", "CSRF_TRUSTED_ORIGINS", "APPEND_SLASH",
    "PREPEND_WWW", "FORCE_SCRIPT_NAME", "USE_X_FORWARDED_HOST", "DEFAULT_CHARSET",
    "DISALLOWED_USER_AGENTS",
)  # fmt: skip
# What is told only as being there: places of a machine, and what nobody may know.
_HIDDEN = (
    "STATIC_ROOT", "MEDIA_ROOT", "EMAIL_FILE_PATH", "LOCALE_PATHS", "EMAIL_HOST_USER",
    "EMAIL_HOST_PASSWORD",
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
        "given": [name for name in (*_SETTINGS, *_HIDDEN) if settings.is_overridden(name)],
        "has": [name for name in _HIDDEN if getattr(settings, name, None)],
        "settings_file": getattr(sys.modules.get(sys.argv[1]), "__file__", ""),
        "databases": {
            name: {
                "engine": one.get("ENGINE", ""),
                "is_socket": str(one.get("HOST", "")).startswith("/"),
            }
            for name, one in settings.DATABASES.items()
        },
        "models": [_model(one) for one in apps.get_models()],
        "urls": list(_urls(urls.get_resolver().url_patterns, (), "")),
    }
    found["listeners"] = list(_listeners())  # last: views are imported by now, and may listen
    sys.stdout.write("\n" + json.dumps(found) + "\n")


def _json(value: Any) -> Any:
    if isinstance(value, list | tuple):
        return [_json(one) if isinstance(one, list | tuple) else str(one) for one in value]
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


def _urls(patterns: Any, above: tuple[dict[str, Any], ...], space: str) -> Any:
    for number, one in enumerate(patterns):
        here = (*above, _step(one, number))
        path = "".join(step["text"] for step in here)
        if hasattr(one, "url_patterns"):
            name = one.namespace or ""
            if name == "admin":
                yield {
                    "path": path, "name": "admin", "view": "the admin", "file": "", "line": 0,
                    "steps": here, "function": None,
                }  # fmt: skip
                continue
            yield from _urls(one.url_patterns, here, f"{space}{name}:" if name else space)
            continue
        view = getattr(one.callback, "view_class", None) or one.callback
        file, line = _place(view)
        yield {
            "path": path,
            "name": f"{space}{one.name}" if one.name else "",
            "view": getattr(view, "__qualname__", repr(view)),
            "file": file,
            "line": line,
            "steps": here,
            "function": _function(one.callback),
        }


def _step(one: Any, number: int) -> dict[str, Any]:
    """Tell one pattern on the way to a view; `kinds` are its converters by their classes."""
    pattern = one.pattern
    names = getattr(one, "urlconf_name", None)
    is_known = type(pattern).__module__ == f"{_DJANGO}.urls.resolvers"
    more = getattr(one, "default_args", None) or getattr(one, "default_kwargs", None)
    return {
        "number": number,
        "text": str(pattern),
        "kind": type(pattern).__name__ if is_known else "",
        "is_plain": isinstance(getattr(pattern, "_route", getattr(pattern, "_regex", None)), str),
        "kinds": {
            name: f"{type(kind).__module__}.{type(kind).__name__}"
            for name, kind in pattern.converters.items()
        },
        "module": getattr(names, "__name__", names if isinstance(names, str) else ""),
        "namespace": getattr(one, "namespace", None) or "",
        "is_given_more": bool(more),
    }


def _function(given: Any) -> dict[str, Any] | None:
    """Tell the function of a view that is one, bare: not wrapped, and made at a module's top."""
    view: Any = given
    is_bare = type(view) is FunctionType and not hasattr(view, "__wrapped__") and not view.__dict__
    if not is_bare or view.__closure__ or view.__qualname__ != view.__name__:
        return None
    module = sys.modules.get(view.__module__)
    if getattr(module, view.__name__, None) != view:
        return None
    return {
        "module": view.__module__,
        "name": view.__name__,
        "file": view.__code__.co_filename,
        "line": view.__code__.co_firstlineno,
    }


def _listeners() -> Any:
    """Give what runs with each request besides Django's own: receivers of its signals."""
    signals: Any = import_module(f"{_DJANGO}.core.signals")
    for name in ("request_started", "request_finished"):
        for one in getattr(signals, name).receivers:
            receiver = one[1]() if isinstance(one[1], weakref.ReferenceType) else one[1]
            module = getattr(receiver, "__module__", "") or ""
            if receiver is not None and module.partition(".")[0] not in (_DJANGO, "asgiref"):
                yield f"{module}.{getattr(receiver, '__qualname__', '')} listens to {name}"


if __name__ == "__main__":
    main()
