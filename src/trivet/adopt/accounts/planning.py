"""What becomes of each account, group and line of the log: decided here, as plain data.

An account that is there already is never changed. Nobody gets a right that they had not: a group
that is there under the same name must have the same rights, and an address that two accounts share
becomes nobody's, because it would let the one into the other.
"""

from __future__ import annotations

import json
from collections import Counter, defaultdict
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from secrets import token_urlsafe
from typing import Any

from trivet.adopt.accounts.reading import DjangoTables
from trivet.adopt.report import Kind, Note
from trivet.auth.django_sessions.names import email_of, username_of
from trivet.auth.permissions.names import is_permission, permission_name
from trivet.auth.users import NO_PASSWORD

__all__ = ["AccountPlan", "Known", "plan_accounts"]

_ACTIONS = {1: "add", 2: "change", 3: "delete"}
_HIDDEN = {"hidden": True}  # a value that is not kept, as the history has it
_LONGEST_KEY, _LONGEST_NAME = 190, 200


@dataclass(frozen=True, slots=True)
class Known:
    """What the application has already: names, addresses, groups with their rights, log lines."""

    usernames: frozenset[str] = frozenset()
    emails: frozenset[str] = frozenset()
    groups: Mapping[str, frozenset[str]] = field(default_factory=dict)
    taken_log: frozenset[str] = frozenset()
    has_accounts: bool = False


@dataclass
class AccountPlan:
    """What would be written, and what is to be said of it."""

    users: list[dict[str, Any]] = field(default_factory=list)
    groups: list[dict[str, Any]] = field(default_factory=list)
    members: list[tuple[str, str]] = field(default_factory=list)
    """Handles of accounts and names of groups."""
    log: list[dict[str, Any]] = field(default_factory=list)
    about_users: dict[int, str] = field(default_factory=dict)
    """Places in `log` that are about an account that is taken over → its handle."""
    notes: list[Note] = field(default_factory=list)
    refused: int = 0
    """Accounts and groups that cannot be taken over; each has a note."""

    def say(self, kind: Kind, place: str, what: str, mend: str = "") -> None:
        """Add a note."""
        self.notes.append(Note(kind, place, what, mend))


def plan_accounts(
    tables: DjangoTables,
    known: Known,
    models: Iterable[Any],
    *,
    user: str = "user",
    log_in: str = "username",
    keeps_log: bool = True,
) -> AccountPlan:
    """Decide what becomes of Django's accounts.

    `models` are the application's, by whose tables permissions find their names; `log_in` is how
    its accounts sign in, and `user` what their model is called in permissions; without
    `keeps_log` the admin's log is left out.
    """
    plan = AccountPlan()
    names = _Names(tables, {one.__tablename__: one for one in models}, user)
    rights = names.by_permission
    of_users, of_groups = defaultdict(set), defaultdict(set)
    for user, permission in tables.user_permissions:
        of_users[user].add(rights[permission])
    for group, permission in tables.group_permissions:
        of_groups[group].add(rights[permission])
    usable = _plan_groups(plan, tables, known, of_groups)
    handles = _plan_users(plan, tables, known, of_users, log_in)
    group_names = {one["id"]: one["name"] for one in tables.groups}
    plan.members = [
        (handles[user], group_names[group])
        for user, group in tables.memberships
        if user in handles and group_names.get(group) in usable
    ]
    if keeps_log:
        _plan_log(plan, tables, known, names, handles)
    for name in sorted(names.guessed):
        plan.say(
            Kind.DECIDE,
            name,
            "no model of the application has this table, so that the name of the permission is a"
            " guess",
            "import the models before, or rename it in the groups",
        )
    return plan


# -- names ---------------------------------------------------------------------------------------


class _Names:
    """Names of models and permissions, from Django's to ours."""

    def __init__(self, tables: DjangoTables, by_table: Mapping[str, Any], user: str) -> None:
        self._user = user
        self._by_table = by_table
        self._user_table = tables.user_table
        self._types = {one["id"]: (one["app_label"], one["model"]) for one in tables.content_types}
        self.guessed: set[str] = set()
        self.by_permission = {one["id"]: self._permission(one) for one in tables.permissions}
        self.guessed.clear()  # told below for those that somebody holds
        held = {one for _, one in (*tables.user_permissions, *tables.group_permissions)}
        for one in tables.permissions:
            if one["id"] in held:
                self._permission(one)

    def model(self, content_type: Any) -> str | None:
        """Give what a model is called in permissions and in the history."""
        found = self._types.get(content_type)
        if found is None:
            return None
        label, model = found
        if f"{label}_{model}" == self._user_table:
            return self._user
        if (label, model) == ("auth", "group"):
            return "group"
        known = self._by_table.get(f"{label}_{model}")
        if known is not None:
            return permission_name("", known).rstrip(".")
        self.guessed.add(f"{label}.{model}")
        return str(model)

    def is_user(self, content_type: Any) -> bool:
        """Tell whether a content type is that of the accounts."""
        return "_".join(self._types.get(content_type, ())) == self._user_table

    def _permission(self, one: Mapping[str, Any]) -> str:
        model = self.model(one["content_type_id"]) or "unknown"
        _, plain = self._types.get(one["content_type_id"], ("", ""))
        action = str(one["codename"]).lower().removesuffix(f"_{plain}")
        name = f"{model}.{action}"
        if is_permission(name):
            return name
        words = "".join(letter if letter.isalnum() else "_" for letter in action)
        return f"{model}.{words.encode('ascii', 'ignore').decode()}"


# -- groups and accounts -------------------------------------------------------------------------


def _plan_groups(
    plan: AccountPlan,
    tables: DjangoTables,
    known: Known,
    rights: Mapping[Any, set[str]],
) -> set[str]:
    """Plan the groups; gives the names of those whose members may come in."""
    usable: set[str] = set()
    for one in tables.groups:
        name, permissions = one["name"], sorted(rights.get(one["id"], ()))
        there = known.groups.get(name)
        if there is None:
            plan.groups.append({"name": name, "permissions": permissions})
        elif there != frozenset(permissions):
            plan.refused += 1
            plan.say(
                Kind.DECIDE,
                f"group {name}",
                "is there already, with other rights: who is in it would get these",
                "rename one of the two",
            )
            continue
        usable.add(name)
    return usable


def _plan_users(
    plan: AccountPlan,
    tables: DjangoTables,
    known: Known,
    rights: Mapping[Any, set[str]],
    log_in: str,
) -> dict[Any, str]:
    """Plan the accounts; gives the handle of each one that is new, by Django's key."""
    addresses = Counter(email_of(one) for one in tables.users)
    names = Counter(username_of(one) for one in tables.users)
    handles: dict[Any, str] = {}
    there = 0
    for one in tables.users:
        username, email = username_of(one), email_of(one)
        place = f"account {one.get('username') or one.get('email')}"
        is_alone = username is None and addresses[email] == 1  # it is found by its address
        if username in known.usernames or (is_alone and email in known.emails):
            there += 1
            continue
        if username is not None and names[username] > 1:
            plan.refused += 1
            plan.say(Kind.DECIDE, place, f"another account is called {username!r} too", _RENAME)
            continue
        if email is not None and (addresses[email] > 1 or email in known.emails):
            plan.say(Kind.DECIDE, place, f"{email} is not its own alone, and is left out", _OWN)
            email = None
        if username is None and email is None:
            plan.refused += 1
            plan.say(Kind.DECIDE, place, "has neither a name nor an address to sign in by", _RENAME)
            continue
        if (email if log_in == "email" else username) is None and log_in != "either":
            plan.say(Kind.DECIDE, place, f"has no {log_in}, by which people sign in", _OWN)
        handles[one["id"]] = token_urlsafe(16)
        values = _account(one, username, email, sorted(rights.get(one["id"], ())))
        if not known.has_accounts:  # so that what refers to accounts by their keys stays right
            values["id"] = one["id"]
        plan.users.append(values | {"handle": handles[one["id"]]})
    if there:
        plan.say(Kind.STAYS, "", f"{there} accounts are there already, and are left as they are")
    return handles


_RENAME = "rename it in Django first"
_OWN = "give it an address of its own in Django, or afterwards"


def _account(
    one: Mapping[str, Any], username: str | None, email: str | None, permissions: list[str]
) -> dict[str, Any]:
    name = f"{one.get('first_name') or ''} {one.get('last_name') or ''}".strip()
    return {
        "username": username,
        "email": email,
        "name": name[:_LONGEST_NAME],
        "password": one.get("password") or NO_PASSWORD,
        "is_active": bool(one.get("is_active", True)),
        "is_staff": bool(one.get("is_staff", False)),
        "is_superuser": bool(one.get("is_superuser", False)),
        "permissions": permissions,
        "signed_in_at": one.get("last_login"),
        **({"joined_at": one["date_joined"]} if one.get("date_joined") else {}),
    }


# -- the log -------------------------------------------------------------------------------------


def _plan_log(
    plan: AccountPlan,
    tables: DjangoTables,
    known: Known,
    names: _Names,
    handles: Mapping[Any, str],
) -> None:
    called = {one["id"]: str(one.get("username") or one.get("email") or "") for one in tables.users}
    for one in tables.log:
        batch = f"django-{one['id']}"
        model = names.model(one["content_type_id"])
        if batch in known.taken_log or model is None:
            continue
        key = str(one["object_id"] or "")
        if names.is_user(one["content_type_id"]) and key.isdecimal() and int(key) in handles:
            plan.about_users[len(plan.log)] = handles[int(key)]
        plan.log.append(
            {
                "at": one["action_time"],
                "model": model[:100],
                "key": key[:_LONGEST_KEY],
                "label": str(one["object_repr"])[:_LONGEST_NAME],
                "action": _ACTIONS.get(one["action_flag"], "change"),
                "handle": handles.get(one["user_id"], ""),
                "name": called.get(one["user_id"], "")[:_LONGEST_NAME],
                "by_handle": None,
                "by_name": None,
                "changes": _changes(one["change_message"]),
                "batch": batch,
                "request": None,
                "address": None,
                "agent": None,
            }
        )


def _changes(message: Any) -> dict[str, list[Any]]:
    """Give which fields were changed; Django keeps their names and not their values."""
    try:
        parts = json.loads(message or "[]")
    except ValueError:
        return {}
    found: dict[str, list[Any]] = {}
    for part in parts if isinstance(parts, list) else []:
        changed = part.get("changed", {}) if isinstance(part, dict) else {}
        if isinstance(changed, dict) and "object" not in changed:  # another row's, shown inside
            for name in changed.get("fields", []):
                found["_".join(str(name).lower().split())] = [_HIDDEN, _HIDDEN]
    return found
