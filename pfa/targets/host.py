"""What engines call of the host: callbacks and loggers.

An exception of a callback is the host's own: no `try` of the document catches it, and it is not located in the
document, even when it is one of this package (the callback may be the action of another engine).
"""

from __future__ import annotations

import logging
from typing import TYPE_CHECKING, Any

from pfa.errors import PfaError

if TYPE_CHECKING:
    from collections.abc import Callable


LATER = object()  # a value of the state that is written before the engine runs


class Passed(BaseException):
    """An error of a callback on its way through an engine, which then raises `error` itself."""

    def __init__(self, error: PfaError) -> None:
        super().__init__(error)
        self.error = error


def passing(callback: Callable[..., object]) -> Callable[..., None]:
    """The callback, whose PfaErrors pass through the document."""

    def call(*args: Any) -> None:
        try:
            callback(*args)
        except PfaError as error:
            raise Passed(error) from None

    return call


def logger_of(namespace: str) -> logging.Logger:
    """The logger "pfa" or "pfa.NAMESPACE".

    Loggers are kept for ever by name, and names come from documents, so one that nobody has asked for yet is made for
    this message only; it hands on to the nearest one that there is.
    """
    pfa = logging.getLogger("pfa")
    if not namespace:
        return pfa
    known = pfa.manager.loggerDict
    name = f"pfa.{namespace}"
    found = known.get(name)
    if isinstance(found, logging.Logger):
        return found
    made = logging.Logger(name)
    made.parent = pfa
    while "." in name:
        name = name.rpartition(".")[0]
        if isinstance(above := known.get(name), logging.Logger):
            made.parent = above
            break
    return made
