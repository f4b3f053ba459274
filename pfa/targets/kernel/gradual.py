"""State written into an engine's memory a little at a time: what `Instance.write` and `Memory.store` do, with pauses.

It is done between two actions of an engine that runs elsewhere meanwhile, so a value of a million parts must not be
written at once.  The order in which parts lie in memory is another than that of `Memory.store`, which nobody sees.
"""

from __future__ import annotations

from array import array
from itertools import count, repeat
from typing import TYPE_CHECKING, Any, TypeAlias

from pfa.targets.kernel.emitted import state_type
from pfa.targets.kernel.layout import SMALL, bare_branches
from pfa.types import Array, Map, Prim, Record, Type, Union

if TYPE_CHECKING:
    from collections.abc import Generator, Iterable, Iterator

    from pfa.ir import Program
    from pfa.targets.kernel.instance import Instance
    from pfa.targets.kernel.layout import Memory

FEW = 100  # parts between two pauses: some tenths of a millisecond
RUN = 4096  # numbers of an array between two pauses
NUMBERS = {"boolean": "q", "int": "q", "long": "q", "float": "d", "double": "d"}

_Part: TypeAlias = tuple[Type, int, Any]  # a type, the index of a word, the value that goes there


class Filling:
    """The state of an engine that does not run yet."""

    def __init__(self, instance: Instance) -> None:
        self.instance = instance
        self.places: dict[str, dict[str, int]] = {}  # of the items of each pool

    def fill(self, what: str, name: str, value: Any, keys: list[str] | None) -> Generator[None, None, None]:
        """Write a cell, a tally or a pool, or items of a pool that has been written."""
        if keys is not None:
            places = self.places[name]
            yield from self._put([(places[k], value[k]) for k in keys], state_type(self.program, "pool", name))
        elif what == "pool":
            yield from self._pool(name, value)
        else:
            yield from self._put([(self.instance.slot(what, name), value)], state_type(self.program, what, name))
        self.instance.settle()

    @property
    def program(self) -> Program:
        return self.instance.code.program

    def _put(self, parts: Iterable[tuple[int, Any]], t: Type) -> Generator[None, None, None]:
        i = self.instance
        m = i.keeping()
        maps: list[int] = []
        m.maps = maps
        yield from write(m, ((t, at, v) for at, v in parts))
        i.kept()
        m.maps = None
        for at in maps:
            i.unlimited("index_map", [at])
            yield

    def _pool(self, name: str, value: dict[str, Any]) -> Generator[None, None, None]:
        """A pool from the beginning: its pairs, then its hash table."""
        i, n = self.instance, len(value)
        i.write("pool", name, {})
        q, at = i.q, i.q[i.slot("pool", name)]
        m = i.keeping()
        pairs = m.take(16 * max(1, n))
        i.kept()
        q[at >> 3] = pairs
        q[(at >> 3) + 1] = q[(at >> 3) + 2] = q[(at >> 3) + 5] = n
        yield from self._put(enumerate_pairs(m, pairs >> 3, value), state_type(self.program, "pool", name))
        i.unlimited("rehash", [at])
        yield
        first = q[at >> 3] >> 3
        places = self.places[name] = {}
        for j in range(first, first + 2 * q[(at >> 3) + 1], 2):
            if q[j]:
                places[m.raw(q[j]).decode("utf-8", "surrogatepass")] = j + 1
            if j % (2 * FEW) == 0:
                yield


def write(m: Memory, parts: Iterable[_Part]) -> Generator[None, None, None]:
    """Write values of types into the words of indices."""
    todo: list[Iterator[_Part]] = [iter(parts)]
    done = 0
    while todo:
        part = next(todo[-1], None)
        if part is None:
            todo.pop()
            continue
        inside = _written(m, *part)
        if inside is not None:
            todo.append(inside)
        elif isinstance(part[0], Array):
            yield from _numbers(m, part[0], *part[1:])
        done += 1
        if done % FEW == 0:
            yield


def _written(m: Memory, t: Type, i: int, v: Any) -> Iterator[_Part] | None:
    """Write a value but for its parts, which are what is given; also numbers of an array are not written."""
    match t:
        case Array(items):
            data = m.buffer(len(v) * 8)
            m.q[i] = m.header(data, len(v))
            numbers = isinstance(items, Prim) and items.name in NUMBERS
            return None if numbers else zip(repeat(items), count(data >> 3), v)
        case Map(values):
            data = m.buffer(len(v) * 16)
            m.q[i] = m.header(data, len(v))
            if m.maps is not None and len(v) > SMALL:
                m.maps.append(m.q[i])
            return ((values, at, x) for at, x in enumerate_pairs(m, data >> 3, v))
        case Record():
            m.q[i] = at = m.take(8 * max(1, len(t.fields)))
            return zip((f.type for f in t.fields), count(at >> 3), (v[f.name] for f in t.fields))
        case Union() if v is not None:
            branch = bare_branches(t).get(v.__class__)
            if branch is None:
                branch, v = t.by_tag[v[0]], v[1]
            m.q[i] = at = m.take(16)
            m.q[at >> 3] = m.tag(branch)
            return iter([(branch, (at >> 3) + 1, v)])
        case _:
            m.store(t)(i, v)
            return None


def enumerate_pairs(m: Memory, j: int, v: dict[str, Any]) -> Iterator[tuple[int, Any]]:
    """Write the keys of a map, and give the place of each value."""
    for key, x in v.items():
        m.q[j] = m.string(key)
        yield j + 1, x
        j += 2


def _numbers(m: Memory, t: Array, i: int, v: list[Any]) -> Generator[None, None, None]:
    assert isinstance(t.items, Prim)
    code = NUMBERS[t.items.name]
    words = m.d if code == "d" else m.q
    start = m.q[m.q[i] >> 3] >> 3
    for at in range(0, len(v), RUN):
        piece = array(code, v[at : at + RUN])
        words[start + at : start + at + len(piece)] = memoryview(piece)
        if len(v) > RUN:
            yield


def size(value: Any, most: int) -> int:
    """About how many parts a host value has; no more are counted than it takes to see that they are many."""
    found, todo = 0, [value]
    while todo and found < most:
        v = todo.pop()
        found += 1
        if isinstance(v, dict):
            found += len(v)
            todo += list(v.values())[:most]
        elif isinstance(v, (list, tuple)):
            if v and isinstance(v[0], (int, float)):
                found += len(v) >> 3
            else:
                todo += v[:most]
        elif isinstance(v, (str, bytes)):
            found += len(v) >> 10
    return found
