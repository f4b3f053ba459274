"""A caller's dict as a document.

Place in the pipeline: instead of a parser.  Invariant: the caller's objects are never changed; what is not
exactly dict, list, str, int, float, bool or None is replaced in a copy (tuples, NumPy numbers) or refused.

A document may be millions of values, so they are looked at a level at a time, by C loops (`map`, `set`,
`max`); only when something is wrong, or has to be replaced, each value is visited.
"""

from __future__ import annotations

import marshal
import math
from collections.abc import Mapping
from itertools import chain
from typing import TYPE_CHECKING, Any

from pfa.errors import PfaLimitError, PfaSyntaxError, Problem, Where
from pfa.read import problems
from pfa.read.collector import paused
from pfa.read.schema import fits
from pfa.read.source import Document, Source, join
from pfa.read.text import encodable

if TYPE_CHECKING:
    from pfa.limits import Limits

KINDS = frozenset((dict, list, str, int, float, bool, type(None)))

Trail = tuple[Any, Any] | None
"""The way to a value: (the trail of what holds it, its key)."""


def adopt(value: Any, file: str, limits: Limits) -> Document:
    """Check a dict (or what stands for one), and measure it; a small one is copied, so that it may be changed."""
    if (nesting := _small(value, limits)) is not None:
        data = marshal.dumps(value, 2)  # a copy in C; of this version nothing is shared in it
        if _SURROGATE not in data:
            return Document(marshal.loads(data), Source(file, value=value), True, [], nesting)
    with paused():
        nesting = _survey(value, limits, file)
        if nesting is None:
            value = _converted(value, file)
            nesting = _survey(value, limits, file) or 0
    return Document(value, Source(file, value=value), False, [], nesting)


_SMALL = 10_000  # values
_SURROGATE = b"\xed"  # half of a pair begins with this byte in UTF-8, as do other characters


def _small(value: Any, limits: Limits) -> int | None:
    """The nesting of a value that is small and plain; None where it must be looked at more closely."""
    level, nesting, nodes = [value], 0, 1
    most = min(_SMALL, limits.nodes or _SMALL)
    keys: list[Any] = []
    if value.__class__ is not dict and value.__class__ is not list:
        return None
    while level:
        nesting += 1
        inner: list[Any] = []
        for c in level:
            nodes += len(c)
            if nodes > most:
                return None
            values: Any = c
            if c.__class__ is dict:
                keys += c
                values = c.values()
            for x in values:
                kind = x.__class__
                if kind is dict or kind is list:
                    inner.append(x)
                elif kind is not str and (kind not in KINDS or (kind is int and not fits(x))):
                    return None
        if nesting > limits.nesting:
            return None
        level = inner
    return nesting if set(map(type, keys)) <= {str} else None


def _survey(value: Any, limits: Limits, file: str) -> int | None:
    """The nesting of a value, or None if something in it is not exactly a JSON type.

    `times` says how often a container that is held more than once stands in its level, so that a dict of
    exponential size (shared lists of shared lists) and one that contains itself end at a limit.
    """
    level, times, nesting, nodes = [value], dict[int, int](), 0, 1
    if type(value) not in (dict, list):
        return None
    while level:
        nesting += 1
        if nesting > limits.nesting:
            raise PfaLimitError(problems.TooDeep(limits.nesting, at=Where(file=file)))
        nodes += sum([len(c) * times[id(c)] for c in level]) if times else sum(map(len, level))
        if limits.nodes is not None and nodes > limits.nodes:
            raise PfaLimitError(problems.TooManyNodes(limits.nodes, at=Where(file=file)))
        dicts = [c for c in level if type(c) is dict]
        values = list(chain.from_iterable(map(dict.values, dicts)))
        values += chain.from_iterable(c for c in level if type(c) is list)
        if not (_plain_keys_only(dicts) and _plain_only(values)):
            return None
        level, times = _next(level, times, [v for v in values if type(v) is dict or type(v) is list])
    return nesting


def _plain_keys_only(dicts: list[dict[Any, Any]]) -> bool:
    """Whether all keys are good strings."""
    kinds = set(map(type, chain.from_iterable(dicts)))
    return kinds <= {str} and all(map(encodable, set(chain.from_iterable(dicts))))


def _plain_only(values: list[Any]) -> bool:
    """Whether all values are plain and good."""
    kinds = set(map(type, values))
    if not kinds <= KINDS:
        return False
    if int in kinds:
        integers = [v for v in values if type(v) is int]
        if not (fits(min(integers)) and fits(max(integers))):
            return False
    return str not in kinds or all(map(encodable, {v for v in values if type(v) is str}))


def _next(level: list[Any], times: dict[int, int], inner: list[Any]) -> tuple[list[Any], dict[int, int]]:
    """The dicts and lists that a level holds, each once, and how often each stands there (empty: once)."""
    if not times and len(set(map(id, inner))) == len(inner):
        return inner, times
    counts: dict[int, int] = {}
    for container in level:
        weight = times.get(id(container), 1)
        for value in container.values() if type(container) is dict else container:
            counts[id(value)] = counts.get(id(value), 0) + weight
    found = {id(value): value for value in inner}
    return list(found.values()), {key: counts[key] for key in found}


def _converted(root: Any, file: str) -> Any:
    """A copy made of plain values only; refuses what has no place in JSON, at its pointer.

    What is shared stays shared, and what contains itself still does: the survey of the copy refuses it.
    """
    result: list[Any] = [None]
    copies: dict[int, tuple[Any, Any]] = {}  # with the original, so that its id stays taken
    todo: list[tuple[Any, Any, Any, Trail]] = [(result, 0, root, None)]
    while todo:
        target, key, value, trail = todo.pop()
        if id(value) not in copies:
            plain = _plain(value)
            if isinstance(plain, Problem):
                raise PfaSyntaxError(plain.moved(Where(_pointer(trail), file=file)))
            target[key] = plain
            if not isinstance(plain, (dict, list)):
                continue
            copies[id(value)] = value, plain
            members = list(plain.items() if isinstance(plain, dict) else enumerate(plain))
            todo += [(plain, key, inner, (trail, key)) for key, inner in reversed(members)]
        target[key] = copies[id(value)][1]
    return result[0]


def _plain(value: Any) -> Any:
    """A value as JSON knows it, its members still as they are; or the problem that it is none."""
    if type(value).__module__ == "numpy" and hasattr(value, "tolist"):
        value = value.tolist()
    match value:
        case None | bool():
            return value
        case str():
            return str.__str__(value) if encodable(value) else problems.LoneSurrogate()
        case int():
            return int.__int__(value) if fits(value) else _large(value)
        case float():
            return float.__float__(value)
        case list() | tuple():
            return list(value)
        case Mapping():
            return _plain_keys(value)
    return problems.NoJsonValue(type(value).__name__)


def _plain_keys(value: Mapping[Any, Any]) -> dict[str, Any] | Problem:
    plain: dict[str, Any] = {}
    for key, inner in value.items():
        if not isinstance(key, str):
            return problems.NoStringKey(type(key).__name__)
        if not encodable(key):
            return problems.LoneSurrogate()
        plain[str.__str__(key)] = inner
    return plain


def _large(value: int) -> Problem:
    """The problem of an integer (printing one of a million digits takes long)."""
    bits = value.bit_length()
    if bits < 1000:
        return problems.LargeInteger.of(int.__repr__(value))
    return problems.LargeInteger(int(bits * math.log10(2)) + 1)


def _pointer(trail: Trail) -> str:
    path: list[str] = []
    while trail is not None:
        trail, key = trail
        path.append(str(key))
    return join(path[::-1])
