"""What compiled code asks Python for: bodies of the library without a kernel, shared state."""

from __future__ import annotations

import ctypes
from typing import TYPE_CHECKING, Any

from pfa.errors import PfaRuntimeError
from pfa.targets.kernel import language as k
from pfa.targets.kernel.parts import Shared
from pfa.types import MISSING

if TYPE_CHECKING:
    from collections.abc import Callable

    from pfa.lib.define import Fn
    from pfa.targets.kernel.instance import Instance
    from pfa.types import Type

CALLS = [ctypes.CFUNCTYPE(ctypes.c_int64, *[ctypes.c_int64] * (n + 2)) for n in range(8)]


class Inside(BaseException):
    """A kernel that the host called has failed: its status stays as it is."""


def escape(owner: Instance, number: int, block: int) -> int:
    """A body of the library in Python: its slot."""
    x = owner.code.emitted.escapes[number]
    values: list[Any] = []
    at = block >> 3
    for t in x.bound.params:
        if (f := x.functions.get(at - (block >> 3))) is not None:
            call = callback(owner, owner.q[at], owner.q[at + 1], f.params, f.ret)
            values.append(drawing(owner, call) if x.fn.random else call)
            at += 2
        else:
            values.append(owner.memory.load(t)(at))
            at += 1
    if isinstance(x.fn, Shared):
        made = share(owner, x.fn, values)
    else:
        made = body(owner, x.fn, number, values)
    out = owner.arguments((x.bound.ret,), (made,))
    return owner.q[out >> 3]


def share(owner: Instance, op: Shared, values: list[Any]) -> Any:
    """An operation on shared state; updates wait until the action's time is up."""
    store = owner.shared[op.cell]
    if op.method == "get":
        try:
            return store.get(*values)
        except KeyError:
            raise PfaRuntimeError("map key not found", 2009, "pool") from None
    if op.method == "__contains__":
        return values[0] in store
    deadline = owner.deadline(owner.q[owner.ctx + (k.STARTED >> 3)])
    if op.method == "update_or_make":
        key, init, update = values
        made = store.update(key, init[0] if init else MISSING, update, deadline)
        return [] if made is MISSING else [made]
    return getattr(store, op.method)(*values, deadline)


def body(owner: Instance, fn: Fn, number: int, values: list[Any]) -> Any:
    """The Python body of a function of the library."""
    needs: dict[str, Any] = {}
    if "site" in fn.needs:
        needs["site"] = owner.code.sites[number]
    if "charge" in fn.needs:
        needs["charge"] = owner.charge
    if "rng" not in fn.needs or owner.draws is None:
        return fn.impl(*values, **needs)
    owner.draws.pull()
    try:
        return fn.impl(*values, rng=owner.rng, **needs)
    finally:
        owner.draws.push()


def drawing(owner: Instance, call: Callable[..., Any]) -> Callable[..., Any]:
    """A callback of a body that draws random numbers: it may draw, too."""
    draws = owner.draws
    if draws is None:
        return call

    def function(*values: Any) -> Any:
        draws.push()
        try:
            return call(*values)
        finally:
            draws.pull()

    return function


def callback(owner: Instance, address: int, env: int, params: tuple[Type, ...], ret: Type) -> Callable[..., Any]:
    call = CALLS[len(params)](address)

    def function(*values: Any) -> Any:
        at = owner.arguments(params, values) >> 3
        out = call(owner.base, env, *[owner.q[at + n] for n in range(len(params))])
        if owner.q[owner.ctx + (k.STATUS >> 3)]:
            raise Inside
        return owner.result(ret, out)

    return function
