"""PFA, the Portable Format for Analytics 0.8.1: read, check and run scoring engines.

    engine = pfa.load("model.pfa")
    engine.action(datum)
"""

from pfa.engine import Engine, check, load, loads
from pfa.errors import (
    PfaBusyError,
    PfaCompileError,
    PfaDataError,
    PfaError,
    PfaInitError,
    PfaLifecycleError,
    PfaLimitError,
    PfaRuntimeError,
    PfaSyntaxError,
    PfaTypeError,
    PfaUserError,
    Problem,
    Where,
)
from pfa.limits import Limits
from pfa.memory.shared import SharedState

__version__ = "0.1.0"
__all__ = [
    "Engine",
    "Limits",
    "PfaBusyError",
    "PfaCompileError",
    "PfaDataError",
    "PfaError",
    "PfaInitError",
    "PfaLifecycleError",
    "PfaLimitError",
    "PfaRuntimeError",
    "PfaSyntaxError",
    "PfaTypeError",
    "PfaUserError",
    "Problem",
    "SharedState",
    "Where",
    "check",
    "load",
    "loads",
]
