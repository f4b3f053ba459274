"""Problems as data, and the exceptions that carry them.

A stage that finds a fault makes a `Problem`: a frozen dataclass whose fields are the facts and whose
`says` is the wording.  An exception only carries problems; its text is one line each.  Nothing in the
package raises a bare `Exception` for something that a document, a datum or a caller can cause.
"""

from __future__ import annotations

from dataclasses import dataclass, field, replace
from typing import Any, ClassVar


@dataclass(frozen=True, slots=True)
class Where:
    """A place in a document: JSON pointer, and line:column (from 1) of the text it was read from.

    `line` 0 means that there is no text (a dict was given) or that it has not been looked up.
    `mark` is the nearest locator mark ("@", specification: "Locator marks"), if there is one.
    `key`: it is the name of the member that is meant, not its value; line and column are then the name's.
    """

    pointer: str = ""
    line: int = 0
    col: int = 0
    file: str = ""
    mark: str = ""
    key: bool = field(default=False, compare=False, repr=False)

    def __str__(self) -> str:
        parts = [self.file] if self.file else []
        if self.line:
            parts += [str(self.line), str(self.col)]
        place = ":".join(parts)
        pointer = self.pointer or "/"
        if len(pointer) > 400:  # thousands of levels help nobody
            pointer = f"{pointer[:200]}...{pointer[-100:]}"
        text = f"{place} {pointer}" if place else pointer
        return f"{text} (@ {self.mark})" if self.mark else text


NOWHERE = Where()


@dataclass(frozen=True, slots=True)
class Problem:
    """What is wrong, as data: `says` is the message, the other fields fill its blanks."""

    says: ClassVar[str] = ""
    warning: ClassVar[bool] = False
    stage: ClassVar[str] = "type"  # "syntax", "type" or "init": which exception carries it
    at: Where = field(default=Where(), kw_only=True)

    @property
    def text(self) -> str:
        """The message without its place."""
        return self.says.format(p=self)

    def moved(self, at: Where) -> Problem:
        """The same problem at another place (the reader knows the line, the checker only the pointer)."""
        return replace(self, at=at)

    def __str__(self) -> str:
        return f"{self.at}: {self.text}"


@dataclass(frozen=True, slots=True)
class Fault(Problem):
    """A problem that has nothing but a message."""

    says: ClassVar[str] = "{p.message}"
    message: str


class PfaError(Exception):
    """Base of everything that a document, a datum or a caller can cause.

    `problems` holds the facts; `str()` is one line each: FILE:LINE:COL POINTER: text.
    `row` is the row (from 0) of a table that was being scored, which `str()` then names first.
    """

    row: int | None = None

    def __init__(self, *problems: Problem | str) -> None:
        self._problems: tuple[Problem, ...] = tuple(
            Fault(p) if isinstance(p, str) else p for p in problems
        )
        super().__init__(*self._problems)

    @property
    def problems(self) -> tuple[Problem, ...]:
        """The facts."""
        return self._problems

    @problems.setter
    def problems(self, problems: tuple[Problem, ...]) -> None:
        self._problems = problems

    def __str__(self) -> str:
        lines = (str(p) if p.at != Where() else p.text for p in self.problems)
        return self._row() + "\n".join(lines)

    def _row(self) -> str:
        return "" if self.row is None else f"row {self.row}: "


class PfaSyntaxError(PfaError):
    """The document is not PFA: malformed text, unknown fields, wrong JSON types."""


class PfaTypeError(PfaError):
    """The document is PFA, but its types, names or scopes do not fit."""


class PfaInitError(PfaError):
    """The document is sound, but its cells or pools cannot be filled (a missing file, a bad state)."""


class PfaDataError(PfaError):
    """A datum does not have the type that is asked for; `path` is the JSON pointer inside the datum."""

    def __init__(self, problem: Problem | str, path: str = "") -> None:
        super().__init__(problem)
        self.path = path

    def __reduce__(self) -> tuple[Any, ...]:
        return type(self), (self.problems[0], self.path), {"row": self.row}


class PfaLimitError(PfaError):
    """A limit of `pfa.Limits` was reached.  `try` in a document does not catch it; the engine works afterwards."""

    def __init__(self, *problems: Problem | str, emitted: tuple[object, ...] = ()) -> None:
        super().__init__(*problems)
        self.emitted: list[object] = list(emitted)


class PfaRuntimeError(PfaError):
    """A function or form failed while running: `code` and the text are the specification's.

    `at` is where in the document the failing expression stands, `function` the library function or form, `emitted` what
    this action had emitted before.
    """

    def __init__(self, message: str, code: int = 0, function: str = "", at: Where = NOWHERE) -> None:
        self.message = message  # and no problem yet: a datum may fail that nobody wants to know more of
        self.code = code
        self.function = function
        self.at = at
        self.emitted: list[object] = []

    @property
    def problems(self) -> tuple[Problem, ...]:
        """The one fact."""
        return (Fault(self.message, at=self.at),)

    @problems.setter
    def problems(self, problems: tuple[Problem, ...]) -> None:
        raise AttributeError("a runtime error has one problem, its message")

    def locate(self, at: Where) -> None:
        """Say where it happened; the engine does when the error passes through it."""
        self.at = at

    def __str__(self) -> str:
        where = f"{self.at}: " if self.at != Where() else ""
        return f"{self._row()}{where}{self.message} (code {self.code}{', ' + self.function if self.function else ''})"

    def __reduce__(self) -> tuple[Any, ...]:
        return type(self), (self.message, self.code, self.function, self.at), self.__dict__


class PfaUserError(PfaRuntimeError):
    """The document's own `error` form; `code` is 0 where the document gives none, else negative."""

    def __str__(self) -> str:
        where = f"{self.at}: " if self.at != Where() else ""
        code = f" (code {self.code})" if self.code else ""
        return f"{self._row()}{where}{self.message}{code}"


class PfaCompileError(PfaError):
    """The document is sound, but the backend asked for cannot run it."""


class PfaLifecycleError(PfaError):
    """A call at the wrong time: `action` after `end`, `merge` of an engine that does not fold."""


class PfaBusyError(PfaError):
    """The engine is in use: by another thread, or by the action that is calling back."""


class InternalError(AssertionError):
    """A fault of this package, never of a document; please report it."""
