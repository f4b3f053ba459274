"""A regular expression ready to be searched for, by RE2 or by our own matcher, and the walk from match to match."""

from __future__ import annotations

from functools import cached_property
from typing import TYPE_CHECKING, Any

from pfa.errors import PfaLimitError
from pfa.lib.regex_match import Matcher, Text
from pfa.lib.regex_re2 import NotForRe2, compiled, exact
from pfa.lib.regex_syntax import At, Node, parse

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Iterator

    from pfa.lib.define import Charge

Spans = tuple[int, ...]  # begin and end of the match, then of each group; -1 where a group has not matched

# RE2 is linear, at worst 3 ns for a byte and an instruction of the program; one search cannot be interrupted.
WORK_MAX = 20_000_000_000


class Regex:
    """A parsed pattern; `binary` where it is for bytes (given as the characters 0 to 255)."""

    def __init__(self, pattern: str, binary: bool) -> None:
        self.pattern = parse(pattern)
        self.binary = binary
        self.exact = exact(self.pattern.root)
        self.words = _asks_for_words(self.pattern.root)

    @cached_property
    def matcher(self) -> Matcher:
        """Our own matcher of it."""
        return Matcher(self.pattern, self.binary)

    @cached_property
    def plain(self) -> Any:
        """RE2's, which does not look at groups; None where it is not for RE2."""
        return self.compiled(captures=False)

    @cached_property
    def capturing(self) -> Any:
        """RE2's with its groups; None where it is not for RE2."""
        return self.compiled(captures=True)

    def compiled(self, captures: bool) -> Any:
        try:
            return compiled(self.pattern.root, self.binary, captures)
        except NotForRe2:
            return None

    def matches(self, haystack: str | bytes, charge: Charge, *, grouped: bool = False) -> Iterator[Spans]:
        """The matches from left to right, without overlap; the spans of the groups where `grouped`.

        An empty match right after another match is none (as in sed): a* is twice in "baac", before b and before c
        at the end, and once as aa.
        """
        grouped = grouped and self.pattern.groups > 0
        data = haystack if isinstance(haystack, bytes) else haystack.encode("utf-8", "surrogatepass")
        charge(len(data) // 4 + 1)
        # RE2's \b knows ASCII only.
        if (self.words and not haystack.isascii()) or self.plain is None:
            found = self.ours(haystack, charge)
            return found if grouped else (match[:2] for match in found)
        return self.by_re2(haystack, data, charge, grouped)

    def ours(self, haystack: str | bytes, charge: Charge) -> Iterator[Spans]:
        text = Text(_text(haystack), charge)
        return _walk(lambda at: self.matcher.search(text, at), lambda at: at + 1, text.end)

    def by_re2(self, haystack: str | bytes, data: bytes, charge: Charge, grouped: bool) -> Iterator[Spans]:
        regex = self.capturing if grouped and self.exact else self.plain
        size, program = len(data), regex.programsize
        if size * program > WORK_MAX:
            raise PfaLimitError("a text is too long for so large a regular expression")
        search, groups = regex.search, range(regex.groups + 1)

        def find(at: int) -> Spans | None:
            charge((size - at) // 1024 + len(groups))
            found = search(data, at)
            return found and tuple(i for g in groups for i in found.span(g))

        raw = _walk(find, lambda at: _next_character(data, at, self.binary), size)
        spans = raw if size == len(haystack) else _in_characters(raw, data)
        return self.divided(spans, haystack, charge) if grouped and not self.exact else spans

    def divided(self, matches: Iterable[Spans], haystack: str | bytes, charge: Charge) -> Iterator[Spans]:
        """Matches of RE2 with their groups as POSIX has them."""
        text = Text(_text(haystack), charge)
        return (self.matcher.divide(text, begin, end) for begin, end in matches)


def _text(haystack: str | bytes) -> str:
    return haystack if isinstance(haystack, str) else haystack.decode("latin-1")


def _walk(find: Callable[[int], Spans | None], after: Callable[[int], int], size: int) -> Iterator[Spans]:
    at, last = 0, -1
    while at <= size and (found := find(at)):
        begin, end = found[:2]
        if begin == end == last:
            at = after(end)
            continue
        yield found
        last = end
        at = end if end > begin else after(end)


def _next_character(data: bytes, at: int, binary: bool) -> int:
    at += 1
    while not binary and at < len(data) and data[at] & 0xC0 == 0x80:
        at += 1
    return at


def _in_characters(matches: Iterable[Spans], data: bytes) -> Iterator[Spans]:
    """Spans of bytes of UTF-8 as spans of characters; the text is decoded once, piece by piece."""
    byte = char = 0
    for match in matches:
        places = {-1: -1}
        for i in sorted(set(match) - {-1}):
            char += len(data[byte:i].decode("utf-8", "surrogatepass"))
            byte = i
            places[i] = char
        yield tuple(places[i] for i in match)


def _asks_for_words(root: Node) -> bool:
    r"""Is there a \b or the like in it?"""
    stack: list[Any] = [root]
    while stack:
        node = stack.pop()
        if isinstance(node, At) and node.place.startswith("\\"):
            return True
        stack.extend(getattr(node, "items", getattr(node, "arms", ())))
        stack.extend([node.body] if hasattr(node, "body") else [])
    return False
