"""`action` around the generated `run`: lock, lifecycle, datum in, errors out.

These are the same for every document, so they are not printed and compiled for each one (that is a third of what
loading a small document takes); a call more is what it costs an action.  `ready` is a variable of the closure, which
`pfa.targets.python.Variables` writes.
"""

from __future__ import annotations

from collections.abc import Callable
from types import CellType, FunctionType
from typing import Any

from pfa.errors import PfaBusyError

Action = Callable[[Any], Any]


class Moved(BaseException):
    """The engine runs on another backend now: its action there."""

    def __init__(self, action: Action) -> None:
        super().__init__()
        self.action = action


def take_over(old: Action, new: Action) -> CellType:
    """Let an action do what another one does, whose lock is the same: also one that is just preparing.

    Gives the variable `ready`, which is that of both.
    """
    cells, others = variables(old), variables(new)
    for name in ("run", "decode", "prepare", "failed"):
        cells[name].cell_contents = others[name].cell_contents
    return cells["ready"]


def variables(action: Action) -> dict[str, CellType]:
    """The variables of an action's closure; none of what is no action."""
    if not isinstance(action, FunctionType):
        return {}
    return dict(zip(action.__code__.co_freevars, action.__closure__ or (), strict=True))


def busy() -> PfaBusyError:
    return PfaBusyError("this engine is in use by another thread or by its own callback; clone() it")


def entry(
    run: Action,
    decode: Action,
    acquire: Callable[[bool], bool],
    release: Callable[[], None],
    prepare: Action,
    failed: Callable[[], BaseException],
    ready: bool,
) -> Action:
    """The action of any engine: `prepare` begins it, or says why there is no action now."""

    def action(datum: Any) -> Any:
        if not acquire(False):
            raise busy()
        try:
            if not ready:
                prepare(datum)
            out = run(decode(datum))
        except Moved as moved:
            release()
            return moved.action(datum)
        except:  # noqa: E722  whatever it is, the lock is given back
            try:
                raise failed()  # the same error, located; a variable that holds it would be a circle
            finally:
                release()
        release()
        return out

    return action


def entry_of_double(
    run: Action,
    decode: Action,
    acquire: Callable[[bool], bool],
    release: Callable[[], None],
    prepare: Action,
    failed: Callable[[], BaseException],
    ready: bool,
) -> Action:
    """The same for the commonest input, which is looked at in place."""

    def action(datum: Any) -> Any:
        if not acquire(False):
            raise busy()
        try:
            if not ready:
                prepare(datum)
            out = run(datum if datum.__class__ is float else decode(datum))
        except Moved as moved:
            release()
            return moved.action(datum)
        except:  # noqa: E722  whatever it is, the lock is given back
            try:
                raise failed()  # the same error, located; a variable that holds it would be a circle
            finally:
                release()
        release()
        return out

    return action


def entry_that_emits(
    run: Callable[[Any, list[Any]], Any],
    decode: Action,
    acquire: Callable[[bool], bool],
    release: Callable[[], None],
    prepare: Action,
    failed: Callable[[], BaseException],
    ready: bool,
) -> Action:
    """The action of method emit: what begin emitted on the way comes first."""

    def action(datum: Any) -> Any:
        if not acquire(False):
            raise busy()
        try:
            early = [] if ready else prepare(datum)
            out = run(decode(datum), early)
        except Moved as moved:
            release()
            return moved.action(datum)
        except:  # noqa: E722  whatever it is, the lock is given back
            try:
                raise failed()  # the same error, located; a variable that holds it would be a circle
            finally:
                release()
        release()
        return out

    return action
