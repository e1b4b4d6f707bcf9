"""Questions about bytecode: can this function suspend, and can it block?

Asked once for each function when a route is compiled. The answers are conservative: where nothing
can be known, a function may do both.
"""

from __future__ import annotations

import dis
import functools
import inspect
import sys
from collections.abc import Callable
from types import CodeType, FunctionType, MemberDescriptorType, MethodType
from typing import Any

__all__ = ["may_block", "may_suspend"]

# Instructions by which a coroutine gives control away.
_SUSPENDING = frozenset(
    {
        "GET_AWAITABLE",
        "GET_AITER",
        "GET_ANEXT",
        "BEFORE_ASYNC_WITH",
        "LOAD_SPECIAL",
        "SEND",
        "YIELD_VALUE",
        "ASYNC_GEN_WRAP",
    }
)
# Instructions that compute with what is there and run nobody else's code: no calls, no attribute
# look-ups (a property may do anything), no loops. A few more are harmless in some places only.
_HARMLESS = frozenset(
    {
        "RESUME",
        "NOP",
        "CACHE",
        "EXTENDED_ARG",
        "LOAD_CONST",
        "LOAD_SMALL_INT",
        "LOAD_FAST",
        "LOAD_FAST_CHECK",
        "LOAD_FAST_AND_CLEAR",
        "LOAD_FAST_BORROW",
        "LOAD_FAST_LOAD_FAST",
        "LOAD_FAST_BORROW_LOAD_FAST_BORROW",
        "LOAD_GLOBAL",
        "LOAD_DEREF",
        "COPY_FREE_VARS",
        "STORE_FAST",
        "STORE_FAST_STORE_FAST",
        "STORE_FAST_LOAD_FAST",
        "BUILD_MAP",
        "BUILD_CONST_KEY_MAP",
        "BUILD_LIST",
        "BUILD_TUPLE",
        "POP_TOP",
        "COPY",
        "SWAP",
        "PUSH_NULL",
        "RETURN_VALUE",
        "RETURN_CONST",
        "IS_OP",
        "POP_JUMP_IF_NONE",
        "POP_JUMP_IF_NOT_NONE",
        "POP_JUMP_FORWARD_IF_NONE",
        "POP_JUMP_FORWARD_IF_NOT_NONE",
        "JUMP_FORWARD",
        "NOT_TAKEN",
    }
)
# Taking a truth is asking an object for it, unless it is the outcome of `is`; from 3.13 on TO_BOOL
# asks, and these only look.
_BRANCHING = frozenset(
    {
        "POP_JUMP_IF_FALSE",
        "POP_JUMP_IF_TRUE",
        "POP_JUMP_FORWARD_IF_FALSE",
        "POP_JUMP_FORWARD_IF_TRUE",
    }
)
# What a display of constants is filled from.
_FILLING = frozenset({"LIST_EXTEND", "DICT_UPDATE"})
_CONSTANTS = frozenset({"LOAD_CONST", "BUILD_MAP", "BUILD_CONST_KEY_MAP"})
_UNSEEN = frozenset({"CACHE", "EXTENDED_ARG", "NOP", "NOT_TAKEN", "RESUME"})


def may_suspend(function: Callable[..., Any]) -> bool:
    """Tell whether an async function may give control back before it is done.

    False means that its first step is its last, so that no task is needed to run it.
    """
    code = _code(function)
    if code is None or not code.co_flags & inspect.CO_COROUTINE:
        return True
    return any(found.opname in _SUSPENDING for found in dis.get_instructions(code))


def may_block(function: Callable[..., Any]) -> bool:
    """Tell whether a plain function may take long: it calls something, loops, or is not Python.

    False means that a hand-over to a worker thread would cost a hundred times its own work.
    """
    if not inspect.isclass(function):
        return _may_block(_code(function), None)
    if type(function) is not type or function.__new__ is not object.__new__:
        return True
    if not isinstance(function.__init__, FunctionType):
        return function.__init__ is not object.__init__
    return _may_block(function.__init__.__code__, function)


def _may_block(code: CodeType | None, made: type | None) -> bool:
    """Tell whether `code` may take long; `made` is the class whose `__init__` it is, if any."""
    if code is None:
        return True
    before: dis.Instruction | None = None
    owner = code.co_varnames[:1]
    for found in dis.get_instructions(code):
        if found.opname in _UNSEEN:
            continue
        if found.opname not in _HARMLESS and not _is_harmless_after(found, before, code, made):
            return True
        if (
            made is not None
            and found.opname.startswith("STORE_FAST")
            and owner[0] in (found.argval if isinstance(found.argval, tuple) else (found.argval,))
        ):
            return True  # `self` is something else from here on
        before = found
    return False


def _is_harmless_after(
    found: dis.Instruction, before: dis.Instruction | None, code: CodeType, made: type | None
) -> bool:
    if before is None:
        return False
    if found.opname in _BRANCHING:
        return sys.version_info >= (3, 13) or before.opname == "IS_OP"
    if found.opname in _FILLING:
        return before.opname in _CONSTANTS
    if found.opname == "STORE_ATTR" and made is not None:
        owner = before.argval[-1] if isinstance(before.argval, tuple) else before.argval
        return (
            before.opname.startswith("LOAD_FAST")
            and owner == code.co_varnames[0]
            and _is_plain_attribute(made, found.argval)
        )
    return False


def _is_plain_attribute(made: type, name: str) -> bool:
    """Tell whether setting `name` on an instance of `made` only puts a value into its place."""
    if made.__setattr__ is not object.__setattr__:  # type: ignore[comparison-overlap]
        return False
    descriptor = inspect.getattr_static(made, name, None)
    return isinstance(descriptor, MemberDescriptorType) or not hasattr(descriptor, "__set__")


def _code(function: Any) -> CodeType | None:
    """Give the code that a call of `function` runs, and no wrapper's; None where there is none."""
    while isinstance(function, functools.partial):
        function = function.func
    if isinstance(function, MethodType):
        function = function.__func__
    if not isinstance(function, FunctionType):
        method = getattr(type(function), "__call__", None)  # noqa: B004  # its code is looked at
        if not isinstance(method, FunctionType):
            return None
        function = method
    code: CodeType = function.__code__
    return code
