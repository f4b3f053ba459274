"""re.* in compiled code: automata of constant patterns, and the answers of the python backend."""

import random
import struct
from bisect import bisect_right
from itertools import islice

import pytest

import pfa
from pfa.errors import PfaLimitError
from pfa.lib.regex_search import Regex
from pfa.lib.regex_syntax import BadPattern
from pfa.targets.kernel.automata import Budget, pattern_table

INTS = {"type": "array", "items": "int"}
PAIRS = {"type": "array", "items": INTS}
# What a function gives of texts of type T, and whether it takes a replacement.
FUNCTIONS = {
    "index": (INTS, False), "contains": ("boolean", False), "count": ("int", False), "rindex": (INTS, False),
    "indexall": (PAIRS, False), "findall": ({"type": "array", "items": "T"}, False),
    "findfirst": (["T", "null"], False), "split": ({"type": "array", "items": "T"}, False), "replacefirst": ("T", True),
    "replacelast": ("T", True), "replaceall": ("T", True),
}  # fmt: skip
GROUPED = {
    "groups": (PAIRS, False), "findgroupsfirst": ({"type": "array", "items": "T"}, False),
    "findgroupsall": ({"type": "array", "items": {"type": "array", "items": "T"}}, False),
    "groupsall": ({"type": "array", "items": PAIRS}, False),
}  # fmt: skip
PATTERNS = [
    "", "a*", "ab|abc?|c", r"\b\w+\b", "^a|b$", r"(a|b)*a(a|b){3}", "[^a]{2,3}", "[[:alpha:]]+", "(", r"\<a*",
    r"(\b\w+)( b?)?",
]  # fmt: skip
COUNT = 250


def typed(t, text):
    match t:
        case "T":
            return text
        case dict():
            return {k: typed(v, text) for k, v in t.items()}
        case list():
            return [typed(v, text) for v in t]
        case _:
            return t


def functions():
    made = {}
    for t in ("string", "bytes"):
        for i, pattern in enumerate(PATTERNS):
            some = {"indexall": FUNCTIONS["indexall"], "contains": FUNCTIONS["contains"]}
            for name, (ret, replaces) in (FUNCTIONS | GROUPED if i in (1, 3, 8, 10) else some).items():
                literal = {"string": pattern} if t == "string" else {"type": "bytes", "value": pattern}
                made[f"{name}_{t}_{i}"] = {
                    "params": [{"x": t}, {"y": t}], "ret": typed(ret, t),
                    "do": {f"re.{name}": ["x", literal, *(["y"] if replaces else [])]},
                }  # fmt: skip
    return made


def outcome(engine, name, args):
    try:
        return engine.call(name, *args)
    except pfa.PfaRuntimeError as error:
        return error.code, error.function


def text(r):
    letters = r.choice(["ab ", "abc_ .", "aab éλ", "aǅ𝛑. \u00a0", "ab\ud800"])
    return "".join(r.choice(letters) for _ in range(r.choice([0, 1, 3, 8, 30, 150])))


def test_functions():
    document = {"input": "null", "output": "null", "fcns": functions(), "action": None}
    engines = pfa.loads(document), pfa.loads(document, backend="numba", escape=False)
    r = random.Random(1)
    for name in document["fcns"]:
        for _ in range(8):
            args = [text(r).replace("\ud800", "c"), r.choice(["", "-", "<é>"])]
            if "_bytes_" in name:
                args = [x.encode("utf-8") for x in args]
            want, got = (outcome(e, name, args) for e in engines)
            assert want == got, (PATTERNS[int(name.rpartition("_")[2])], name, args)


def random_pattern(r, depth=1):
    arms = []
    for _ in range(r.choice([1, 1, 2, 3])):
        parts = []
        for _ in range(r.randrange(4)):
            kind = r.random()
            if kind < 0.15:
                parts.append(r.choice(["^", "$", r"\b", r"\B", r"\<", r"\>"]))
                continue
            if kind < 0.5 or depth == 0:
                part = r.choice(["a", "b", "c", "é", ".", " ", "[ab]", "[^a]", r"\w", r"\W", "[[:alpha:]]", r"[^\w]"])
            else:
                part = f"({random_pattern(r, depth - 1)})"
            parts.append(part + r.choice(["", "", "*", "+", "?", "{2}", "{1,3}", "{0,2}", "{2,}"]))
        arms.append("".join(parts))
    return "|".join(arms)


class Tables:
    """The automata, run as kernels do."""

    def __init__(self, pattern, binary):
        made = pattern_table(pattern, binary, Budget())
        if made is None:
            raise PfaLimitError(pattern)
        self.words = [x for (x,) in struct.iter_unpack("<I", made.data)]
        count, starts, self.classes, self.firsts, self.right, self.left, self.last, self.width = self.words[:8]
        self.starts = self.words[starts : starts + count]

    def class_of(self, char):
        found = self.words[self.classes + bisect_right(self.starts, ord(char)) - 1]
        assert ord(char) > 255 or self.words[12 + ord(char)] == found
        return found

    def begins(self, s):
        row, found = self.last, []
        for i in range(len(s), -1, -1):
            entry = self.words[self.left + row + (self.class_of(s[i - 1]) if i else self.width - 1)]
            found += [i] if entry & 1 else []
            row = entry >> 1
        return found[::-1]

    def end(self, s, begin):
        row = self.words[self.firsts + (self.class_of(s[begin - 1]) if begin else self.width - 1)]
        found = None
        for i in range(begin, len(s) + 1):
            entry = self.words[self.right + row + (self.class_of(s[i]) if i < len(s) else self.width - 1)]
            found = i if entry & 1 else found
            row = entry >> 1
        return found

    def matches(self, s):
        at, last = 0, -1
        begins = self.begins(s)
        while left := [i for i in begins if i >= at]:
            begin, end = left[0], self.end(s, left[0])
            if end > begin or end != last:
                yield begin, end
            last, at = end, max(end, begin + 1)


@pytest.mark.parametrize("binary", [False, True])
def test_automata_of_random_patterns(binary):
    r = random.Random(binary)
    good = 0
    for _ in range(COUNT):
        pattern = random_pattern(r)
        try:
            regex, tables = Regex(pattern, binary), Tables(pattern, binary)
            for _ in range(4):
                s = text(r)
                s = s.encode("utf-8", "replace").decode("latin-1") if binary else s
                haystack = s.encode("latin-1") if binary else s
                want = [tuple(m[:2]) for m in islice(regex.matches(haystack, lambda n: None), 40)]
                assert list(islice(tables.matches(s), 40)) == want, (pattern, s)
                good += 1
        except BadPattern:
            assert pattern_table(pattern, binary, Budget()).data == b""
        except PfaLimitError:  # of the table, or of the matcher that this is compared with
            continue
    assert good > 3 * COUNT


@pytest.mark.parametrize(
    "pattern",
    [r"(a)\1", "(a|b)*a(a|b){12}", "(" * 60 + "a" + ")" * 60, "a{1000}" * 3, ".{0,900}x", "(((a{1000})*){1000})*"],
)
def test_what_is_too_large_is_left_to_the_body(pattern):
    assert pattern_table(pattern, False, Budget()) is None


def test_the_patterns_of_a_document_have_one_budget():
    budget = Budget()
    found = [pattern_table(f".{{0,99}}x{'y' * i}", False, budget) for i in range(300)]
    assert found[0] is not None
    assert found[-1] is None


def test_a_search_that_is_quadratic_meets_the_limits():
    action = {"re.count": ["input", {"string": "a|a[^!]*b"}]}
    document = {"input": "string", "output": "int", "action": action}
    limits = pfa.Limits(steps=10_000_000)
    engine = pfa.loads(document, backend="numba", escape=False, limits=limits)
    assert engine.action("a" * 1000) == 1000
    with pytest.raises(PfaLimitError):
        engine.action("a" * 100_000)


def grouped_patterns(r, count):
    """Patterns whose groups kernels find."""
    while count:
        pattern = random_pattern(r)
        tables = [pattern_table(pattern, binary, Budget()) for binary in (False, True)]
        if "(" in pattern and all(t and t.data and t.grouped for t in tables):
            yield pattern
            count -= 1


def test_groups():
    patterns = [*grouped_patterns(random.Random(3), 12), "(a(b)?)?c", "^(a?)(b?)$", "(a)|(b)", "((a|b)c)"]
    literals = [{"string": p} for p in patterns] + [{"type": "bytes", "value": p} for p in patterns]
    functions = {}
    for i, literal in enumerate(literals):
        t = "string" if "string" in literal else "bytes"
        for name in ("groupsall", "findgroupsall", "groups", "findgroupsfirst") if i % 5 == 0 else ("groupsall",):
            ret = typed(GROUPED[name][0], t)
            functions[f"{name}_{t}_{i}"] = {"params": [{"x": t}], "ret": ret, "do": {f"re.{name}": ["x", literal]}}
    document = {"input": "null", "output": "null", "fcns": functions, "action": None}
    engines = pfa.loads(document), pfa.loads(document, backend="numba", escape=False)
    r = random.Random(4)
    for name in functions:
        for _ in range(12):
            x = text(r).replace("\ud800", "c")
            args = [x.encode() if "_bytes_" in name else x]
            want, got = (outcome(e, name, args) for e in engines)
            assert want == got, (literals[int(name.rpartition("_")[2])], name, args)


def test_what_goes_to_the_body():
    action = {"re.findgroupsfirst": ["input", {"string": "(a|ab)(c|bcd)(d*)"}]}
    document = {"input": "string", "output": {"type": "array", "items": "string"}, "action": action}
    assert pfa.loads(document, backend="numba").action("abcd") == ["abcd", "ab", "c", "d"]
    with pytest.raises(pfa.PfaCompileError):
        pfa.loads(document, backend="numba", escape=False)
    document = {"input": "string", "output": "int", "action": {"re.count": [{"string": "abab"}, "input"]}}
    engine = pfa.loads(document, backend="numba")
    assert [engine.action(p) for p in ("a", "ab", "x", ".")] == [2, 2, 0, 4]
