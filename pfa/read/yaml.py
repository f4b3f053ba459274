"""YAML 1.2 (core schema) to plain values, from PyYAML's events.

Place in the pipeline: text -> `Document`.  PyYAML's own constructors read YAML 1.1 (`on` is true, `12:30` is
750) and its composer recurses, in C, without a limit; its events are the grammar and nothing else, so what
they mean is decided here.  Invariant: the values are what JSON could have said: keys are strings, every alias
is a copy, no deeper than `Limits.nesting`, and nothing recurses.
"""

from __future__ import annotations

import re
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

from pfa.errors import PfaError, PfaLimitError, PfaSyntaxError, Problem, Where
from pfa.read import problems
from pfa.read.collector import paused
from pfa.read.scan import check_characters
from pfa.read.schema import resolve
from pfa.read.source import Document, Source, join
from pfa.read.text import encodable, line_column

if TYPE_CHECKING:
    from collections.abc import Iterator

    from pfa.limits import Limits

NO_CHARACTER = re.compile("[^\t\n\r\x20-\x7e\x85\xa0-\ud7ff\ue000-\ufffd\U00010000-\U0010ffff]")


@dataclass(slots=True)
class Place:
    """Where a value stands, and its members: the shape of the document without its values."""

    line: int
    col: int
    members: dict[str, tuple[int, int, Place]] = field(default_factory=dict)


@dataclass(slots=True)
class _Part:
    """A mapping or sequence, or anything that has an anchor.

    `nodes` and `height` are its own once it is `done`; a mapping's `key` is the one whose value comes next.
    """

    value: Any
    place: Place
    nodes: int = 1
    height: int = 0
    done: bool = True
    anchor: str | None = None
    key: str | None = None
    key_at: tuple[int, int] = (0, 0)


def parse(text: str, file: str, limits: Limits) -> Document:
    """Read one YAML document."""
    check_characters(text, file)
    builder = _Builder(file, limits)
    with paused():
        builder.read(text)
    value = builder.root.value
    source = Source(file, text, lambda again: YamlPlaces(again, limits), value, "yaml")
    return Document(value, source, True, builder.warnings(), builder.nesting)


class YamlPlaces:
    """Where values stand in one YAML text: it is read once more, keeping places."""

    def __init__(self, text: str, limits: Limits) -> None:
        builder = _Builder("", limits, places=True)
        builder.read(text)
        self._root = builder.root.place

    def place(self, path: list[str], key: bool) -> tuple[int, int]:
        here = self._root
        found = here.line, here.col
        for name in path:
            if name not in here.members:
                return here.line, here.col
            line, col, here = here.members[name]
            found = (line, col) if key else (here.line, here.col)
        return found


class _Builder:
    """Values from events, with a stack of its own."""

    def __init__(self, file: str, limits: Limits, places: bool = False) -> None:
        self.root = _Part(None, Place(0, 0))
        self.nesting = 0
        self._file, self._limits, self._places = file, limits, places
        self._stack: list[_Part] = []
        self._anchors: dict[str, _Part] = {}
        self._documents = self._nodes = self._aliased = 0
        self._warnings: list[Problem] = []
        self._infinite: list[Problem] = []

    def read(self, text: str) -> None:
        """Build the value of the one document that the text must hold."""
        for event in _events(text, self._file, self._limits):
            match type(event).__name__:
                case "ScalarEvent":
                    self._scalar(event)
                case "MappingStartEvent":
                    self._begin(event, {}, "mapping")
                case "SequenceStartEvent":
                    self._begin(event, [], "sequence")
                case "MappingEndEvent" | "SequenceEndEvent":
                    self._end()
                case "AliasEvent":
                    self._alias(event)
                case "DocumentStartEvent":
                    self._document(event)
        if not self._documents:
            raise PfaSyntaxError(problems.EmptyDocument(at=Where(file=self._file)))

    def warnings(self) -> list[Problem]:
        """What is doubtful in the text."""
        first = [problems.NonFinite(".nan or .inf", len(self._infinite), at=p.at) for p in self._infinite[:1]]
        return [*self._warnings, *first]

    def _document(self, event: Any) -> None:
        self._documents += 1
        if self._documents > 1:
            raise self._syntax(problems.ManyDocuments(), event)
        if event.version and tuple(event.version) < (1, 2):
            version = ".".join(map(str, event.version))
            self._warnings.append(problems.OldYaml(version, at=self._at(event)))

    def _scalar(self, event: Any) -> None:
        self._check_tag(event)
        if not encodable(event.value):  # libyaml sees to this, PyYAML's own parser does not
            raise self._syntax(problems.LoneSurrogate(), event)
        is_key = self._takes_key()
        value = event.value if is_key or not event.implicit[0] else self._resolved(event)
        if event.anchor is not None:
            self._anchors[event.anchor] = _Part(value, self._place(event))
        if is_key:
            self._key(value, event)
        else:
            self._count(1, event)
            self._add(value, self._place(event))

    def _begin(self, event: Any, value: Any, kind: str) -> None:
        self._check_tag(event)
        if self._takes_key():
            raise self._syntax(problems.NoScalarKey(kind), event)
        self._check_depth(1, event)
        self._count(1, event)
        part = _Part(value, self._place(event), self._nodes, done=False, anchor=event.anchor)
        if event.anchor is not None:
            self._anchors[event.anchor] = part
        self._add(value, part.place)
        self._stack.append(part)

    def _end(self) -> None:
        part = self._stack.pop()
        part.nodes = self._nodes - part.nodes + 1
        part.height += 1
        part.done = True
        if self._stack:
            self._stack[-1].height = max(self._stack[-1].height, part.height)

    def _alias(self, event: Any) -> None:
        """A copy of what the anchor names: documents may be changed in place."""
        part = self._anchors.get(event.anchor)
        if part is None:
            raise self._syntax(problems.NoSuchAnchor(event.anchor), event)
        if not part.done:
            raise self._syntax(problems.RecursiveAlias(event.anchor), event)
        if self._takes_key():
            if not isinstance(part.value, str):
                raise self._syntax(problems.NoScalarKey(_kind(part.value)), event)
            self._key(part.value, event)
            return
        self._check_depth(part.height, event)
        self._count(part.nodes, event)
        self._aliased += part.nodes
        if self._limits.anchors is not None and self._aliased > self._limits.anchors:
            raise PfaLimitError(problems.TooManyAliases(self._limits.anchors, at=self._at(event)))
        self._add(_copied(part.value), self._place(event, part.place))
        if self._stack:
            self._stack[-1].height = max(self._stack[-1].height, part.height)

    def _key(self, key: str, event: Any) -> None:
        around = self._stack[-1]
        if key in around.value:
            around.key = key
            raise self._syntax(problems.DuplicateKey(key), event)
        around.key = key
        around.key_at = event.start_mark.line + 1, event.start_mark.column + 1

    def _add(self, value: Any, place: Place) -> None:
        """Put a value where the next one goes."""
        if not self._stack:
            self.root = _Part(value, place)
            return
        around = self._stack[-1]
        if around.key is None:
            name, key_at = str(len(around.value)), (place.line, place.col)
            around.value.append(value)
        else:
            name, key_at = around.key, around.key_at
            around.value[name] = value
            around.key = None
        if self._places:
            around.place.members[name] = (*key_at, place)

    def _takes_key(self) -> bool:
        return bool(self._stack) and self._stack[-1].key is None and isinstance(self._stack[-1].value, dict)

    def _resolved(self, event: Any) -> Any:
        value = resolve(event.value)
        if isinstance(value, Problem):
            if not isinstance(value, problems.NonFinite):
                raise self._syntax(value, event)
            self._infinite.append(value.moved(self._at(event)))
            return float(value.token)
        return value

    def _check_tag(self, event: Any) -> None:
        if event.tag is not None:
            raise self._syntax(problems.ExplicitTag(event.tag.replace("tag:yaml.org,2002:", "!!")), event)

    def _check_depth(self, more: int, event: Any) -> None:
        depth = len(self._stack) + more
        if depth > self._limits.nesting:
            raise PfaLimitError(problems.TooDeep(self._limits.nesting, at=self._at(event)))
        self.nesting = max(self.nesting, depth)

    def _count(self, nodes: int, event: Any) -> None:
        self._nodes += nodes
        if self._limits.nodes is not None and self._nodes > self._limits.nodes:
            raise PfaLimitError(problems.TooManyNodes(self._limits.nodes, at=self._at(event)))

    def _place(self, event: Any, like: Place | None = None) -> Place:
        """A new place at an event (an alias has the members of what it repeats)."""
        if not self._places:
            return self.root.place
        place = Place(event.start_mark.line + 1, event.start_mark.column + 1)
        if like is not None:
            place.members = like.members
        return place

    def _syntax(self, problem: Problem, event: Any) -> PfaError:
        return PfaSyntaxError(problem.moved(self._at(event)))

    def _at(self, event: Any) -> Where:
        return Where(join(self._path()), event.start_mark.line + 1, event.start_mark.column + 1, self._file)

    def _path(self) -> list[str]:
        """The path of the value that comes next.  (The parts around its own are in their parents already.)"""
        path = []
        for part in self._stack:
            inmost = part is self._stack[-1]
            if isinstance(part.value, list):
                path.append(str(len(part.value) - (not inmost)))
            elif part.key is not None:
                path.append(part.key)
            elif not inmost:
                path.append(next(reversed(part.value)))
        return path


def _events(text: str, file: str, limits: Limits) -> Iterator[Any]:
    """PyYAML's events; its errors become problems."""
    import yaml  # 10 ms, which documents in JSON need not pay

    try:
        yield from yaml.parse(text, Loader=getattr(yaml, "CSafeLoader", yaml.SafeLoader))
        return
    except yaml.MarkedYAMLError as error:
        mark = error.problem_mark or error.context_mark
        line, col = (mark.line + 1, mark.column + 1) if mark else (0, 0)
        words = _words(error, text)
        if "maximum nesting depth" in words and limits.nesting <= 1000:  # libyaml looks ahead
            raise PfaLimitError(problems.TooDeep(limits.nesting, at=Where("", line, col, file))) from None
        problem = problems.BadYaml(words)
    except yaml.reader.ReaderError:
        problem = problems.BadYaml("a control character, which YAML does not allow")
        found = NO_CHARACTER.search(text)
        line, col = line_column(text, found.start() if found else 0)
    raise PfaSyntaxError(problem.moved(Where("", line, col, file)))


def _words(error: Any, text: str) -> str:
    """What libyaml says, where what it was scanning begins, and what to write instead if that is known."""
    words = str(error.problem or "malformed YAML")
    begin, end = error.context_mark, error.problem_mark
    if error.context:
        words += f" {error.context}"
        if begin and end and begin.line != end.line:
            words += f" that begins at {begin.line + 1}:{begin.column + 1}"
    return words + _remedy(words, text, begin if begin and error.context else end)


def _remedy(words: str, text: str, mark: Any) -> str:
    line = text.splitlines()[mark.line : mark.line + 1] if mark else []
    rest = line[0][mark.column :] if line else ""
    if "cannot start any token" in words and rest.lstrip(" ").startswith("\t"):
        return " (YAML is not indented with tabs)"
    if "mapping values are not allowed" in words:
        return "; text with a colon stands in quotes, members of one mapping begin in one column"
    if "cannot start any token" in words or re.search("scanning an? (alias|anchor|block scalar)", words):
        return f"; what begins with {rest.lstrip()[:1]} stands in quotes"
    return ""


def _kind(value: Any) -> str:
    kinds = {"dict": "mapping", "list": "sequence"}
    return kinds.get(type(value).__name__, "number, boolean or null")


def _copied(value: Any) -> Any:
    """A deep copy of lists and dicts."""
    todo: list[Any] = [root := [value]]
    while todo:
        around = todo.pop()
        for key, inner in list(enumerate(around) if isinstance(around, list) else around.items()):
            if isinstance(inner, (dict, list)):
                around[key] = copy = inner.copy()
                todo.append(copy)
    return root[0]
