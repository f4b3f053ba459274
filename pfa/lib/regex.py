r"""re.*: regular expressions, POSIX extended (see `pfa.lib.regex_syntax`), over strings and over bytes.

Matches are leftmost-longest and do not overlap.  Of strings, indexes count characters and the classes ([:alpha:], \w)
know Unicode; of bytes, indexes count bytes and the classes know ASCII.  Every search is linear in the text, except
with back-references: these have a budget of steps.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, AnyStr

from pfa.lib.define import Charge, Fail, Site, define
from pfa.lib.regex_search import Regex, Spans
from pfa.lib.regex_syntax import BadPattern

if TYPE_CHECKING:
    from collections.abc import Iterator

_KEPT = 32  # parsed patterns of one call


def _matches(
    haystack: str | bytes,
    pattern: str | bytes,
    site: Site,
    fail: Fail,
    charge: Charge,
    *,
    grouped: bool = False,
) -> Iterator[Spans]:
    regex: Regex | None = site.cache.get(pattern)
    if regex is None:
        regex = _parsed(pattern, fail, charge)
        if len(site.cache) >= _KEPT:
            site.cache.clear()
        site.cache[pattern] = regex
    return regex.matches(haystack, charge, grouped=grouped)


def _parsed(pattern: str | bytes, fail: Fail, charge: Charge) -> Regex:
    charge(len(pattern) + 1)
    try:
        if isinstance(pattern, str):
            return Regex(pattern, binary=False)
        return Regex(pattern.decode("latin-1"), binary=True)
    except BadPattern:
        return fail("bad pattern")


def _last(matches: Iterator[Spans]) -> Spans | None:
    last = None
    for last in matches:  # noqa: B007
        pass
    return last


def _pairs(match: Spans) -> list[list[int]]:
    return [list(match[i : i + 2]) for i in range(0, len(match), 2)]


def _parts(haystack: AnyStr, match: Spans, charge: Charge) -> list[AnyStr]:
    parts = [haystack[max(match[i], 0) : max(match[i + 1], 0)] for i in range(0, len(match), 2)]
    charge(sum(map(len, parts)) // 4)
    return parts


def _replaced(haystack: AnyStr, match: Spans | None, replacement: AnyStr) -> AnyStr:
    return haystack if match is None else haystack[: match[0]] + replacement + haystack[match[1] :]


@define(
    "re.index",
    "(haystack: string, pattern: string) -> array(int)",
    "(haystack: bytes, pattern: bytes) -> array(int)",
    errors={"bad pattern": 35000},
)
def index(haystack: AnyStr, pattern: AnyStr, *, site: Site, fail: Fail, charge: Charge) -> list[int]:
    """Return where the first match begins and ends, or an empty array.

    re.index("hello", "l+") -> [2, 4]
    re.index("hello", "x") -> []
    re.index("hello", "(") -> error 35000
    """
    return list(next(_matches(haystack, pattern, site, fail, charge), ()))


@define(
    "re.contains",
    "(haystack: string, pattern: string) -> boolean",
    "(haystack: bytes, pattern: bytes) -> boolean",
    errors={"bad pattern": 35010},
)
def contains(haystack: AnyStr, pattern: AnyStr, *, site: Site, fail: Fail, charge: Charge) -> bool:
    r"""Return true if there is a match anywhere.

    re.contains("hello", "(.)\\1") -> true
    re.contains("hello", "^l") -> false
    re.contains("hello", "[a-") -> error 35010
    """
    return next(_matches(haystack, pattern, site, fail, charge), None) is not None


@define(
    "re.count",
    "(haystack: string, pattern: string) -> int",
    "(haystack: bytes, pattern: bytes) -> int",
    errors={"bad pattern": 35020},
)
def count(haystack: AnyStr, pattern: AnyStr, *, site: Site, fail: Fail, charge: Charge) -> int:
    """Return how many matches there are, without overlap.

    re.count("one, two; three", "[[:punct:]] *") -> 2
    re.count("hello", "*") -> error 35020
    """
    return sum(1 for _ in _matches(haystack, pattern, site, fail, charge))


@define(
    "re.rindex",
    "(haystack: string, pattern: string) -> array(int)",
    "(haystack: bytes, pattern: bytes) -> array(int)",
    errors={"bad pattern": 35030},
)
def rindex(haystack: AnyStr, pattern: AnyStr, *, site: Site, fail: Fail, charge: Charge) -> list[int]:
    """Return where the last match begins and ends, or an empty array.

    Matches are found from the left, so in "eee" the only match of "e{2}" is the first two.

    re.rindex("banana", "an") -> [3, 5]
    re.rindex("eee", "e{2}") -> [0, 2]
    re.rindex("banana", "a{2") -> error 35030
    """
    return list(_last(_matches(haystack, pattern, site, fail, charge)) or ())


@define(
    "re.groups",
    "(haystack: string, pattern: string) -> array(array(int))",
    "(haystack: bytes, pattern: bytes) -> array(array(int))",
    errors={"bad pattern": 35040},
)
def groups(haystack: AnyStr, pattern: AnyStr, *, site: Site, fail: Fail, charge: Charge) -> list[list[int]]:
    """Return where the first match begins and ends, then where each group of it does, or an empty array.

    A group that took no part in the match is at -1, -1.

    re.groups("12 abc", "([0-9]+) ([a-z]+)") -> [[0, 6], [0, 2], [3, 6]]
    re.groups("b", "(a)|(b)") -> [[0, 1], [-1, -1], [0, 1]]
    re.groups("hello", "x") -> []
    re.groups("hello", "h(") -> error 35040
    """
    return _pairs(next(_matches(haystack, pattern, site, fail, charge, grouped=True), ()))


@define(
    "re.indexall",
    "(haystack: string, pattern: string) -> array(array(int))",
    "(haystack: bytes, pattern: bytes) -> array(array(int))",
    errors={"bad pattern": 35050},
)
def indexall(haystack: AnyStr, pattern: AnyStr, *, site: Site, fail: Fail, charge: Charge) -> list[list[int]]:
    """Return where each match begins and ends.

    re.indexall("banana", "an") -> [[1, 3], [3, 5]]
    re.indexall("banana", "[[:vowel:]]") -> error 35050
    """
    return [list(match) for match in _matches(haystack, pattern, site, fail, charge)]


@define(
    "re.findall",
    "(haystack: string, pattern: string) -> array(string)",
    "(haystack: bytes, pattern: bytes) -> array(bytes)",
    errors={"bad pattern": 35060},
)
def findall(haystack: AnyStr, pattern: AnyStr, *, site: Site, fail: Fail, charge: Charge) -> list[AnyStr]:
    r"""Return what each match is.

    re.findall("one two three", "[a-z]+") -> ["one", "two", "three"]
    re.findall("hello", "\\") -> error 35060
    """
    return [haystack[begin:end] for begin, end in _matches(haystack, pattern, site, fail, charge)]


@define(
    "re.findfirst",
    "(haystack: string, pattern: string) -> union(string, null)",
    "(haystack: bytes, pattern: bytes) -> union(bytes, null)",
    errors={"bad pattern": 35070},
)
def findfirst(haystack: AnyStr, pattern: AnyStr, *, site: Site, fail: Fail, charge: Charge) -> AnyStr | None:
    """Return what the first match is, or null.

    The match is the longest that begins there, whichever alternative comes first.

    re.findfirst("one two three", "t[a-z]+") -> {"string": "two"}
    re.findfirst("foobar", "foo|foobar") -> {"string": "foobar"}
    re.findfirst("hello", "x") -> null
    re.findfirst("hello", "a{3,2}") -> error 35070
    """
    found = next(_matches(haystack, pattern, site, fail, charge), None)
    return None if found is None else haystack[found[0] : found[1]]


@define(
    "re.findgroupsfirst",
    "(haystack: string, pattern: string) -> array(string)",
    "(haystack: bytes, pattern: bytes) -> array(bytes)",
    errors={"bad pattern": 35080},
)
def findgroupsfirst(
    haystack: AnyStr, pattern: AnyStr, *, site: Site, fail: Fail, charge: Charge
) -> list[AnyStr]:
    r"""Return what the first match is, then what each group of it is (empty if it took no part), or an empty array.

    re.findgroupsfirst("12 abc", "([0-9]+) ([a-z]+)") -> ["12 abc", "12", "abc"]
    re.findgroupsfirst("b", "(a)|(b)") -> ["b", "", "b"]
    re.findgroupsfirst("hello", "x") -> []
    re.findgroupsfirst("hello", "\\1(l)") -> error 35080
    """
    match = next(_matches(haystack, pattern, site, fail, charge, grouped=True), ())
    return _parts(haystack, match, charge)


@define(
    "re.findgroupsall",
    "(haystack: string, pattern: string) -> array(array(string))",
    "(haystack: bytes, pattern: bytes) -> array(array(bytes))",
    errors={"bad pattern": 35090},
)
def findgroupsall(
    haystack: AnyStr, pattern: AnyStr, *, site: Site, fail: Fail, charge: Charge
) -> list[list[AnyStr]]:
    """Return, of each match, what it is and what each group of it is (empty if it took no part).

    re.findgroupsall("a=1 b=2", "([a-z])=([0-9])") -> [["a=1", "a", "1"], ["b=2", "b", "2"]]
    re.findgroupsall("a=1 b=2", "(?:a)") -> error 35090
    """
    matches = _matches(haystack, pattern, site, fail, charge, grouped=True)
    return [_parts(haystack, match, charge) for match in matches]


@define(
    "re.groupsall",
    "(haystack: string, pattern: string) -> array(array(array(int)))",
    "(haystack: bytes, pattern: bytes) -> array(array(array(int)))",
    errors={"bad pattern": 35100},
)
def groupsall(
    haystack: AnyStr, pattern: AnyStr, *, site: Site, fail: Fail, charge: Charge
) -> list[list[list[int]]]:
    """Return, of each match, where it begins and ends and where each group of it does (-1, -1 if it took no part).

    re.groupsall("a=1 b=2", "([a-z])=([0-9])") -> [[[0, 3], [0, 1], [2, 3]], [[4, 7], [4, 5], [6, 7]]]
    re.groupsall("a=1 b=2", "[b-a]") -> error 35100
    """
    return [_pairs(match) for match in _matches(haystack, pattern, site, fail, charge, grouped=True)]


@define(
    "re.replacefirst",
    "(haystack: string, pattern: string, replacement: string) -> string",
    "(haystack: bytes, pattern: bytes, replacement: bytes) -> bytes",
    errors={"bad pattern": 35110},
    cost="(len(haystack)+len(replacement))//4+1",
)
def replacefirst(
    haystack: AnyStr, pattern: AnyStr, replacement: AnyStr, *, site: Site, fail: Fail, charge: Charge
) -> AnyStr:
    """Return the text with `replacement`, as it is, for the first match.

    re.replacefirst("one two three", "[a-z]+", "four") -> "four two three"
    re.replacefirst("one two three", "x", "four") -> "one two three"
    re.replacefirst("one two three", "(", "four") -> error 35110
    """
    found = next(_matches(haystack, pattern, site, fail, charge), None)
    return _replaced(haystack, found, replacement)


@define(
    "re.replacelast",
    "(haystack: string, pattern: string, replacement: string) -> string",
    "(haystack: bytes, pattern: bytes, replacement: bytes) -> bytes",
    errors={"bad pattern": 35120},
    cost="(len(haystack)+len(replacement))//4+1",
)
def replacelast(
    haystack: AnyStr, pattern: AnyStr, replacement: AnyStr, *, site: Site, fail: Fail, charge: Charge
) -> AnyStr:
    """Return the text with `replacement`, as it is, for the last match.

    re.replacelast("one two three", "[a-z]+", "four") -> "one two four"
    re.replacelast("one two three", "(", "four") -> error 35120
    """
    found = _last(_matches(haystack, pattern, site, fail, charge))
    return _replaced(haystack, found, replacement)


@define(
    "re.split",
    "(haystack: string, pattern: string) -> array(string)",
    "(haystack: bytes, pattern: bytes) -> array(bytes)",
    errors={"bad pattern": 35130},
)
def split(haystack: AnyStr, pattern: AnyStr, *, site: Site, fail: Fail, charge: Charge) -> list[AnyStr]:
    """Return the parts of the text between the matches: one more than there are matches.

    re.split("one, two;three", "[,;] *") -> ["one", "two", "three"]
    re.split("hello", "x") -> ["hello"]
    re.split("hello", "+") -> error 35130
    """
    parts, at = [], 0
    for begin, end in _matches(haystack, pattern, site, fail, charge):
        parts.append(haystack[at:begin])
        at = end
    parts.append(haystack[at:])
    return parts


@define(
    "re.replaceall",
    "(haystack: string, pattern: string, replacement: string) -> string",
    "(haystack: bytes, pattern: bytes, replacement: bytes) -> bytes",
    errors={"bad pattern": 35140},
)
def replaceall(
    haystack: AnyStr, pattern: AnyStr, replacement: AnyStr, *, site: Site, fail: Fail, charge: Charge
) -> AnyStr:
    """Return the text with `replacement`, as it is, for every match.

    re.replaceall("one two three", "[aeiou]", "-") -> "-n- tw- thr--"
    re.replaceall("one two three", "(", "-") -> error 35140
    """
    parts = split(haystack, pattern, site=site, fail=fail, charge=charge)
    charge(len(parts) * len(replacement) // 4)
    return replacement.join(parts)
