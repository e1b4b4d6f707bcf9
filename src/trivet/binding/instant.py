"""Questions about bytecode: can this function suspend, and can it block?

Asked once for each function when a route is compiled. The answers are conservative: where nothing
can be known, a function may do both.
"""

from __future__ import annotations

import dis
import functools
import inspect
from collections.abc import Callable
from types import CodeType, FunctionType, MethodType
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
# Instructions that compute with what is there and run nobody else's code for long: no calls, no
# attribute look-ups (a property may do anything), no loops.
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
        "STORE_ATTR",
        "BUILD_MAP",
        "BUILD_CONST_KEY_MAP",
        "BUILD_LIST",
        "BUILD_TUPLE",
        "BUILD_SET",
        "LIST_EXTEND",
        "DICT_UPDATE",
        "POP_TOP",
        "COPY",
        "SWAP",
        "PUSH_NULL",
        "RETURN_VALUE",
        "RETURN_CONST",
        "IS_OP",
        "POP_JUMP_IF_FALSE",
        "POP_JUMP_IF_TRUE",
        "POP_JUMP_IF_NONE",
        "POP_JUMP_IF_NOT_NONE",
        "POP_JUMP_FORWARD_IF_FALSE",
        "POP_JUMP_FORWARD_IF_TRUE",
        "POP_JUMP_FORWARD_IF_NONE",
        "POP_JUMP_FORWARD_IF_NOT_NONE",
        "JUMP_FORWARD",
        "NOT_TAKEN",
        "TO_BOOL",
    }
)


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
    if inspect.isclass(function):
        metaclass_is_plain = type(function) is type
        if not metaclass_is_plain or function.__new__ is not object.__new__:
            return True
        function = function.__init__
        if not isinstance(function, FunctionType):
            return function is not object.__init__
    code = _code(function)
    if code is None:
        return True
    return any(found.opname not in _HARMLESS for found in dis.get_instructions(code))


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
