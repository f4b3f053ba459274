"""re.*: the syntax, which match and which groups, and patterns that mean harm."""

import random
import re
import time

import pytest

from pfa.errors import PfaLimitError, PfaRuntimeError
from pfa.lib.define import Site
from pfa.lib.regex_match import Text
from pfa.lib.regex_search import Regex
from pfa.lib.regex_syntax import BadPattern
from pfa.lib.table import lookup
from pfa.types import BYTES, NULL, STRING


def free(n):
    """Nobody counts."""


def call(name, *args, charge=free, site=None):
    kind = BYTES if isinstance(args[0], bytes) else STRING
    return lookup(name).impl(*args, site=site or Site(name, (kind,) * len(args), NULL), charge=charge)


# What RE2, POSIX and grep agree on, and where they do not, POSIX.
FIRST = [
    ("abc", "xabcx", [1, 4]),
    ("", "abc", [0, 0]),
    ("a|", "b", [0, 0]),
    ("()", "b", [0, 0]),
    (".", "\n", [0, 1]),
    ("a.c", "a\nc", [0, 3]),
    ("^b", "a\nb", []),
    ("a$", "a\nb", []),
    ("^$", "", [0, 0]),
    ("x^", "x^", []),
    ("ab*", "abbb", [0, 4]),
    ("ab+", "a", []),
    ("ab?c", "ac", [0, 2]),
    ("a{2}", "aaa", [0, 2]),
    ("a{2,}", "aaaa", [0, 4]),
    ("a{1,2}", "aaa", [0, 2]),
    ("a{,2}b", "aaab", [1, 4]),
    ("a{0}b", "ab", [1, 2]),
    ("a**", "aaa", [0, 3]),
    ("a+?", "aaa", [0, 3]),  # not "as few as possible": a repeat of a repeat
    ("(ab){2}", "ababab", [0, 4]),
    ("foo|foobar", "foobar", [0, 6]),
    ("(a|ab)(c|bcd)", "abcd", [0, 4]),
    ("a)", "a)", [0, 2]),
    ("a}", "a}", [0, 2]),
    ("]", "]", [0, 1]),
    ("[]a]+", "]a]", [0, 3]),
    ("[^]a]", "]ab", [2, 3]),
    ("[a-]+", "-a-", [0, 3]),
    ("[-a]+", "-a-", [0, 3]),
    ("[%--]+", "%&-.", [0, 3]),
    (r"[\n]+", "n\\\n", [0, 2]),
    ("[a^]+", "^a", [0, 2]),
    ("[[:alpha:]_]+", "1ab_2", [1, 4]),
    ("[^[:space:]]+", " ab ", [1, 3]),
    ("[[:digit:][:punct:]]+", "a1,2b", [1, 4]),
    ("[[.-.]a]+", "-a", [0, 2]),
    ("[[=a=]]", "a", [0, 1]),
    ("[[.a.]-c]+", "abcd", [0, 3]),
    (r"\.\*\[\\", r"x.*[\ ", [1, 5]),
    (r"a\{2}", "a{2}", [0, 4]),
    (r"\t\n", "a\t\n", [1, 3]),
    (r"\w+", "-ab_1-", [1, 5]),
    (r"\W+\S\s\D\d", "a--b cd1", []),
    (r"\W+\S\s\D\d", "a--b c1", [1, 7]),
    (r"\bb", "ab b", [3, 4]),
    (r"\Bb", "b ab", [3, 4]),
    (r"\<[a-z]+\>", "ab cd", [0, 2]),
    (r"(.)\1", "hello", [2, 4]),
    (r"(a)(b)?\2", "ab", []),  # a group that has not matched is equal to nothing
    (r"(a*)b\1", "aabaa", [0, 5]),
    (r"(a|ab)(b*)\1", "abbab", [0, 5]),
    (r"(.)(.)\2\1", "xabbay", [1, 5]),
]


@pytest.mark.parametrize(("pattern", "text", "span"), FIRST)
def test_first_match(pattern, text, span):
    assert call("re.index", text, pattern) == span
    assert call("re.index", text.encode(), pattern.encode()) == span


BAD = [
    "(", "(a", "*", "+a", "?", "(*a)", "a|*b", "^*", "(?:a)", "(?i)a", "\\", r"\1", r"(a\1)", r"\2(a)", r"\0",
    "{1}", "a{", "a{x}", "a{}", "a{,}", "a{1", "a{1,2", "a{2,1}", "a{1001}", "a{999999999}", "a{2}{3}",
    "a*{2}", "[", "[a", "[]", "[^]", "[b-a]", "[[:alpha:]", "[[:alpha]]", "[[:foo:]]", "[a-[:digit:]]",
    "[[.ab.]]", "[[=", r"\q", r"\p{L}", r"\z",
]  # fmt: skip


@pytest.mark.parametrize("pattern", BAD)
def test_bad_pattern(pattern):
    with pytest.raises(PfaRuntimeError, match="bad pattern") as caught:
        call("re.contains", "text", pattern)
    assert caught.value.code == 35010
    assert isinstance(caught.value.__context__, BadPattern)


GROUPS = [
    ("(a|ab)(c|bcd)(d*)", "abcd", [[0, 4], [0, 2], [2, 3], [3, 4]]),
    ("(a*)(ab)*(b*)", "abb", [[0, 3], [0, 1], [-1, -1], [1, 3]]),
    ("((a)|(b))*", "ab", [[0, 2], [1, 2], [-1, -1], [1, 2]]),
    ("(a*)*", "b", [[0, 0], [0, 0]]),
    ("(a*)+", "b", [[0, 0], [0, 0]]),
    ("(a|b)*", "c", [[0, 0], [-1, -1]]),
    ("(a)|b", "b", [[0, 1], [-1, -1]]),
    ("(foo|foobar)(bar)?", "foobar", [[0, 6], [0, 6], [-1, -1]]),
    ("(.*)=(.*)", "a=b=c", [[0, 5], [0, 3], [4, 5]]),
    ("(a{2}|a)*", "aaa", [[0, 3], [2, 3]]),
    ("((.)(.))*", "abcd", [[0, 4], [2, 4], [2, 3], [3, 4]]),
    (r"((a)|b)*\2", "abaa", [[0, 4], [2, 3], [2, 3]]),
]


@pytest.mark.parametrize(("pattern", "text", "spans"), GROUPS)
def test_groups_are_those_of_posix(pattern, text, spans):
    assert call("re.groups", text, pattern) == spans


def test_indexes_of_strings_count_characters_and_of_bytes_bytes():
    assert call("re.indexall", "été \U0001d4b3 été", "[[:alpha:]]+") == [[0, 3], [4, 5], [6, 9]]
    assert call("re.groupsall", "é=1 ü=22", "(.)=([0-9]+)") == [
        [[0, 3], [0, 1], [2, 3]],
        [[4, 8], [4, 5], [6, 8]],
    ]
    assert call("re.findgroupsall", "aé éa", "(a|aé)(.)") == [["aé ", "aé", " "]]
    assert call("re.indexall", "é".encode(), b".") == [[0, 1], [1, 2]]
    assert call("re.index", b"\xff\x80\x00", b"\x80") == [1, 2]
    assert call("re.index", b"\x00\xff", b"[\x80-\xff]") == [1, 2]
    assert call("re.index", "a\ud800b", ".b") == [1, 3]


def test_letters_of_strings_are_unicode_and_of_bytes_ascii():
    assert call("re.findall", "Öl, été", r"\w+") == ["Öl", "été"]
    assert call("re.findall", "un été", r"\b[[:alpha:]]+\b") == ["un", "été"]
    assert call("re.contains", "été", r"t\b") is False
    assert call("re.findall", "Öl".encode("latin-1"), rb"\w+") == [b"l"]


def test_empty_matches_do_not_touch_the_match_before():
    assert call("re.indexall", "baac", "a*") == [[0, 0], [1, 3], [4, 4]]
    assert call("re.replaceall", "baac", "a*", "-") == "-b-c-"
    assert call("re.split", "éa", "") == ["", "é", "a", ""]
    assert call("re.indexall", "ab", r"(x*)\1") == [[0, 0], [1, 1], [2, 2]]


def test_a_replacement_is_literal():
    assert call("re.replacefirst", "ab", "(a)", r"\1\\") == r"\1\\b"
    assert call("re.replacelast", b"abab", b"a", b"$1") == b"ab$1b"


def random_pattern(depth):
    kind = random.random()
    if depth == 0 or kind < 0.35:
        return random.choice(["a", "b", "c", ".", "[ab]", "[^a]"])
    if kind < 0.55:
        return random_pattern(depth - 1) + random_pattern(depth - 1)
    if kind < 0.7:
        return f"({random_pattern(depth - 1)}|{random_pattern(depth - 1)})"
    return f"({random_pattern(depth - 1)}){random.choice(['', '', '*', '+', '?', '{2}', '{1,2}', '{2,}'])}"


def test_both_matchers_agree():
    """RE2's spans are ours, and so are its groups where it is trusted with them."""
    random.seed(27)
    trusted = 0
    for _ in range(1500):
        regex = Regex(random_pattern(random.randint(1, 4)), binary=False)
        text = "".join(random.choices("abc", k=random.randint(0, 8)))
        ours = regex.matcher.search(Text(text, free), 0)
        theirs = regex.plain.search(text.encode())
        assert (ours and ours[:2]) == (theirs and theirs.span()), (regex.pattern, text)
        if ours:
            assert regex.matcher.divide(Text(text, free), *ours[:2]) == ours
        if ours and regex.exact:
            trusted += 1
            found = regex.capturing.search(text.encode())
            spans = tuple(i for g in range(regex.pattern.groups + 1) for i in found.span(g))
            assert spans == ours, (regex.pattern, text)
    assert trusted > 500


def test_back_references_are_found_where_python_finds_them():
    random.seed(28)
    for _ in range(1500):
        pattern, groups = "", 0
        for _ in range(random.randint(1, 5)):
            if groups and random.random() < 0.4:
                pattern += f"\\{random.randint(1, groups)}" + random.choice(["", "*", "?"])
            else:
                part = random.choice(["a", "b", ".", "a*", "(a|b)", "(ab?)", "([ab]*)", "(.)", "(a+)"])
                pattern += part
                groups += part.count("(")
        text = "".join(random.choices("ab", k=random.randint(0, 9)))
        ours, theirs = call("re.index", text, pattern), re.search(pattern, text)
        assert bool(ours) == bool(theirs), (pattern, text)
        if theirs:  # where it begins is the same; ours is the longest
            assert ours[0] == theirs.start()
            assert ours[1] >= theirs.end()


LINEAR = [
    ("(a*)*b", "a" * 200_000),
    ("(a|aa)+$", "a" * 200_000 + "b"),
    ("(x+x+)+y", "x" * 200_000),
    ("(a?){100}a{100}", "a" * 100),
    ("((((((a*)*)*)*)*)*)*b", "a" * 200_000),
    ("(.*)(.*)(.*)(.*)(.*)(.*)[0-9]", "x" * 100_000),
    ("((a|ab)*)(.*)", "ab" * 20_000),
    (r"(.)\1", "ab" * 50_000),
    (r"\<b", "ab " * 30_000),
    ("[[:alpha:]]{1000}" * 20, "é" * 1000 + "1"),
]


@pytest.mark.parametrize(("pattern", "text"), LINEAR)
def test_hostile_patterns_that_are_linear_here(pattern, text):
    begin = time.perf_counter()
    call("re.groups", text, pattern)
    assert time.perf_counter() - begin < 10  # a fraction of a second; 2 to the power of the length elsewhere


LIMITED = [
    (r"(a*)*b\1", "a" * 10_000),
    (r"(.*)(.*)(.*)(.*)\4\3\2\1x", "ab" * 1000),
    (r"(a|b|ab)*\1c", "ab" * 5000),
    ("((((((a*)*)*)*)*)*)*" + r"\1b", "a" * 1000),
    ("(a{1000}){1000}", "a" * 100_000),
    ("(" * 100 + ")" * 100, "a"),
]


@pytest.mark.parametrize(("pattern", "text"), LIMITED)
def test_hostile_patterns_end_with_a_limit(pattern, text):
    begin = time.perf_counter()
    with pytest.raises(PfaLimitError):
        call("re.count", text, pattern)
    assert time.perf_counter() - begin < 30


def test_rows_of_repeats_nest_no_deeper():
    assert call("re.index", "aaa", "a" + "*+?" * 10_000) == [0, 3]


def test_the_matcher_charges_as_it_goes():
    charged = []

    def charge(n):
        charged.append(n)
        if sum(charged) > 1_000_000:
            raise PfaLimitError("enough")

    with pytest.raises(PfaLimitError, match="enough"):
        call("re.index", "a" * 5000, r"(a*)*b\1", charge=charge)
    assert max(charged) < 100_000


def test_parsed_patterns_are_kept_and_not_without_bound():
    site = Site("re.contains", (STRING, STRING), NULL)
    for i in range(1000):
        assert call("re.contains", f"a{i}b", f"a{i}b", site=site)
    assert 0 < len(site.cache) <= 32
    kept = dict(site.cache)
    call("re.contains", "x", "a999b", site=site)
    assert site.cache["a999b"] is kept["a999b"]
